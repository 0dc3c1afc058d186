"""What can become of a record of any noun: it is withdrawn and restored, and each step of its history can be read again."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response

from service.api import answers, routing
from service.api import records as answered
from service.api.cursors import Paging
from service.api.pages import RevisionPage
from service.api.parameters import documented, read_parameters
from service.api.problems import refusals
from service.api.requests import By, Id, Register, Version, plural
from service.register.reading import history
from service.register.reading.records import Noun
from service.register.text import Line, Prose, Shape
from service.register.verbs import revising
from service.register.verbs.journal import Actor

_MODELS = {
    "engagement": answered.Engagement,
    "person": answered.Person,
    "organization": answered.Organization,
    "topic": answered.Topic,
    "source": answered.Source,
}

Reason = Annotated[Line | None, Query(description="Why; it is kept in the revision.")]


class WithdrawalShape(Shape):
    """Why a record is withdrawn, or restored; it is kept in the revision."""

    reason: Prose | None = None


def routes(noun: Noun) -> APIRouter:
    """The routes for the withdrawal, the restoration and the history of one noun."""
    router = routing.router(plural(noun), f"/v1/{plural(noun)}/{{id}}")
    _withdrawals(router, noun)
    _revisions(router, noun)
    return router


def _withdrawals(router: APIRouter, noun: Noun) -> None:
    refused = refusals(308, 400, 404, 409, 410, 413, 415, 422)
    body = Body(examples=[{"reason": "Recorded twice"}])

    @router.post("/withdraw", name=f"withdraw_{noun}", response_model=_MODELS[noun], responses=refused)
    def withdraw(id: Id, register: Register, by: By, why: Annotated[WithdrawalShape | None, body] = None) -> Response:
        """Take the record out of every list and out of search. It keeps its history and can be restored."""
        with register.writing() as connection:
            record = revising.withdraw(connection, noun, [id], by=Actor(by.name, why.reason if why else None))[id]
        return answers.written(record)

    @router.post("/restore", name=f"restore_{noun}", response_model=_MODELS[noun], responses=refused)
    def restore(id: Id, register: Register, by: By, why: Annotated[WithdrawalShape | None, body] = None) -> Response:
        """Bring a withdrawn record back."""
        with register.writing() as connection:
            record = revising.restore(connection, noun, [id], by=Actor(by.name, why.reason if why else None))[id]
        return answers.written(record)

    @router.delete("", name=f"delete_{noun}", status_code=204, responses=refusals(308, 404, 409, 410, 422))
    def delete(id: Id, register: Register, by: By, reason: Reason = None) -> Response:
        """The same as `POST …/withdraw`: nothing is ever deleted."""
        with register.writing() as connection:
            revising.withdraw(connection, noun, [id], by=Actor(by.name, reason))
        return answers.nothing()


def _revisions(router: APIRouter, noun: Noun) -> None:
    @router.get(
        "/revisions",
        name=f"list_{noun}_revisions",
        response_model=RevisionPage,
        responses=refusals(404, 422),
        openapi_extra=documented(Paging),
    )
    def list_revisions(id: Id, request: Request, register: Register) -> Response:
        """What became of the record, newest first; also of one that was withdrawn or merged."""
        asked = read_parameters(Paging, request)
        window = asked.window(request, "-version")
        return answers.page(request, asked, history.list_revisions(register, noun, id, window))

    @router.get(
        "/revisions/{version}",
        name=f"read_{noun}_revision",
        response_model=answered.RevisionWithRecord,
        responses=refusals(404, 422),
    )
    def read_revision(id: Id, version: Version, register: Register) -> Response:
        """The record as it was after one of its revisions."""
        return answers.passed_on(history.find_revision(register, noun, id, version))
