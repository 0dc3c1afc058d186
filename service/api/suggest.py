"""`GET /v1/suggest`: what may be meant by what a person has typed so far."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from service.api import answers
from service.api.freshness import IndexFreshness, index_freshness
from service.api.parameters import documented, listed_names, read_parameters
from service.api.requests import client_of
from service.register.text import Shape
from service.search.suggesting import TYPES, Type, Typing

router = APIRouter(tags=["search"])


class SuggestParameters(Shape):
    """What `GET /v1/suggest` takes."""

    q: Annotated[str, Field(max_length=200, description="What was typed so far; its last word may be half typed.")]
    types: Annotated[
        tuple[str, ...],
        Field(description=f"Comma-separated or repeated, in the order wanted: {', '.join(TYPES)}; all of them unless given."),
    ] = ()
    limit: Annotated[int, Field(ge=1, le=20, description="How many of each type at most.")] = 5


class SuggestionModel(BaseModel):
    """Something that has the words typed in one of its names.

    `id` is what a search filters by with the parameter called as `type`; of an engagement it is the record. `matched_name` is
    the name that was found where it is none of the labels. `engagements` says in how many it is.
    """

    type: Type
    id: str
    label_en: str | None
    label_ko: str | None
    matched_name: str | None
    when: str | None
    engagements: int


class SuggestionList(BaseModel):
    """Suggestions type by type, the most frequent first. `respelled` says how `text`, which was looked for, came about."""

    items: list[SuggestionModel]
    text: str
    respelled: Literal["keyboard", "half-typed"] | None
    index: IndexFreshness


@router.get(
    "/v1/suggest",
    name="suggest_names",
    summary="Suggest what may be meant while it is typed",
    response_model=SuggestionList,
    openapi_extra=documented(SuggestParameters),
)
async def suggest(request: Request) -> Response:
    """People, organizations, topics, countries and engagements that have the words in any of their names, type by type."""
    asked = read_parameters(SuggestParameters, request)
    audience = client_of(request).audience
    found, source = await request.app.state.search.suggest(Typing(asked.q, asked.limit, _types(asked)), audience)
    body: dict[str, Any] = {
        "items": [each._asdict() for each in found.items],
        "text": found.text,
        "respelled": found.respelling and found.respelling.how,
        "index": index_freshness(source, None, audience),
    }
    return answers.made(body)


def _types(asked: SuggestParameters) -> tuple[Type, ...]:
    known: dict[str, Type] = {name: name for name in TYPES}
    named = listed_names("types", asked.types, known, "Nothing of type {!r} is suggested")
    return tuple(known[name] for name in named) or TYPES
