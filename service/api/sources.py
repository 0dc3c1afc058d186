"""`/v1/sources`: what the register rests on."""

from typing import Annotated, Literal

from fastapi import Body, Request, Response

from service.api import answers, examples, reading, routing, writes
from service.api.conditions import Expects
from service.api.cursors import Counting
from service.api.idempotency import OnlyOnce
from service.api.pages import SourcePage
from service.api.parameters import documented, read_parameters
from service.api.patches import SourcePatch
from service.api.problems import refusals
from service.api.reading import AsOf
from service.api.records import Source
from service.api.requests import By, Id, Reader, Register
from service.register.reading import directory
from service.register.source import SourceShape

router = routing.router("sources", "/v1/sources")


class SourceParameters(directory.SourceFilters, Counting):
    """What `GET /v1/sources` takes."""

    sort: Literal["name", "-name", "recorded_at", "-recorded_at"] = "-recorded_at"


@router.get("", response_model=SourcePage, responses=refusals(422), openapi_extra=documented(SourceParameters))
def list_sources(request: Request, register: Register, reader: Reader) -> Response:
    """The sources that pass the filters. A repeated filter means either; different ones must hold together."""
    asked = read_parameters(SourceParameters, request)
    window = asked.window(request, asked.sort)
    return answers.page(request, asked, directory.list_records(register, "source", asked, window, audience=reader))


@router.get("/{id}", response_model=Source, responses=refusals(404, 410, 422))
def read_source(id: Id, request: Request, as_of: AsOf = None) -> Response:
    """One source."""
    return reading.read(request, "source", id, as_of)


@router.post("", status_code=201, response_model=Source, responses=refusals(400, 409, 413, 415, 422))
def create_source(shape: Annotated[SourceShape, Body(examples=[examples.SOURCE])], once: OnlyOnce, by: By) -> Response:
    """Record a source."""
    return writes.created(once, "source", shape, by)


@router.patch("/{id}", response_model=Source, responses=refusals(400, 404, 409, 410, 412, 413, 415, 422, 428))
def revise_source(
    id: Id,
    patch: Annotated[SourcePatch, Body(media_type=routing.MERGE_PATCH, examples=[examples.SOURCE_PATCH])],
    register: Register,
    by: By,
    expected: Expects,
) -> Response:
    """Change the source by merge patch: what is named is set, null removes, lists are replaced."""
    return writes.revised(register, "source", id, patch, expected, by)
