"""`/v1/topics`: the bilingual thesaurus that engagements are filed under."""

from typing import Annotated, Literal

from fastapi import Body, Request, Response

from service.api import answers, examples, routing
from service.api.cursors import Counting
from service.api.pages import TopicPage
from service.api.parameters import documented, read_parameters
from service.api.patches import TopicPatch
from service.api.problems import refusals
from service.api.records import Topic
from service.api.requests import By, Id, Register
from service.register.reading import directory
from service.register.reading.one import find
from service.register.topic import TopicShape
from service.register.verbs import recording, revising

router = routing.router("topics", "/v1/topics")


class TopicParameters(directory.TopicFilters, Counting):
    """What `GET /v1/topics` takes."""

    sort: Literal["name", "-name", "recorded_at", "-recorded_at"] = "name"


@router.get("", response_model=TopicPage, responses=refusals(422), openapi_extra=documented(TopicParameters))
def list_topics(request: Request, register: Register) -> Response:
    """The topics that pass the filters. A repeated filter means either; different ones must hold together."""
    asked = read_parameters(TopicParameters, request)
    window = asked.window(request, asked.sort)
    return answers.page(request, asked, directory.list_records(register, "topic", asked, window))


@router.get("/{id}", response_model=Topic, responses=refusals(404, 410, 422))
def read_topic(id: Id, register: Register) -> Response:
    """One topic, with its synonyms."""
    return answers.found(find(register, "topic", id))


@router.post("", status_code=201, response_model=Topic, responses=refusals(400, 409, 413, 415, 422))
def create_topic(shape: Annotated[TopicShape, Body(examples=[examples.TOPIC])], register: Register, by: By) -> Response:
    """Record a topic of the thesaurus."""
    with register.writing() as connection:
        (record,) = recording.record(connection, "topic", [shape], by=by)
    return answers.created(record, f"/v1/topics/{record['id']}")


@router.patch("/{id}", response_model=Topic, responses=refusals(400, 404, 409, 410, 413, 415, 422))
def revise_topic(
    id: Id,
    patch: Annotated[TopicPatch, Body(media_type=routing.MERGE_PATCH, examples=[examples.TOPIC_PATCH])],
    register: Register,
    by: By,
) -> Response:
    """Change the topic by merge patch: what is named is set, null removes, lists are replaced."""
    with register.writing() as connection:
        record = revising.revise(connection, "topic", {id: patch}, by=by)[id]
    return answers.written(record)
