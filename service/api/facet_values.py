"""`GET /v1/search/facets/{facet}`: the values of one facet, found by what is typed of their names."""

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from service.api import answers
from service.api.freshness import IndexFreshness, index_freshness
from service.api.parameters import documented, known_name, read_parameters
from service.api.requests import client_of
from service.api.search import NO_FACET, QuestionParameters, question_of
from service.search.facets import FACETS

router = APIRouter(tags=["search"])


class FacetValueParameters(QuestionParameters):
    """What `GET /v1/search/facets/{facet}` takes: all that narrows a search, and what was typed of a value's name."""

    value: Annotated[str, Field(max_length=200, description="What was typed of the value's name; all of them unless given.")] = ""
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class FacetValue(BaseModel):
    """A value, and in how many of the engagements found it is; `matched_name` is the name that fits where no label does."""

    value: str
    label_en: str | None
    label_ko: str | None
    matched_name: str | None
    count: int


class FacetValueList(BaseModel):
    """Values of a facet, the most frequent first."""

    items: list[FacetValue]
    index: IndexFreshness


@router.get(
    "/v1/search/facets/{facet}",
    name="search_facet_values",
    summary="Find values of a facet",
    response_model=FacetValueList,
    openapi_extra=documented(FacetValueParameters),
)
async def search_facet_values(facet: str, request: Request) -> Response:
    """The facet's own filter does not narrow its values: what is listed is what else could be chosen."""
    asked = read_parameters(FacetValueParameters, request)
    known_name("facet", facet, FACETS, NO_FACET)
    audience = client_of(request).audience
    found, source = await request.app.state.search.values(question_of(asked), facet, asked.value, asked.limit, audience)
    items: list[dict[str, Any]] = [
        {
            "value": each.value,
            "label_en": each.label_en,
            "label_ko": each.label_ko,
            "matched_name": each.matched_name,
            "count": each.matches,
        }
        for each in found
    ]
    return answers.made({"items": items, "index": index_freshness(source, None, audience)})
