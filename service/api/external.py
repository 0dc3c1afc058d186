"""`/v1/…/external/{external_id}`: a record by an id that another system gave it, to be read, put there, or replaced whole.

The same address may be put again and again: what does not differ makes no version. Putting over what is there needs If-Match, and
`If-None-Match: *` puts only what is not there yet.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Response

from service.api import answers, examples, routing
from service.api import records as answered
from service.api.conditions import Expects, OnlyNew
from service.api.problems import refusals
from service.api.requests import By, Reader, Register, path_of, plural
from service.errors import Invalid, NotFound, Stale
from service.register.audience import Audience
from service.register.engagement import EngagementShape
from service.register.organization import OrganizationShape
from service.register.person import PersonShape
from service.register.reading.one import find
from service.register.reading.records import Noun
from service.register.source import SourceShape
from service.register.text import ExternalId as ExternalIdText
from service.register.topic import TopicShape
from service.register.validation import checked
from service.register.verbs import recording, upserting
from service.register.verbs.expecting import expect
from service.register.verbs.owners import owners_of
from service.register.verbs.references import owners_seen

_SHAPES: dict[Noun, tuple[Any, Any, Any]] = {
    "engagement": (EngagementShape, answered.Engagement, examples.ENGAGEMENT),
    "person": (PersonShape, answered.Person, examples.PERSON),
    "organization": (OrganizationShape, answered.Organization, examples.ORGANIZATION),
    "topic": (TopicShape, answered.Topic, examples.TOPIC),
    "source": (SourceShape, answered.Source, examples.SOURCE),
}

ExternalId = Annotated[str, Path(description="An external id of the record: `system:key`, or a bare key.", examples=["feed:17"])]


def routes(noun: Noun) -> APIRouter:
    """The routes for the records of one noun by their external ids."""
    router = routing.router(plural(noun), f"/v1/{plural(noun)}/external")
    shape, model, example = _SHAPES[noun]

    @router.get(
        "/{external_id:path}", name=f"read_{noun}_by_external_id", response_model=model, responses=refusals(308, 404, 410, 422)
    )
    def read_by_external_id(external_id: ExternalId, register: Register, reader: Reader) -> Response:
        """The record that this external id names; `Content-Location` is its own address."""
        if any(character < " " for character in external_id):
            raise _no(noun, external_id)
        with register.reading() as connection:
            owner = owners_of(connection, [external_id]).get(external_id)
        if owner is None or owner.noun != noun:
            raise _no(noun, external_id)
        response = answers.found(_found(register, noun, owner.id, external_id, reader))
        response.headers["Content-Location"] = path_of(noun, owner.id)
        return response

    @router.put(
        "/{external_id:path}",
        name=f"put_{noun}_by_external_id",
        response_model=model,
        responses={
            201: {"model": model, "description": "It was not there, and is recorded"},
            **refusals(400, 404, 409, 410, 412, 413, 415, 422, 428),
        },
    )
    def put_by_external_id(
        external_id: ExternalId,
        record: Annotated[shape, Body(examples=[example])],  # type: ignore[valid-type]  # one for each noun
        register: Register,
        by: By,
        expected: Expects,
        only_new: OnlyNew,
    ) -> Response:
        """Record it under this external id, or let the record that is there say exactly this."""
        wanted: Any = record
        _refuse_unfit(external_id)
        if external_id not in wanted.external_ids:
            wanted = _named(wanted, external_id)
        with register.writing() as connection:
            owner = owners_seen(connection, [external_id], by.audience).get(external_id)
            if owner is None:
                if isinstance(expected, frozenset):
                    raise Stale(f"There is no {noun} with the external id {external_id!r} that could have this version")
                (made,) = recording.record(connection, noun, [wanted], by=by)
                return answers.created(connection, noun, made, by)
            if owner.noun == noun:
                if only_new:
                    raise Stale(f"There is a {noun} with the external id {external_id!r} already")
                expect(connection, noun, owner.id, expected, audience=by.audience)
            (done,) = upserting.upsert(connection, noun, [wanted], by=by, whole=True, roots=["#"])
            return answers.written(connection, noun, done.record, by)

    return router


def _named(record: Any, external_id: str) -> Any:
    return type(record).model_validate({**record.model_dump(), "external_ids": [external_id, *record.external_ids]})


def _refuse_unfit(external_id: str) -> None:
    try:
        checked(ExternalIdText, external_id)
    except Invalid:
        detail = "An external id has 1 to 200 characters without blanks, such as feed:2024-0017"
        raise Invalid.parameter("external_id", external_id, detail, "external_id") from None


def _found(register: Any, noun: Noun, record_id: str, external_id: str, reader: Audience) -> Any:
    try:
        return find(register, noun, record_id, audience=reader)
    except NotFound:
        raise _no(noun, external_id) from None


def _no(noun: Noun, external_id: str) -> NotFound:
    return NotFound(f"There is no {noun} with the external id {external_id!r}.")
