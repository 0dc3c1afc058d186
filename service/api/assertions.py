"""`/v1/…/{id}/assertions`: what a source says and we did not prefer, of an engagement, a person or an organization."""

from typing import Annotated

from fastapi import APIRouter, Body, Response

from service.api import examples, parts, routing
from service.api.conditions import Expects
from service.api.idempotency import OnlyOnce
from service.api.members import Assertion
from service.api.pages import AssertionList
from service.api.patches import AssertionPatch
from service.api.problems import refusals
from service.api.requests import By, Id, PartId, Reader, Register, plural
from service.register.assertion import AssertionShape
from service.register.verbs.moving import Mergeable


def routes(noun: Mergeable) -> APIRouter:
    """The routes for the assertions of one noun."""
    router = routing.router(plural(noun), f"/v1/{plural(noun)}/{{id}}/assertions")

    @router.get("", name=f"list_{noun}_assertions", response_model=AssertionList, responses=refusals(308, 404, 410, 422))
    def list_assertions(id: Id, register: Register, reader: Reader) -> Response:
        """What sources say otherwise, in the order of recording."""
        return parts.listed(register, noun, id, "assertions", audience=reader)

    @router.get("/{part_id}", name=f"read_{noun}_assertion", response_model=Assertion, responses=refusals(308, 404, 410, 422))
    def read_assertion(id: Id, part_id: PartId, register: Register, reader: Reader) -> Response:
        """One assertion."""
        return parts.read(register, noun, id, "assertions", part_id, audience=reader)

    @router.post(
        "",
        name=f"add_{noun}_assertion",
        status_code=201,
        response_model=Assertion,
        responses=refusals(308, 400, 404, 409, 410, 412, 413, 415, 422),
    )
    def add_assertion(
        id: Id, shape: Annotated[AssertionShape, Body(examples=[examples.ASSERTION])], once: OnlyOnce, by: By, expected: Expects
    ) -> Response:
        """Keep what a source says and we do not prefer; the record gets a new version."""
        return parts.added(once, noun, id, "assertions", shape, expected, by)

    @router.patch(
        "/{part_id}",
        name=f"revise_{noun}_assertion",
        response_model=Assertion,
        responses=refusals(308, 400, 404, 410, 412, 413, 415, 422, 428),
    )
    def revise_assertion(
        id: Id,
        part_id: PartId,
        patch: Annotated[AssertionPatch, Body(media_type=routing.MERGE_PATCH, examples=[examples.ASSERTION_PATCH])],
        register: Register,
        by: By,
        expected: Expects,
    ) -> Response:
        """Change one assertion by merge patch; the record gets a new version."""
        return parts.revised(register, noun, id, "assertions", part_id, patch, expected, by)

    @router.delete(
        "/{part_id}", name=f"remove_{noun}_assertion", status_code=204, responses=refusals(308, 404, 410, 412, 422, 428)
    )
    def remove_assertion(id: Id, part_id: PartId, register: Register, by: By, expected: Expects) -> Response:
        """Take one assertion out of a record; its history still has it."""
        return parts.removed(register, noun, id, "assertions", part_id, expected, by)

    return router
