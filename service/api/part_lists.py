"""`PUT /v1/…/{id}/participations` and its like: all parts of a kind at once, for who has the whole list."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from pydantic import create_model

from service.api import answers, examples, pages, routing
from service.api.conditions import Expects
from service.api.problems import refusals
from service.api.requests import By, Id, Register, plural
from service.register.reading.one import as_shown
from service.register.reading.records import Noun
from service.register.text import Shape
from service.register.verbs import rewriting
from service.register.verbs.expecting import expect
from service.register.verbs.revising import PARTS, Part

_ANSWERS: dict[Part, Any] = {
    "participations": pages.ParticipationList,
    "outcomes": pages.OutcomeList,
    "citations": pages.CitationList,
    "assertions": pages.AssertionList,
}
_EXAMPLES: dict[Part, Any] = {
    "participations": examples.PARTICIPATION,
    "outcomes": examples.OUTCOME,
    "citations": examples.CITATION,
    "assertions": examples.ASSERTION,
}


def routes(noun: Noun, part: Part) -> APIRouter:
    """The route that replaces the parts of one kind of one noun."""
    router = routing.router(plural(noun), f"/v1/{plural(noun)}/{{id}}")
    name, kind = PARTS[part]
    shape = create_model(
        f"{name.capitalize()}Replacement", __base__=Shape, __doc__="All of them, in their order.", items=(_many(kind), ...)
    )

    @router.put(
        f"/{part}",
        name=f"replace_{noun}_{part}",
        response_model=_ANSWERS[part],
        responses=refusals(308, 400, 404, 409, 410, 412, 413, 415, 422, 428),
    )
    def replace_parts(
        id: Id,
        wanted: Annotated[shape, Body(examples=[{"items": [_EXAMPLES[part]]}])],
        register: Register,
        by: By,
        expected: Expects,
    ) -> Response:
        """Replace the whole list. A part that says the same as one that is there, or is about the same, keeps its id."""
        items: Any = wanted
        with register.writing() as connection:
            expect(connection, noun, id, expected, audience=by.audience)
            record = rewriting.replace_parts(connection, noun, id, part, items.items, by=by)
            shown = answers.parsed(as_shown(connection, noun, record, audience=by.audience))
            return answers.part({"items": shown[part]}, record["version"])

    return router


def _many(kind: type[Shape]) -> Any:
    return list[kind]  # type: ignore[valid-type]  # known only here
