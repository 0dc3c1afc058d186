"""The OpenAPI document, from which clients are generated."""

from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest
from openapi_spec_validator import validate

pytestmark = pytest.mark.anyio

Json = dict[str, Any]


@pytest.fixture
async def document(client: httpx.AsyncClient) -> Json:
    found: Json = (await client.get("/openapi.json")).json()
    return found


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def resolved(document: Json, schema: Json) -> Json:
    """The schema with the document's components in reach."""
    return schema | {"components": document["components"]}


async def test_it_is_a_valid_document(document: Json) -> None:
    validate(document)


async def test_every_operation_is_named_by_verb_and_noun_and_only_once(document: Json) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    verbs = {
        "list",
        "read",
        "create",
        "revise",
        "add",
        "remove",
        "withdraw",
        "restore",
        "delete",
        "merge",
        "unmerge",
        "search",
        "suggest",
        "compare",
        "revert",
        "stream",
        "change",
        "put",
        "replace",
    }
    assert {name.split("_", 1)[0] for name in names} <= verbs


async def test_every_operation_says_what_it_does_and_has_a_tag(document: Json) -> None:
    for path, method, operation in operations(document):
        assert operation.get("description") or operation.get("summary"), (method, path)
        assert operation["tags"], (method, path)


async def test_every_refusal_is_a_problem(document: Json) -> None:
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if status.startswith("2"):
                continue
            assert response["content"] == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}, (
                method,
                path,
            )
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_whatever_takes_an_id_may_answer_404_and_whatever_takes_a_body_415(document: Json) -> None:
    for path, method, operation in operations(document):
        if not path.startswith(("/v1/search", "/v1/index")):
            assert "404" in operation["responses"] or "{" not in path, (method, path)
            assert "415" in operation["responses"] or "requestBody" not in operation, (method, path)


async def test_every_answer_has_a_model_with_a_plain_name(document: Json) -> None:
    for path, method, operation in operations(document):
        for status, response in operation["responses"].items():
            if status in ("200", "201") and "text/event-stream" not in response["content"]:
                reference = response["content"]["application/json"]["schema"]["$ref"]
                assert reference.rsplit("/", 1)[1].isalpha(), (method, path)


async def test_a_revision_is_sent_as_a_merge_patch(document: Json) -> None:
    patches = [operation for _, method, operation in operations(document) if method == "patch"]
    assert patches
    assert {tuple(operation["requestBody"]["content"]) for operation in patches} == {("application/merge-patch+json",)}


async def test_every_body_has_an_example_that_fits_its_schema(document: Json) -> None:
    bodies = 0
    for path, method, operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = resolved(document, content["schema"])
            examples = content.get("examples") or content["schema"]["examples"]
            assert examples, (method, path)
            for example in examples:
                jsonschema.validate(example, schema)
                bodies += 1
    assert bodies > 30


async def test_filters_are_documented_with_their_codes(document: Json) -> None:
    parameters = {each["name"]: each for each in document["paths"]["/v1/engagements"]["get"]["parameters"]}
    assert {
        "limit",
        "cursor",
        "sort",
        "total",
        "country",
        "kind",
        "status",
        "person",
        "organization",
        "topic",
        "year",
        "when",
    } <= set(parameters)
    assert parameters["kind"]["schema"]["type"] == "array"
    assert "agreement-signing" in parameters["kind"]["schema"]["items"]["enum"]
    assert parameters["limit"]["schema"] == {"type": "integer", "minimum": 1, "maximum": 200, "default": 20}
    assert parameters["cursor"]["schema"] == {"type": "string"}
    assert not any(each["required"] for each in parameters.values())
