"""`/v1/engagements`: who met whom, when, where, about what, with what outcome, and which source says so."""

from typing import Annotated, Literal

from fastapi import Body, Request, Response

from service.api import answers, duplicates, examples, reading, routing, writes
from service.api.conditions import Expects
from service.api.cursors import Counting
from service.api.duplicates import Strictly
from service.api.idempotency import OnlyOnce
from service.api.pages import EngagementPage
from service.api.parameters import documented, read_parameters
from service.api.patches import EngagementPatch
from service.api.problems import refusals
from service.api.reading import AsOf
from service.api.records import Engagement
from service.api.requests import By, Id, Reader, Register
from service.register.engagement import EngagementShape
from service.register.reading import engagements

router = routing.router("engagements", "/v1/engagements")


class EngagementParameters(engagements.EngagementFilters, Counting):
    """What `GET /v1/engagements` takes."""

    sort: Literal["-when", "when", "-recorded_at", "recorded_at"] = "-when"


@router.get(
    "",
    response_model=EngagementPage,
    responses=refusals(422),
    openapi_extra=documented(EngagementParameters),
)
def list_engagements(request: Request, register: Register, reader: Reader) -> Response:
    """The engagements that pass the filters, newest first. A repeated filter means either; different ones must hold together."""
    asked = read_parameters(EngagementParameters, request)
    window = asked.window(request, asked.sort)
    return answers.page(request, asked, engagements.list_engagements(register, asked, window, audience=reader))


@router.get("/{id}", response_model=Engagement, responses=refusals(308, 404, 410, 422))
def read_engagement(id: Id, request: Request, as_of: AsOf = None) -> Response:
    """One engagement with its people, organizations, outcomes, sources and assertions."""
    return reading.read(request, "engagement", id, as_of)


@router.post("", status_code=201, response_model=Engagement, responses=refusals(400, 409, 413, 415, 422))
def create_engagement(
    shape: Annotated[EngagementShape, Body(examples=[examples.ENGAGEMENT])], once: OnlyOnce, by: By, strictly: Strictly
) -> Response:
    """Record an engagement, with who took part, what came of it, and the sources that say so."""
    return duplicates.created(once, "engagement", shape, by, strictly)


@router.patch("/{id}", response_model=Engagement, responses=refusals(308, 400, 404, 409, 410, 412, 413, 415, 422, 428))
def revise_engagement(
    id: Id,
    patch: Annotated[EngagementPatch, Body(media_type=routing.MERGE_PATCH, examples=[examples.ENGAGEMENT_PATCH])],
    register: Register,
    by: By,
    expected: Expects,
) -> Response:
    """Change what the engagement says of itself by merge patch: what is named is set, null removes, lists are replaced.

    Its participations, outcomes, citations and assertions have paths of their own.
    """
    return writes.revised(register, "engagement", id, patch, expected, by)
