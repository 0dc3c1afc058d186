"""Hints at duplicates: `GET …/{id}/duplicates`, `GET /v1/duplicates/{plural}`, and what is said when a record is new.

Nothing is merged by itself. A record that is new is answered with links to those that are called just the same, which costs
next to nothing; with `Prefer: handling=strict` (RFC 7240 §4.4) every record that it is likely to be is looked for, and then it
is refused.
"""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field, create_model
from sqlalchemy import Connection

from service.api import answers, routing
from service.api.idempotency import Once
from service.api.members import DatedEngagement, OrganizationReference, PersonReference
from service.api.parameters import documented, read_parameters
from service.api.preferences import is_strict
from service.api.problems import refusals
from service.api.requests import Id, Reader, Register, path_of, plural
from service.database import inside
from service.errors import Conflict
from service.register.likeness import Likeness, Reason
from service.register.reading import duplicates, one
from service.register.reading.duplicates import Candidate
from service.register.text import Shape
from service.register.verbs import recording
from service.register.verbs.journal import Actor
from service.register.verbs.moving import Mergeable

MOST_LINKS: Final = 3

Score = Annotated[float, Field(ge=0, le=1, description="How likely both are one; what is not likely is not hinted at all.")]
Reasons = Annotated[list[Reason], Field(description="What speaks for it, the strongest reason first.")]

_REFERENCES: Final[dict[Mergeable, type[BaseModel]]] = {
    "engagement": DatedEngagement,
    "person": PersonReference,
    "organization": OrganizationReference,
}


class PossibleDuplicate(Conflict):
    """What would be recorded is likely there already, and the request asked to be refused then."""

    type = "possible-duplicate"
    title = "The register is likely to have this record already"


class PairParameters(Shape):
    """What `GET /v1/duplicates/…` takes."""

    limit: Annotated[int, Field(ge=1, le=200, description="How many pairs are given at most.")] = 50


async def _strict(request: Request) -> bool:
    return is_strict(", ".join(request.headers.getlist("prefer")))


Strictly = Annotated[bool, Depends(_strict)]
"""Whether a record that is likely there already is to be refused, by `Prefer: handling=strict`."""


def created(once: Once, noun: Mergeable, shape: Shape, by: Actor, strictly: bool) -> Response:
    """A record that is new, with links to what it may be a duplicate of (RFC 8288; the relation is registered by RFC 6249).

    Raises `PossibleDuplicate` where it was asked for; then nothing is recorded.
    """

    def record(connection: Connection) -> Response:
        (made,) = recording.record(connection, noun, [shape], by=by)
        ask, sqlite = inside(connection), connection.dialect.name == "sqlite"
        if strictly:
            found = duplicates.find_candidates(ask, noun, made["id"], sqlite=sqlite, audience=by.audience) or []
            _refuse(noun, found)
        else:
            found = duplicates.find_namesakes(ask, noun, made, sqlite=sqlite, audience=by.audience)
        response = answers.created(connection, noun, made, by)
        if found:
            paths = (path_of(noun, each.record["id"]) for each in found[:MOST_LINKS])
            response.headers["Link"] = ", ".join(f'<{path}>; rel="duplicate"' for path in paths)
        return response

    return once(record)


def _refuse(noun: Mergeable, found: list[Candidate]) -> None:
    if found:
        told = [{"path": path_of(noun, record["id"]), "id": record["id"], **_told(likeness)} for record, likeness in found]
        best = found[0]
        raise PossibleDuplicate(
            f"The {noun} {best.record['id']} is likely the same ({', '.join(best.likeness.reasons)}), so nothing was recorded."
            " Use that one, or send the request again without handling=strict.",
            duplicates=told,
        )


def routes(noun: Mergeable) -> APIRouter:
    """The routes for the duplicates of one noun."""
    router = routing.router(plural(noun), "/v1")
    candidates, pairs = _models(noun)

    @router.get(
        f"/{plural(noun)}/{{id}}/duplicates",
        name=f"list_{noun}_duplicates",
        response_model=candidates,
        responses=refusals(308, 404, 410, 422),
    )
    def list_duplicates(id: Id, register: Register, reader: Reader) -> Response:
        """Other records that are likely this one, best first, at most twenty. Two that were merged and unmerged are two."""
        found = duplicates.find_candidates(register.ask, noun, id, sqlite=register.is_sqlite, audience=reader)
        if found is None:
            one.find(register, noun, id, audience=reader)
        items = [{"record": _shown(noun, record), **_told(likeness)} for record, likeness in found or []]
        return answers.put_together({"items": items})

    @router.get(
        f"/duplicates/{plural(noun)}",
        name=f"list_duplicate_{plural(noun)}",
        response_model=pairs,
        responses=refusals(422),
        openapi_extra=documented(PairParameters),
    )
    def list_pairs(request: Request, register: Register, reader: Reader) -> Response:
        """The likeliest pairs of duplicates in the whole register, best first; the list is made anew each time."""
        asked = read_parameters(PairParameters, request)
        found = duplicates.list_pairs(register.ask, noun, asked.limit, sqlite=register.is_sqlite, audience=reader)
        items = [{"records": [_shown(noun, each) for each in both], **_told(likeness)} for both, likeness in found]
        return answers.put_together({"items": items})

    return router


def _models(noun: Mergeable) -> tuple[type[BaseModel], type[BaseModel]]:
    reference, word = _REFERENCES[noun], noun.title()
    said: dict[str, Any] = {"score": (Score, ...), "reasons": (Reasons, ...)}
    candidate = create_model(f"{word}Duplicate", __doc__="A record that is likely the same.", record=(reference, ...), **said)
    two = Annotated[list[reference], Field(min_length=2, max_length=2, description="Both, the one first recorded first.")]  # type: ignore[valid-type]
    pair = create_model(f"{word}Pair", __doc__="Two records that are likely one.", records=(two, ...), **said)
    best = "likely to be duplicates, the likeliest first."
    candidates = create_model(f"{word}DuplicateList", __doc__=f"Records that are {best}", items=(list[candidate], ...))
    pairs = create_model(f"{word}PairList", __doc__=f"Pairs that are {best}", items=(list[pair], ...))
    return candidates, pairs


def _shown(noun: Mergeable, record: duplicates.Known) -> dict[str, Any]:
    return {member: record[member] for member in _REFERENCES[noun].model_fields}


def _told(likeness: Likeness) -> dict[str, Any]:
    return {"score": likeness.score, "reasons": likeness.reasons}
