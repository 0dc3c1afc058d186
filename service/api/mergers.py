"""Two records that are one: `POST …/{id}/merge` moves a record into another, `…/unmerge` takes that back."""

from typing import Annotated

from fastapi import APIRouter, Body, Response
from sqlalchemy import Connection

from service.api import routing, writes
from service.api.conditions import Expects
from service.api.idempotency import OnlyOnce
from service.api.problems import refusals
from service.api.records import Engagement, Organization, Person
from service.api.requests import By, Id, plural
from service.register.reading.records import Loaded
from service.register.text import Reference as ReferenceText
from service.register.text import Shape
from service.register.verbs import merging
from service.register.verbs.moving import Mergeable
from service.register.verbs.references import Reference, resolve

_MODELS = {"engagement": Engagement, "person": Person, "organization": Organization}


class MergerShape(Shape):
    """The record that lives on."""

    into: ReferenceText


def routes(noun: Mergeable) -> APIRouter:
    """The routes for the mergers of one noun."""
    router = routing.router(plural(noun), f"/v1/{plural(noun)}/{{id}}")
    body = Body(examples=[{"into": "01a2072e-ce22-70f0-89c5-5923ef79b856"}])

    refused = refusals(308, 400, 404, 409, 410, 412, 413, 415, 422)

    @router.post("/merge", name=f"merge_{noun}", response_model=_MODELS[noun], responses=refused)
    def merge(id: Id, merger: Annotated[MergerShape, body], once: OnlyOnce, by: By, expected: Expects) -> Response:
        """Merge the record into another, which is answered. The merged id leads there from now on."""

        def verb(connection: Connection) -> Loaded:
            wanted = [Reference(noun, merger.into, "#/into")]
            survivor = resolve(connection, wanted, audience=by.audience)[merger.into]
            return merging.merge(connection, noun, id, survivor, by=by)

        return writes.acted(once, noun, id, expected, by, verb)

    @router.post("/unmerge", name=f"unmerge_{noun}", response_model=_MODELS[noun], responses=refusals(404, 409, 422))
    def unmerge(id: Id, once: OnlyOnce, by: By) -> Response:
        """Take a merger back; the record that stands on its own again is answered."""
        return writes.acted(once, noun, id, None, by, lambda connection: merging.unmerge(connection, noun, id, by=by))

    return router
