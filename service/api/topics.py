"""`/v1/topics`: the bilingual thesaurus that engagements are filed under."""

from typing import Annotated, Literal

from fastapi import Body, Request, Response

from service.api import answers, examples, reading, routing, writes
from service.api.conditions import Expects
from service.api.cursors import Counting
from service.api.idempotency import OnlyOnce
from service.api.pages import TopicPage
from service.api.parameters import documented, read_parameters
from service.api.patches import TopicPatch
from service.api.problems import refusals
from service.api.reading import AsOf
from service.api.records import Topic
from service.api.requests import By, Id, Reader, Register
from service.register.reading import directory
from service.register.topic import TopicShape

router = routing.router("topics", "/v1/topics")


class TopicParameters(directory.TopicFilters, Counting):
    """What `GET /v1/topics` takes."""

    sort: Literal["name", "-name", "recorded_at", "-recorded_at"] = "name"


@router.get("", response_model=TopicPage, responses=refusals(422), openapi_extra=documented(TopicParameters))
def list_topics(request: Request, register: Register, reader: Reader) -> Response:
    """The topics that pass the filters. A repeated filter means either; different ones must hold together."""
    asked = read_parameters(TopicParameters, request)
    window = asked.window(request, asked.sort)
    return answers.page(request, asked, directory.list_records(register, "topic", asked, window, audience=reader))


@router.get("/{id}", response_model=Topic, responses=refusals(404, 410, 422))
def read_topic(id: Id, request: Request, as_of: AsOf = None) -> Response:
    """One topic, with its synonyms."""
    return reading.read(request, "topic", id, as_of)


@router.post("", status_code=201, response_model=Topic, responses=refusals(400, 409, 413, 415, 422))
def create_topic(shape: Annotated[TopicShape, Body(examples=[examples.TOPIC])], once: OnlyOnce, by: By) -> Response:
    """Record a topic of the thesaurus."""
    return writes.created(once, "topic", shape, by)


@router.patch("/{id}", response_model=Topic, responses=refusals(400, 404, 409, 410, 412, 413, 415, 422, 428))
def revise_topic(
    id: Id,
    patch: Annotated[TopicPatch, Body(media_type=routing.MERGE_PATCH, examples=[examples.TOPIC_PATCH])],
    register: Register,
    by: By,
    expected: Expects,
) -> Response:
    """Change the topic by merge patch: what is named is set, null removes, lists are replaced."""
    return writes.revised(register, "topic", id, patch, expected, by)
