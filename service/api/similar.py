"""`GET /v1/engagements/{id}/similar`: what has most in common with an engagement."""

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from service.api import answers
from service.api.cards import SimilarHit
from service.api.freshness import IndexFreshness, index_freshness
from service.api.parameters import documented, read_parameters
from service.api.problems import refusals
from service.api.requests import Id, Reader
from service.errors import NotFound
from service.register.text import Shape
from service.search.engine import Answer
from service.search.hits import hits

router = APIRouter(tags=["search"])


class SimilarParameters(Shape):
    """What `GET /v1/engagements/{id}/similar` takes."""

    limit: Annotated[int, Field(ge=1, le=50)] = 10


class SimilarPage(BaseModel):
    """The most similar engagements, the best first."""

    items: list[SimilarHit]
    index: IndexFreshness


@router.get(
    "/v1/engagements/{id}/similar",
    name="list_similar_engagements",
    summary="Find engagements that have much in common with one",
    response_model=SimilarPage,
    responses=refusals(404, 422),
    openapi_extra=documented(SimilarParameters),
)
async def similar_engagements(id: Id, request: Request, reader: Reader) -> Response:
    """People, organizations, topics and countries in common, the rarer the more; as the index has it, which may lag a moment."""
    asked = read_parameters(SimilarParameters, request)
    found, source = await request.app.state.search.similar(id, asked.limit, reader)
    if found is None:
        raise NotFound(f"The index has no engagement {id!r}; it may have been withdrawn, or be on its way into the index")
    cards = hits(Answer([dict(each.card) for each in found], len(found)), "")
    items = [{**card, "shared": each.shared} for card, each in zip(cards, found, strict=True)]
    return answers.made({"items": items, "index": index_freshness(source, None, reader)})
