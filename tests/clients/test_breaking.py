"""What breaks clients is found, what does not is let through, and the document keeps its promises."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.clients.breaking import DOCUMENT, OASDIFF, PROMISED, breaking, promise

pytestmark = pytest.mark.skipif(not OASDIFF.exists(), reason="oasdiff is not installed: `.ci/clients` does, on Linux x64")

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DOCUMENT.read_text())
    return loaded


def test_the_document_breaks_nothing_that_was_promised_and_promises_everything_new(document: dict[str, Any]) -> None:
    promised = json.loads(PROMISED.read_text())
    assert breaking(promised, document) == []
    assert promise(document) == promised, "promise what is new: python -m tests.clients.breaking --accept"


def test_prose_is_no_promise_but_what_is_named_like_it_is() -> None:
    told = {"title": "Register", "properties": {"title": {"title": "Title", "description": "…", "type": "string"}}}
    assert promise(told) == {"properties": {"title": {"type": "string"}}}
    properties = {"properties": {"properties": {"properties": {"summary": {"type": "string", "summary": "…"}}}}}
    assert promise(properties) == {"properties": {"properties": {"properties": {"summary": {"type": "string"}}}}}


def schema(document: dict[str, Any], name: str) -> Any:
    return document["components"]["schemas"][name]


def operation(document: dict[str, Any], method: str, path: str) -> Any:
    return document["paths"][path][method]


def parameter(document: dict[str, Any], name: str) -> Any:
    return next(each for each in operation(document, "get", "/v1/topics")["parameters"] if each["name"] == name)


def without_member(document: dict[str, Any], name: str, member: str) -> None:
    del schema(document, name)["properties"][member]
    schema(document, name)["required"].remove(member)


def without_parameter(document: dict[str, Any], name: str) -> None:
    operation(document, "get", "/v1/topics")["parameters"].remove(parameter(document, name))


def new_parameter(document: dict[str, Any], *, required: bool) -> None:
    added = {"name": "color", "in": "query", "required": required, "schema": {"type": "string"}}
    operation(document, "get", "/v1/topics")["parameters"].append(added)


def named_anew(document: dict[str, Any], before: str, after: str) -> None:
    renamed = json.loads(json.dumps(document).replace(f'"#/components/schemas/{before}"', f'"#/components/schemas/{after}"'))
    renamed["components"]["schemas"][after] = renamed["components"]["schemas"].pop(before)
    document.update(renamed)


def nullable(document: dict[str, Any], name: str, member: str) -> None:
    properties = schema(document, name)["properties"]
    default = {"default": properties[member].pop("default")} if "default" in properties[member] else {}
    properties[member] = {"anyOf": [properties[member], {"type": "null"}], **default}


BREAKING: dict[str, tuple[str, Change]] = {
    "a path is gone": ("api-path-removed-without-deprecation", lambda d: d["paths"].pop("/v1/outcomes")),
    "a method is gone": ("api-removed-without-deprecation", lambda d: d["paths"]["/v1/topics"].pop("post")),
    "a function of clients is called otherwise": (
        "api-operation-id-removed",
        lambda d: operation(d, "get", "/v1/topics").update(operationId="topics"),
    ),
    "a type of clients is called otherwise": ("api-schema-removed", lambda d: named_anew(d, "Topic", "Theme")),
    "a parameter is gone": ("request-parameter-removed", lambda d: without_parameter(d, "name")),
    "a parameter must be given": ("request-parameter-became-required", lambda d: parameter(d, "name").update(required=True)),
    "a new parameter must be given": ("new-required-request-parameter", lambda d: new_parameter(d, required=True)),
    "a parameter takes less": ("request-parameter-max-decreased", lambda d: parameter(d, "limit")["schema"].update(maximum=50)),
    "a parameter left out means something else": (
        "request-parameter-default-value-changed",
        lambda d: parameter(d, "limit")["schema"].update(default=50),
    ),
    "a code is not taken any more": (
        "request-property-enum-value-removed",
        lambda d: schema(d, "EngagementShape")["properties"]["kind"]["enum"].remove("webinar"),
    ),
    "a member is not taken any more": ("request-property-removed", lambda d: schema(d, "TopicShape")["properties"].pop("note")),
    "a member must be given": (
        "request-property-became-required",
        lambda d: schema(d, "TopicShape").update(required=["label_en"]),
    ),
    "a member may not be null any more": (
        "request-property-list-of-types-narrowed",
        lambda d: schema(d, "TopicPatch")["properties"].update(note={"type": "string"}),
    ),
    "a member left out means something else": (
        "request-property-default-value-changed",
        lambda d: schema(d, "EngagementShape")["properties"]["visibility"].update(default="internal"),
    ),
    "an answer says less": ("response-required-property-removed", lambda d: without_member(d, "Topic", "version")),
    "an answer may leave out a member": (
        "response-property-became-optional",
        lambda d: schema(d, "Topic")["required"].remove("version"),
    ),
    "an answer says it in another type": (
        "response-property-type-changed",
        lambda d: schema(d, "Topic")["properties"].update(version={"type": "string"}),
    ),
    "an answer may say null": ("response-property-list-of-types-widened", lambda d: nullable(d, "Topic", "version")),
    "an answer may say a new code": (
        "response-property-enum-value-added",
        lambda d: schema(d, "Engagement")["properties"]["kind"]["enum"].append("duel"),
    ),
    "an answer has another status": (
        "response-success-status-removed",
        lambda d: (answers := operation(d, "post", "/v1/topics")["responses"]).update({"200": answers.pop("201")}),
    ),
    "an answer lost a header": (
        "optional-response-header-removed",
        lambda d: operation(d, "post", "/v1/topics")["responses"]["201"]["headers"].pop("Location"),
    ),
    "an answer comes in another format": (
        "response-media-type-removed",
        lambda d: (content := operation(d, "get", "/v1/topics")["responses"]["200"]["content"]).update(
            {"text/csv": content.pop("application/json")}
        ),
    ),
    "a key needs more": (
        "api-security-scope-added",
        lambda d: operation(d, "get", "/v1/topics")["security"][0]["bearer"].append("admin"),
    ),
}


@pytest.mark.parametrize("what", BREAKING)
def test_what_breaks_clients_is_found(document: dict[str, Any], what: str) -> None:
    expected, change = BREAKING[what]
    changed = copy.deepcopy(document)
    change(changed)
    found = breaking(document, changed)
    assert any(expected in each for each in found), found


HARMLESS: dict[str, Change] = {
    "other words": lambda d: operation(d, "get", "/v1/topics").update(summary="Topics", description="All of them."),
    "a new path": lambda d: d["paths"].update({"/v1/colors": copy.deepcopy(d["paths"]["/v1/topics"])}),
    "a new parameter": lambda d: new_parameter(d, required=False),
    "a new member to send": lambda d: schema(d, "TopicShape")["properties"].update(color={"type": "string"}),
    "a new member of an answer": lambda d: schema(d, "Topic")["properties"].update(color={"type": "string"}),
    "a member to send may be null": lambda d: nullable(d, "TopicShape", "synonyms"),
    "a parameter takes more": lambda d: parameter(d, "limit")["schema"].update(maximum=500),
    "a new refusal": lambda d: operation(d, "get", "/v1/topics")["responses"].update({"418": {"description": "A teapot."}}),
    "an operation is on its way out": lambda d: operation(d, "get", "/v1/topics").update(deprecated=True),
}


@pytest.mark.parametrize("what", HARMLESS)
def test_what_breaks_nobody_is_let_through(document: dict[str, Any], what: str) -> None:
    changed = copy.deepcopy(document)
    HARMLESS[what](changed)
    assert promise(changed) != promise(document) or what == "other words"
    assert breaking(document, changed) == []
