"""`/v1/people`: who was met and who met them."""

from typing import Annotated, Literal

from fastapi import Body, Request, Response

from service.api import answers, duplicates, examples, reading, routing, writes
from service.api.conditions import Expects
from service.api.cursors import Counting
from service.api.duplicates import Strictly
from service.api.idempotency import OnlyOnce
from service.api.pages import PersonPage
from service.api.parameters import documented, read_parameters
from service.api.patches import PersonPatch
from service.api.problems import refusals
from service.api.reading import AsOf
from service.api.records import Person
from service.api.requests import By, Id, Reader, Register
from service.register.person import PersonShape
from service.register.reading import directory

router = routing.router("people", "/v1/people")


class PersonParameters(directory.PersonFilters, Counting):
    """What `GET /v1/people` takes."""

    sort: Literal["name", "-name", "recorded_at", "-recorded_at"] = "name"


@router.get("", response_model=PersonPage, responses=refusals(422), openapi_extra=documented(PersonParameters))
def list_people(request: Request, register: Register, reader: Reader) -> Response:
    """The people that pass the filters. A repeated filter means either; different ones must hold together."""
    asked = read_parameters(PersonParameters, request)
    window = asked.window(request, asked.sort)
    return answers.page(request, asked, directory.list_records(register, "person", asked, window, audience=reader))


@router.get("/{id}", response_model=Person, responses=refusals(308, 404, 410, 422))
def read_person(id: Id, request: Request, as_of: AsOf = None) -> Response:
    """One person, with all names and what sources say otherwise."""
    return reading.read(request, "person", id, as_of)


@router.post("", status_code=201, response_model=Person, responses=refusals(400, 409, 413, 415, 422))
def create_person(
    shape: Annotated[PersonShape, Body(examples=[examples.PERSON])], once: OnlyOnce, by: By, strictly: Strictly
) -> Response:
    """Record a person, with all names."""
    return duplicates.created(once, "person", shape, by, strictly)


@router.patch("/{id}", response_model=Person, responses=refusals(308, 400, 404, 409, 410, 412, 413, 415, 422, 428))
def revise_person(
    id: Id,
    patch: Annotated[PersonPatch, Body(media_type=routing.MERGE_PATCH, examples=[examples.PERSON_PATCH])],
    register: Register,
    by: By,
    expected: Expects,
) -> Response:
    """Change the person by merge patch: what is named is set, null removes, lists are replaced."""
    return writes.revised(register, "person", id, patch, expected, by)
