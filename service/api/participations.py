"""`/v1/engagements/{id}/participations`: who took part, on which side, in which office."""

from typing import Annotated

from fastapi import Body, Response

from service.api import examples, parts, routing
from service.api.conditions import Expects
from service.api.idempotency import OnlyOnce
from service.api.members import Participation
from service.api.pages import ParticipationList
from service.api.patches import ParticipationPatch
from service.api.problems import refusals
from service.api.requests import By, Id, PartId, Reader, Register
from service.register.engagement import ParticipationShape

router = routing.router("engagements", "/v1/engagements/{id}/participations")


@router.get("", response_model=ParticipationList, responses=refusals(308, 404, 410, 422))
def list_participations(id: Id, register: Register, reader: Reader) -> Response:
    """The participations of an engagement, in their order."""
    return parts.listed(register, "engagement", id, "participations", audience=reader)


@router.get("/{part_id}", response_model=Participation, responses=refusals(308, 404, 410, 422))
def read_participation(id: Id, part_id: PartId, register: Register, reader: Reader) -> Response:
    """One participation of an engagement."""
    return parts.read(register, "engagement", id, "participations", part_id, audience=reader)


@router.post("", status_code=201, response_model=Participation, responses=refusals(308, 400, 404, 409, 410, 412, 413, 415, 422))
def add_participation(
    id: Id,
    shape: Annotated[ParticipationShape, Body(examples=[examples.PARTICIPATION])],
    once: OnlyOnce,
    by: By,
    expected: Expects,
) -> Response:
    """Add a participation to an engagement; the engagement gets a new version."""
    return parts.added(once, "engagement", id, "participations", shape, expected, by)


@router.patch("/{part_id}", response_model=Participation, responses=refusals(308, 400, 404, 410, 412, 413, 415, 422, 428))
def revise_participation(
    id: Id,
    part_id: PartId,
    patch: Annotated[ParticipationPatch, Body(media_type=routing.MERGE_PATCH, examples=[examples.PARTICIPATION_PATCH])],
    register: Register,
    by: By,
    expected: Expects,
) -> Response:
    """Change one participation by merge patch; the engagement gets a new version."""
    return parts.revised(register, "engagement", id, "participations", part_id, patch, expected, by)


@router.delete("/{part_id}", status_code=204, responses=refusals(308, 404, 410, 412, 422, 428))
def remove_participation(id: Id, part_id: PartId, register: Register, by: By, expected: Expects) -> Response:
    """Take one participation out of an engagement; its history still has it."""
    return parts.removed(register, "engagement", id, "participations", part_id, expected, by)
