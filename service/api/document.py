"""The OpenAPI document: what FastAPI writes, and what it cannot know: refusals, headers, keys, examples.

What holds for every operation of a kind is added here by rule, so that no route has to repeat it.
"""

import json
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any, Final

from fastapi import FastAPI

from service.api import document_headers
from service.api.gate import needed
from service.api.problem_texts import texts
from service.api.problems import MEANINGS, MEDIA_TYPE

PATH: Final = "/openapi.json"

Json = dict[str, Any]

_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
_REFUSALS: Final = {
    "308": "Merged",
    "400": "MalformedJson",
    "401": "Unauthorized",
    "403": "Forbidden",
    "404": "NotFound",
    "409": "Conflict",
    "410": "Withdrawn",
    "412": "Stale",
    "413": "TooLarge",
    "415": "UnsupportedMediaType",
    "422": "Invalid",
    "428": "IfMatchRequired",
    "429": "TooManyRequests",
    "500": "Internal",
    "503": "Unavailable",
}
"""What the refusals of a status are called among the components: by the type of problem that is their example."""
_UNSAID: Final = "Successful Response"
"""What FastAPI says of an answer that nobody described."""
_OF_KEYS: Final = (401, 403, 429)
"""The refusals that only those paths have which look at who is asking."""

_TAGS: Final = {
    "search": "Find engagements by words in Korean or English. · 한국어나 영어 낱말로 교류 기록을 찾습니다.",
    "engagements": "Who met whom, when, where, about what. · 누가 누구를 언제 어디에서 무슨 일로 만났는지의 기록입니다.",
    "people": "Who was met and who met them, under all their names. · 만난 사람들과 그 모든 이름입니다.",
    "organizations": "Provinces, embassies, companies, international bodies. · 지방정부, 공관, 기업, 국제기구입니다.",
    "topics": "The bilingual thesaurus that engagements are filed under. · 교류 기록을 분류하는 한·영 주제어입니다.",
    "sources": "What the register rests on. · 기록의 근거가 되는 출처입니다.",
    "outcomes": "What all engagements led to, and what is due. · 모든 교류의 결과와 앞으로의 기한입니다.",
    "changes": "What was changed, in the order of its commits. · 확정된 순서대로 알려 주는 변경 내역입니다.",
    "imports": "Take in files of records. · 기록이 담긴 파일을 받아들입니다.",
    "exports": "Give records out as files. · 기록을 파일로 내보냅니다.",
    "index": "How far the search engines are. · 검색 엔진이 어디까지 따라왔는지입니다.",
    "health": "Whether the service lives and can work. · 서비스가 살아 있고 일할 수 있는지입니다.",
    "documentation": "What the problems mean. · 문제 유형의 설명입니다.",
}

_ABOUT: Final[Json] = {
    "servers": [{"url": "/", "description": "The service that gives this document."}],
    "externalDocs": {"url": "/problems", "description": "The problems, and what to do about each"},
}
_BEARER: Final[Json] = {
    "type": "http",
    "scheme": "bearer",
    "description": (
        "A key of this register, `engk_…`. The roles that an operation lists are scopes: `read`, `write`, which includes it, and"
        " `admin`, which includes both."
    ),
}


def install(app: FastAPI) -> None:
    """Let the application describe itself through `describe`."""
    app.description = _text("introduction.md")
    app.license_info = {"name": "MIT", "identifier": "MIT"}
    framework = app.openapi
    described: Json = {}

    def openapi() -> Json:
        # The framework gives the same object until a route is added.
        written = framework()
        if described.get("of") is not written:
            described.update(of=written, document=describe(json.loads(json.dumps(written))))
        document: Json = described["document"]
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # the way that FastAPI documents


def describe(written: Json) -> Json:
    """The document that FastAPI has written, completed in place."""
    written |= _ABOUT
    for path, method, operation in operations(written):
        _call(operation)
        _require(path, method, operation)
        _refuse(path, operation)
        _plain(operation)
        document_headers.add(path, method, operation)
        _show(operation, written["components"]["schemas"])
    written["tags"] = _tags(written)
    components = written.setdefault("components", {})
    components["securitySchemes"] = {"bearer": _BEARER}
    components["headers"] = document_headers.HEADERS
    components["responses"] = _refusals()
    components["examples"] = {name: {"value": value} for name, value in examples().items() if name in components["schemas"]}
    for unused in ("HTTPValidationError", "ValidationError"):
        components.setdefault("schemas", {}).pop(unused, None)
    _name(components["schemas"])
    return written


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    """Every operation with its path and its method in lower case."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def _call(operation: Json) -> None:
    """Write a summary that FastAPI made of the operation's name as a sentence begins, not as a title."""
    words = operation["operationId"].split("_")
    if operation["summary"] == " ".join(words).title():
        operation["summary"] = " ".join(words).capitalize()


def _require(path: str, method: str, operation: Json) -> None:
    """Say which key is needed; a register that is open, or whose public part is, answers without one."""
    scope = needed(path, method.upper())
    operation["security"] = [] if scope is None else [{"bearer": [scope]}, {}]


def _refuse(path: str, operation: Json) -> None:
    """Document the refusals that only the layers before a route know, and let each be the one that is described once for all."""
    responses = operation["responses"]
    guarded = needed(path, "GET") is not None
    for status in _OF_KEYS:
        responses.pop(str(status), None)
    more = (*_OF_KEYS, 422, 500, 503) if guarded else (422, 500) if "503" in responses else (422,)
    for status in more:
        responses.setdefault(str(status), {"description": MEANINGS[status]})
    responses["422"]["description"] = MEANINGS[422]
    for status, response in responses.items():
        if status in _REFUSALS and response["description"] == MEANINGS[int(status)]:
            responses[status] = {"$ref": f"#/components/responses/{_REFUSALS[status]}"}
        elif not status.startswith(("1", "2")):
            response |= {"content": {MEDIA_TYPE: {"schema": _PROBLEM}}, "headers": document_headers.of_refusal(status)}
    operation["responses"] = dict(sorted(responses.items()))


def _refusals() -> Json:
    """Every refusal once, with the problem that it most often is as an example."""
    found = {}
    for status, name in _REFUSALS.items():
        slug = re.sub("(?!^)([A-Z])", r"-\1", name).lower()
        found[name] = {
            "description": MEANINGS[int(status)],
            "content": {MEDIA_TYPE: {"schema": _PROBLEM, "example": texts()[slug]["example"]}},
            "headers": document_headers.of_refusal(status),
        }
    return found


def _plain(operation: Json) -> None:
    """Describe parameters as what is sent: there is no null in a header, and it is called as standards call it."""
    for parameter in operation.get("parameters", ()):
        schema = parameter["schema"]
        schema.pop("title", None)
        if parameter.get("description") == schema.get("description"):
            schema.pop("description", None)
        if not (parameter.get("description") or schema.get("description")):
            parameter |= _meaning("parameters", parameter["name"])
        kinds = [kind for kind in schema.pop("anyOf", ()) if kind != {"type": "null"}]
        schema |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}
        if parameter["in"] == "header":
            parameter["name"] = parameter["name"].title()


def _show(operation: Json, schemas: Json) -> None:
    """Say of each answer what it is, in the words of its model, and give an example."""
    for status, response in operation["responses"].items():
        for content in response.get("content", {}).values():
            model = content["schema"].get("$ref", "").rpartition("/")[2]
            if model in examples():
                content["examples"] = {model: {"$ref": f"#/components/examples/{model}"}}
            if response["description"] == _UNSAID:
                response["description"] = schemas.get(model, {}).get("description", "").partition("\n\n")[0] or _UNSAID
        if response.get("description") == _UNSAID:
            response["description"] = "It was done, and there is nothing to show." if status == "204" else "What was asked for."


def _name(schemas: Json) -> None:
    """Say of every member what it means, where its model says nothing more particular; a word means the same everywhere."""
    for schema in schemas.values():
        for name, member in schema.get("properties", {}).items():
            if not ({"description", "$ref"} & set(member) or any("description" in kind for kind in member.get("anyOf", ()))):
                member |= _meaning("members", name)


def _meaning(table: str, word: str) -> Json:
    known = vocabulary()[table].get(word)
    return {"description": known} if known else {}


@cache
def vocabulary() -> dict[str, dict[str, str]]:
    """What the words of the API mean: its `members` and its `parameters`."""
    found: dict[str, dict[str, str]] = json.loads(_text("vocabulary.json"))
    return found


@cache
def examples() -> dict[str, Any]:
    """Answers as they were given, by the name of their model."""
    found: dict[str, Any] = json.loads(_text("answer_examples.json"))
    return found


def _tags(document: Json) -> list[Json]:
    used = {tag for _, _, operation in operations(document) for tag in operation.get("tags", ())}
    return [{"name": name, "description": meaning} for name, meaning in _TAGS.items() if name in used]


def _text(name: str) -> str:
    return (resources.files("service.api") / name).read_text(encoding="utf-8")
