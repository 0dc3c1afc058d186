"""`/v1/organizations`: provinces, embassies, companies, international bodies."""

from typing import Annotated, Literal

from fastapi import Body, Request, Response

from service.api import answers, duplicates, examples, reading, routing, writes
from service.api.conditions import Expects
from service.api.cursors import Counting
from service.api.duplicates import Strictly
from service.api.idempotency import OnlyOnce
from service.api.pages import OrganizationPage
from service.api.parameters import documented, read_parameters
from service.api.patches import OrganizationPatch
from service.api.problems import refusals
from service.api.reading import AsOf
from service.api.records import Organization
from service.api.requests import By, Id, Reader, Register
from service.register.organization import OrganizationShape
from service.register.reading import directory

router = routing.router("organizations", "/v1/organizations")


class OrganizationParameters(directory.OrganizationFilters, Counting):
    """What `GET /v1/organizations` takes."""

    sort: Literal["name", "-name", "recorded_at", "-recorded_at"] = "name"


@router.get("", response_model=OrganizationPage, responses=refusals(422), openapi_extra=documented(OrganizationParameters))
def list_organizations(request: Request, register: Register, reader: Reader) -> Response:
    """The organizations that pass the filters. A repeated filter means either; different ones must hold together."""
    asked = read_parameters(OrganizationParameters, request)
    window = asked.window(request, asked.sort)
    return answers.page(request, asked, directory.list_records(register, "organization", asked, window, audience=reader))


@router.get("/{id}", response_model=Organization, responses=refusals(308, 404, 410, 422))
def read_organization(id: Id, request: Request, as_of: AsOf = None) -> Response:
    """One organization, with all names and what sources say otherwise."""
    return reading.read(request, "organization", id, as_of)


@router.post("", status_code=201, response_model=Organization, responses=refusals(400, 409, 413, 415, 422))
def create_organization(
    shape: Annotated[OrganizationShape, Body(examples=[examples.ORGANIZATION])], once: OnlyOnce, by: By, strictly: Strictly
) -> Response:
    """Record an organization, with all names."""
    return duplicates.created(once, "organization", shape, by, strictly)


@router.patch("/{id}", response_model=Organization, responses=refusals(308, 400, 404, 409, 410, 412, 413, 415, 422, 428))
def revise_organization(
    id: Id,
    patch: Annotated[OrganizationPatch, Body(media_type=routing.MERGE_PATCH, examples=[examples.ORGANIZATION_PATCH])],
    register: Register,
    by: By,
    expected: Expects,
) -> Response:
    """Change the organization by merge patch: what is named is set, null removes, lists are replaced."""
    return writes.revised(register, "organization", id, patch, expected, by)
