"""`/v1/engagements/{id}/outcomes`: what an engagement led to; `/v1/outcomes`: what all of them did."""

from typing import Annotated, Literal

from fastapi import Body, Request, Response
from pydantic import Field

from service.api import answers, examples, parts, routing
from service.api.conditions import Expects
from service.api.cursors import Counting
from service.api.idempotency import OnlyOnce
from service.api.members import EngagementOutcome, Outcome
from service.api.pages import OutcomeList, OutcomePage
from service.api.parameters import documented, read_parameters
from service.api.patches import OutcomePatch
from service.api.problems import refusals
from service.api.requests import By, Id, PartId, Reader, Register
from service.register.outcome import OutcomeShape
from service.register.reading import outcomes
from service.register.reading.one import find_outcome
from service.register.reading.outcomes import OutcomeFilters

router = routing.router("engagements", "/v1/engagements/{id}/outcomes")


@router.get("", response_model=OutcomeList, responses=refusals(308, 404, 410, 422))
def list_engagement_outcomes(id: Id, register: Register, reader: Reader) -> Response:
    """The outcomes of an engagement, in their order."""
    return parts.listed(register, "engagement", id, "outcomes", audience=reader)


@router.get("/{part_id}", response_model=Outcome, responses=refusals(308, 404, 410, 422))
def read_engagement_outcome(id: Id, part_id: PartId, register: Register, reader: Reader) -> Response:
    """One outcome of an engagement."""
    return parts.read(register, "engagement", id, "outcomes", part_id, audience=reader)


@router.post("", status_code=201, response_model=Outcome, responses=refusals(308, 400, 404, 409, 410, 412, 413, 415, 422))
def add_outcome(
    id: Id, shape: Annotated[OutcomeShape, Body(examples=[examples.OUTCOME])], once: OnlyOnce, by: By, expected: Expects
) -> Response:
    """Add an outcome to an engagement; the engagement gets a new version."""
    return parts.added(once, "engagement", id, "outcomes", shape, expected, by)


@router.patch("/{part_id}", response_model=Outcome, responses=refusals(308, 400, 404, 410, 412, 413, 415, 422, 428))
def revise_outcome(
    id: Id,
    part_id: PartId,
    patch: Annotated[OutcomePatch, Body(media_type=routing.MERGE_PATCH, examples=[examples.OUTCOME_PATCH])],
    register: Register,
    by: By,
    expected: Expects,
) -> Response:
    """Change one outcome by merge patch; the engagement gets a new version."""
    return parts.revised(register, "engagement", id, "outcomes", part_id, patch, expected, by)


@router.delete("/{part_id}", status_code=204, responses=refusals(308, 404, 410, 412, 422, 428))
def remove_outcome(id: Id, part_id: PartId, register: Register, by: By, expected: Expects) -> Response:
    """Take one outcome out of an engagement; its history still has it."""
    return parts.removed(register, "engagement", id, "outcomes", part_id, expected, by)


every = routing.router("outcomes", "/v1/outcomes")


class OutcomeParameters(OutcomeFilters, Counting):
    """What `GET /v1/outcomes` takes."""

    sort: Annotated[
        Literal["-recorded_at", "recorded_at", "expires_on", "due_on"],
        Field(description="`expires_on` and `due_on` give the soonest first, and those without a day last."),
    ] = "-recorded_at"


@every.get("", response_model=OutcomePage, responses=refusals(422), openapi_extra=documented(OutcomeParameters))
def list_outcomes(request: Request, register: Register, reader: Reader) -> Response:
    """The outcomes of all engagements that pass the filters, each with the engagement that it came of."""
    asked = read_parameters(OutcomeParameters, request)
    window = asked.window(request, asked.sort)
    return answers.page(request, asked, outcomes.list_outcomes(register, asked, window, audience=reader))


@every.get("/{id}", response_model=EngagementOutcome, responses=refusals(308, 404, 410, 422))
def read_outcome(id: Id, register: Register, reader: Reader) -> Response:
    """One outcome with the engagement that it came of."""
    return answers.passed_on(find_outcome(register, id, audience=reader))
