"""The OpenAPI document, from which clients are generated."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema  # type: ignore[import-untyped]  # its stubs are a package of their own
import pytest
from openapi_spec_validator import validate

from service.api.bulk import MOST_ITEMS
from service.api.document import examples, vocabulary
from service.app import create_app
from service.register import replies
from service.search.schema import MAX_HITS
from service.settings import Settings
from tests.api.office import Office

pytestmark = pytest.mark.anyio

Json = dict[str, Any]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Json:
    """The document as a client reads it; nothing has to be started for it."""
    described: Json = json.loads(json.dumps(create_app(Settings(data_dir=tmp_path_factory.mktemp("data"))).openapi()))
    return described


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def answers(document: Json, operation: Json) -> Iterator[tuple[str, Json]]:
    """Every answer of an operation by its status, also where it is one that is described once for all."""
    for status, response in operation["responses"].items():
        shared = document["components"]["responses"].get(response.get("$ref", "").rpartition("/")[2])
        yield status, shared or response


def resolved(document: Json, schema: Json) -> Json:
    """The schema with the document's components in reach."""
    return schema | {"components": document["components"]}


def test_it_is_a_valid_document(document: Json) -> None:
    validate(document)


def test_every_operation_is_named_by_verb_and_noun_and_only_once(document: Json) -> None:
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
        "import",
        "export",
    }
    assert {name.split("_", 1)[0] for name in names} <= verbs


def test_every_operation_says_what_it_does_and_has_a_tag(document: Json) -> None:
    described = {tag["name"] for tag in document["tags"]}
    for path, method, operation in operations(document):
        assert operation["description"], (method, path)
        summary = operation["summary"]
        assert summary[0].isupper(), (method, path)
        assert not any(word[0].isupper() for word in summary.split()[1:]), f"{summary} is written as a title"
        assert operation["tags"], (method, path)
        assert set(operation["tags"]) <= described, (method, path)


def test_tags_are_described_in_both_languages(document: Json) -> None:
    for tag in document["tags"]:
        assert re.search("[a-z] .*· .*[가-힣]", tag["description"]), tag


def test_the_introduction_names_only_what_there_is(document: Json) -> None:
    told = document["info"]["description"]
    refused = {status for _, _, operation in operations(document) for status in operation["responses"]}
    assert {"304", "308", "401", "404", "410", "412", "428", "429", "503"} <= refused
    for header in ("Link", "ETag", "Sync-Token", "Search-Sync", "X-Request-ID", "Retry-After", "RateLimit"):
        assert f"`{header}`" in told
        assert header in document["components"]["headers"]
    settings = Settings.model_fields
    assert f"{settings['max_body_bytes'].default // 1024**2} MiB" in told
    assert f"{settings['requests_per_minute'].default:,} requests" in told
    assert f"within {replies.KEPT_HOURS} hours" in told
    assert f"first {MAX_HITS:,} in all" in told
    assert f"up to {MOST_ITEMS:,}\n" in told
    assert "limit` is at most 200" in told


def test_every_refusal_is_a_problem(document: Json) -> None:
    for path, method, operation in operations(document):
        for status, response in answers(document, operation):
            if status.startswith("2") or status == "304":
                continue
            (content,) = response["content"].items()
            assert content[0] == "application/problem+json", (method, path)
            assert content[1]["schema"] == {"$ref": "#/components/schemas/Problem"}, (method, path)
            if example := content[1].get("example"):
                assert example["status"] == int(status)
                jsonschema.validate(example, resolved(document, content[1]["schema"]))
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_whatever_takes_an_id_may_answer_404_and_whatever_takes_a_body_415(document: Json) -> None:
    for path, method, operation in operations(document):
        if not path.startswith(("/v1/search", "/v1/index")):
            assert "404" in operation["responses"] or "{" not in path, (method, path)
            assert "415" in operation["responses"] or "requestBody" not in operation, (method, path)


def test_every_answer_has_a_model_with_a_plain_name(document: Json) -> None:
    for path, method, operation in operations(document):
        for status, response in answers(document, operation):
            if status in ("200", "201") and "application/json" in response["content"]:
                reference = response["content"]["application/json"]["schema"]["$ref"]
                assert reference.rsplit("/", 1)[1].isalpha(), (method, path)


def test_a_revision_is_sent_as_a_merge_patch(document: Json) -> None:
    patches = [operation for _, method, operation in operations(document) if method == "patch"]
    assert patches
    assert {tuple(operation["requestBody"]["content"]) for operation in patches} == {("application/merge-patch+json",)}


def test_every_body_has_an_example_that_fits_its_schema(document: Json) -> None:
    bodies = 0
    for path, method, operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            if content["schema"].get("format") == "binary":
                continue
            schema = resolved(document, content["schema"])
            examples = content.get("examples") or content["schema"]["examples"]
            assert examples, (method, path)
            for example in examples:
                jsonschema.validate(example, schema)
                bodies += 1
    assert bodies > 30


def test_every_answer_has_an_example_that_is_like_a_real_one(document: Json) -> None:
    lacking = set()
    for _, _, operation in operations(document):
        for status, response in answers(document, operation):
            if status in ("200", "201") and "application/json" in response["content"]:
                content = response["content"]["application/json"]
                model = content["schema"]["$ref"].rpartition("/")[2]
                if "examples" not in content:
                    lacking.add(model)
                    continue
                for reference in content["examples"].values():
                    example = document["components"]["examples"][reference["$ref"].rpartition("/")[2]]["value"]
                    jsonschema.validate(example, resolved(document, content["schema"]))
    assert lacking == set()


@pytest.mark.parametrize("name", examples())
def test_an_example_has_the_members_of_its_model_and_no_others(document: Json, name: str) -> None:
    def compare(schema: Json, value: Any, at: str) -> None:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
        if isinstance(value, list):
            for each in value:
                compare(schema.get("items", {}), each, f"{at}/0")
        elif isinstance(value, dict) and schema.get("properties") and not schema.get("additionalProperties"):
            assert set(value) <= set(schema["properties"]), at
            for key, member in value.items():
                kinds = schema["properties"][key]
                compare(next((kind for kind in kinds.get("anyOf", ()) if "$ref" in kind), kinds), member, f"{at}/{key}")

    compare({"$ref": f"#/components/schemas/{name}"}, examples()[name], name)


def test_a_parameter_is_described_as_what_is_sent(document: Json) -> None:
    for path, method, operation in operations(document):
        names = [(each["in"], each["name"].lower()) for each in operation.get("parameters", ())]
        assert len(names) == len(set(names)), (method, path)
        for parameter in operation.get("parameters", ()):
            assert {"type": "null"} not in parameter["schema"].get("anyOf", ()), (method, path, parameter["name"])
    every = [each for _, _, operation in operations(document) for each in operation.get("parameters", ())]
    headers = {each["name"] for each in every if each["in"] == "header"}
    assert headers >= {"If-Match", "If-None-Match", "Idempotency-Key", "Prefer"}


def test_every_parameter_says_what_it_means(document: Json) -> None:
    silent = {
        (path, parameter["name"])
        for path, _, operation in operations(document)
        for parameter in operation.get("parameters", ())
        if not (parameter.get("description") or parameter["schema"].get("description"))
    }
    assert silent == set(), "a description in the model, or a line in vocabulary.json"


def test_every_word_of_the_vocabulary_is_used(document: Json) -> None:
    schemas = document["components"]["schemas"].values()
    members = {(name, member.get("description")) for each in schemas for name, member in each.get("properties", {}).items()}
    assert set(vocabulary()["members"].items()) <= members
    every = [each for _, _, operation in operations(document) for each in operation.get("parameters", ())]
    assert set(vocabulary()["parameters"].items()) <= {(each["name"], each.get("description")) for each in every}


def test_whoever_is_asked_for_a_key_is_told_which(document: Json) -> None:
    assert document["components"]["securitySchemes"]["bearer"] | {"description": ""} == {
        "type": "http",
        "scheme": "bearer",
        "description": "",
    }
    for path, method, operation in operations(document):
        if not path.startswith("/v1/"):
            assert operation["security"] == [], (method, path)
            assert not {"401", "403", "429"} & set(operation["responses"]), (method, path)
            continue
        scope = "admin" if path == "/v1/index" else "read" if method == "get" else "write"
        assert operation["security"] == [{"bearer": [scope]}, {}], (method, path)
        assert {"401", "403", "422", "429", "500", "503"} <= set(operation["responses"]), (method, path)


def test_every_answer_is_described(document: Json) -> None:
    for path, method, operation in operations(document):
        for status, response in answers(document, operation):
            assert response["description"] not in ("", "Successful Response"), (method, path, status)


def test_the_headers_of_answers_are_described(document: Json) -> None:
    known = document["components"]["headers"]
    used = set()
    for path, method, operation in operations(document):
        for _, response in answers(document, operation):
            assert "X-Request-ID" in response["headers"], (method, path)
            for name, reference in response["headers"].items():
                assert reference == {"$ref": f"#/components/headers/{name}"}
                used.add(name)
    assert used == set(known)


async def test_answers_have_the_headers_that_are_described(client: httpx.AsyncClient, office: Office, document: Json) -> None:
    record, page, engagement = f"/v1/people/{office.newsom}", "/v1/people", "/v1/engagements/{id}"
    tulips: Json = {"items": [{"do": "record", "record": {"label_en": "tulips"}}]}
    lines = b'{"label_en": "roses"}\n'
    read = await client.get(record)
    asked = [
        ("/v1/people/{id}", "get", read),
        (page, "get", await client.get(page, params={"limit": 1})),
        (page, "post", await client.post(page, json={"name_en": "Gavin Newsom"}, headers={"Idempotency-Key": "1"})),
        ("/v1/people/{id}", "get", await client.get(record, headers={"If-None-Match": read.headers["etag"]})),
        ("/v1/people/{id}", "delete", await client.delete(record, headers={"If-Match": '"99"'})),
        ("/v1/bulk/topics", "post", await client.post("/v1/bulk/topics", json=tulips)),
        ("/v1/exports/topics", "get", await client.get("/v1/exports/topics")),
        ("/v1/imports/topics", "post", await client.post("/v1/imports/topics", files={"file": ("topics.jsonl", lines)})),
        (f"{engagement}/participations", "get", await client.get(f"/v1/engagements/{office.meeting}/participations")),
    ]
    maybe = {"Preference-Applied", "Search-Sync", "Idempotency-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After"}
    for path, method, answer in asked:
        described = dict(answers(document, document["paths"][path][method]))[str(answer.status_code)]["headers"]
        assert {name for name in described if name.lower() not in answer.headers} <= maybe, (path, method)
        told = {name for name in document["components"]["headers"] if name.lower() in answer.headers}
        assert told <= set(described), (path, method)


def test_filters_are_documented_with_their_codes(document: Json) -> None:
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
