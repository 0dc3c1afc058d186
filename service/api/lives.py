"""What can become of a record of any noun: it is withdrawn and restored, and each step of its history can be read again."""

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import Field

from service.api import answers, routing, writes
from service.api import records as answered
from service.api.conditions import Expects
from service.api.cursors import Paging
from service.api.idempotency import OnlyOnce
from service.api.pages import RevisionPage
from service.api.parameters import documented, read_parameters
from service.api.problems import refusals
from service.api.requests import By, Id, Reader, Register, Version, plural
from service.register.reading import history
from service.register.reading.difference import difference
from service.register.reading.records import Noun
from service.register.text import Line, Prose, Shape
from service.register.verbs import reverting, revising
from service.register.verbs.expecting import expect

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


class ReversionShape(Shape):
    """The version that a record goes back to, and why."""

    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    reason: Prose | None = None


class DifferenceParameters(Shape):
    """What `GET …/differences` takes."""

    from_: Annotated[
        int | None, Field(alias="from", ge=1, le=2**31 - 1, description="A version; the one before `to` unless given.")
    ] = None
    to: Annotated[int | None, Field(ge=1, le=2**31 - 1, description="A version; the newest unless given.")] = None


def routes(noun: Noun) -> APIRouter:
    """The routes for the withdrawal, the restoration and the history of one noun."""
    router = routing.router(plural(noun), f"/v1/{plural(noun)}/{{id}}")
    _withdrawals(router, noun)
    _revisions(router, noun)
    return router


def _withdrawals(router: APIRouter, noun: Noun) -> None:
    refused = refusals(308, 400, 404, 409, 410, 412, 413, 415, 422)
    body = Body(examples=[{"reason": "Recorded twice"}])

    @router.post("/withdraw", name=f"withdraw_{noun}", response_model=_MODELS[noun], responses=refused)
    def withdraw(
        id: Id, once: OnlyOnce, by: By, expected: Expects, why: Annotated[WithdrawalShape | None, body] = None
    ) -> Response:
        """Take the record out of every list and out of search. It keeps its history and can be restored."""
        because = replace(by, reason=why.reason if why else None)
        return writes.acted(once, noun, id, expected, by, lambda c: revising.withdraw(c, noun, [id], by=because)[id])

    @router.post("/restore", name=f"restore_{noun}", response_model=_MODELS[noun], responses=refused)
    def restore(
        id: Id, once: OnlyOnce, by: By, expected: Expects, why: Annotated[WithdrawalShape | None, body] = None
    ) -> Response:
        """Bring a withdrawn record back."""
        because = replace(by, reason=why.reason if why else None)
        return writes.acted(once, noun, id, expected, by, lambda c: revising.restore(c, noun, [id], by=because)[id])

    @router.delete("", name=f"delete_{noun}", status_code=204, responses=refusals(308, 404, 409, 410, 412, 422, 428))
    def delete(id: Id, register: Register, by: By, expected: Expects, reason: Reason = None) -> Response:
        """The same as `POST …/withdraw`: nothing is ever deleted."""
        with register.writing() as connection:
            expect(connection, noun, id, expected, audience=by.audience)
            revising.withdraw(connection, noun, [id], by=replace(by, reason=reason))
            return answers.nothing()


def _revisions(router: APIRouter, noun: Noun) -> None:
    @router.get(
        "/revisions",
        name=f"list_{noun}_revisions",
        response_model=RevisionPage,
        responses=refusals(404, 422),
        openapi_extra=documented(Paging),
    )
    def list_revisions(id: Id, request: Request, register: Register, reader: Reader) -> Response:
        """What became of the record, newest first; also of one that was withdrawn or merged."""
        asked = read_parameters(Paging, request)
        window = asked.window(request, "-version")
        return answers.page(request, asked, history.list_revisions(register, noun, id, window, audience=reader))

    @router.get(
        "/revisions/{version}",
        name=f"read_{noun}_revision",
        response_model=answered.RevisionWithRecord,
        responses=refusals(404, 422),
    )
    def read_revision(id: Id, version: Version, register: Register, reader: Reader) -> Response:
        """The record as it was after one of its revisions."""
        return answers.passed_on(history.find_revision(register, noun, id, version, audience=reader))

    @router.get(
        "/differences",
        name=f"compare_{noun}_versions",
        response_model=answered.Comparison,
        responses=refusals(404, 422),
        openapi_extra=documented(DifferenceParameters),
    )
    def compare_versions(id: Id, request: Request, register: Register, reader: Reader) -> Response:
        """What differs between two versions of the record: field by field, and thing by thing in lists of things."""
        asked = read_parameters(DifferenceParameters, request)
        newest = asked.to or history.newest_version(register, noun, id, audience=reader)
        oldest = asked.from_ or max(1, newest - 1)
        two = history.find_two(register, noun, id, oldest, newest, audience=reader)
        return answers.put_together({"from": oldest, "to": newest, "differences": difference(two.before, two.after)})

    @router.post(
        "/revert",
        name=f"revert_{noun}",
        response_model=_MODELS[noun],
        responses=refusals(308, 400, 404, 409, 410, 412, 413, 415, 422),
    )
    def revert(
        id: Id,
        wanted: Annotated[ReversionShape, Body(examples=[{"version": 1, "reason": "The date was right before"}])],
        once: OnlyOnce,
        by: By,
        expected: Expects,
    ) -> Response:
        """Let the record say again what it said after one of its versions, as a new one. The key has to see everything."""
        because = replace(by, reason=wanted.reason)
        return writes.acted(once, noun, id, expected, by, lambda c: reverting.revert(c, noun, id, wanted.version, by=because))
