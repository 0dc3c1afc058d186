"""`/v1/engagements/{id}/citations`: which sources tell of the engagement, and where in them."""

from typing import Annotated

from fastapi import Body, Response

from service.api import examples, parts, routing
from service.api.conditions import Expects
from service.api.idempotency import OnlyOnce
from service.api.members import Citation
from service.api.pages import CitationList
from service.api.patches import CitationPatch
from service.api.problems import refusals
from service.api.requests import By, Id, PartId, Reader, Register
from service.register.source import CitationShape

router = routing.router("engagements", "/v1/engagements/{id}/citations")


@router.get("", response_model=CitationList, responses=refusals(308, 404, 410, 422))
def list_citations(id: Id, register: Register, reader: Reader) -> Response:
    """The citations of an engagement, in their order."""
    return parts.listed(register, "engagement", id, "citations", audience=reader)


@router.get("/{part_id}", response_model=Citation, responses=refusals(308, 404, 410, 422))
def read_citation(id: Id, part_id: PartId, register: Register, reader: Reader) -> Response:
    """One citation of an engagement."""
    return parts.read(register, "engagement", id, "citations", part_id, audience=reader)


@router.post("", status_code=201, response_model=Citation, responses=refusals(308, 400, 404, 409, 410, 412, 413, 415, 422))
def add_citation(
    id: Id, shape: Annotated[CitationShape, Body(examples=[examples.CITATION])], once: OnlyOnce, by: By, expected: Expects
) -> Response:
    """Add a citation to an engagement; the engagement gets a new version."""
    return parts.added(once, "engagement", id, "citations", shape, expected, by)


@router.patch("/{part_id}", response_model=Citation, responses=refusals(308, 400, 404, 410, 412, 413, 415, 422, 428))
def revise_citation(
    id: Id,
    part_id: PartId,
    patch: Annotated[CitationPatch, Body(media_type=routing.MERGE_PATCH, examples=[examples.CITATION_PATCH])],
    register: Register,
    by: By,
    expected: Expects,
) -> Response:
    """Change one citation by merge patch; the engagement gets a new version."""
    return parts.revised(register, "engagement", id, "citations", part_id, patch, expected, by)


@router.delete("/{part_id}", status_code=204, responses=refusals(308, 404, 410, 412, 422, 428))
def remove_citation(id: Id, part_id: PartId, register: Register, by: By, expected: Expects) -> Response:
    """Take one citation out of an engagement; its history still has it."""
    return parts.removed(register, "engagement", id, "citations", part_id, expected, by)
