"""Meilisearch's own OpenAPI document, asked whether a request or an answer is as it says."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, ValidationError  # type: ignore[import-untyped]  # its stubs are a package of their own
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.meilisearch_double.wire import Reply, Request

Schema = Mapping[str, Any]

_LATER = "given since 1.53; the double answers as 1.50 did"
_NULL = "null until then; described as if it were always there"
_FEDERATED = "only the federated answer is described; without `federation` each search has an answer of its own"
ANSWERS_DIFFER = {
    "GET /indexes/{index_uid}/stats answers .indexSize: required": _LATER,
    "GET /indexes/{index_uid}/stats answers .usedIndexSize: required": _LATER,
    "GET /stats answers .indexes[].indexSize: required": _LATER,
    "GET /stats answers .indexes[].usedIndexSize: required": _LATER,
    "GET /tasks answers .results[].startedAt: type": _NULL,
    "GET /tasks answers .results[].finishedAt: type": _NULL,
    "GET /tasks/{task_id} answers .startedAt: type": _NULL,
    "GET /tasks/{task_id} answers .finishedAt: type": _NULL,
    "POST /multi-search answers : oneOf": _FEDERATED,
    "POST /multi-search answers .hits: required": _FEDERATED,
    "POST /multi-search answers .processingTimeMs: required": _FEDERATED,
}
"""Where the document and a 1.50 server are known to differ in what is answered, with the reason.

Besides these the document says too little: a document is `{}`, and 400, 413, 415 and 503 are listed nowhere.
"""

_URI = "urn:meilisearch:openapi"


class Document:
    """Faults are named by operation and place: `POST /swap-indexes asks [0].indexes: type`."""

    def __init__(self, content: dict[str, Any]) -> None:
        # A schema that is taken out of the document still has to find its way back into it.
        content = json.loads(json.dumps(content).replace('"#/components/', f'"{_URI}#/components/'))
        self._paths = content["paths"]
        self._schemas = content["components"]["schemas"]
        self._registry = Registry().with_resource(_URI, DRAFT202012.create_resource(content))

    def faults_of_request(self, request: Request) -> Iterator[str]:
        path = self._path(request)
        if path is None:
            yield f"{request.method} {request.path}: no such operation"
            return
        operation, where = self._paths[path][request.method.lower()], f"{request.method} {path} asks "
        known = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"}
        yield from (f"{where}?{name}: unknown" for name in request.query if name not in known)
        media = operation.get("requestBody", {}).get("content", {})
        if request.body and request.headers.get("content-type") not in media:
            yield f"{where}with a body of type {request.headers.get('content-type')}"
        elif bool(request.body) != bool(media):
            yield f"{where}without its body"
        elif request.body:
            yield from self._faults(where, media["application/json"]["schema"], request.json)

    def faults_of_answer(self, request: Request, reply: Reply) -> Iterator[str]:
        """As of a request; of a list or of names it is not said which one is meant."""
        yield from (
            re.sub(r"\[(\d+|'[^']*')\]|(?<=\.indexes)\.\w+", "[]", fault) for fault in self._faults_of_answer(request, reply)
        )

    def _faults_of_answer(self, request: Request, reply: Reply) -> Iterator[str]:
        path = self._path(request)
        answers = self._paths[path][request.method.lower()]["responses"] if path else {}
        where = f"{request.method} {path} answers "
        if (answer := answers.get(str(reply.status))) is None:
            # Which refusals a route has is told of few; what one looks like is told once for all.
            if reply.status < 400:
                yield f"{where}{reply.status}: unknown"
            elif reply.content:
                yield from self._faults(where, self._schemas["ResponseError"], json.loads(reply.content))
        elif media := answer.get("content"):
            yield from self._faults(where, media["application/json"]["schema"], json.loads(reply.content))

    def _path(self, request: Request) -> str | None:
        """The path for a request; of several, the one with the fewest parameters."""
        for path in sorted(self._paths, key=lambda path: path.count("{")):
            pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
            if re.fullmatch(pattern, request.path) and request.method.lower() in self._paths[path]:
                return str(path)
        return None

    def _faults(self, where: str, schema: Schema, value: Any) -> Iterator[str]:
        for error in Draft202012Validator(schema, registry=self._registry).iter_errors(value):
            yield where + _named(error)
        yield from (f"{where}{place}: unknown" for place in self._unknown(schema, value, ""))

    def _unknown(self, schema: Schema, value: Any, place: str) -> Iterator[str]:
        """Members that a schema does not know; JSON Schema itself lets them pass."""
        schema = self._followed(schema)
        if isinstance(value, list) and "items" in schema:
            for number, each in enumerate(value):
                yield from self._unknown(schema["items"], each, f"{place}[{number}]")
        if isinstance(value, dict) and "properties" in schema:
            for name, each in value.items():
                inner = schema["properties"].get(name)
                yield from [f"{place}.{name}"] if inner is None else self._unknown(inner, each, f"{place}.{name}")

    def _followed(self, schema: Schema) -> Schema:
        """What a schema refers to, or may hold besides null."""
        if "$ref" in schema:
            return self._followed(self._schemas[schema["$ref"].rpartition("/")[2]])
        choices = [each for each in schema.get("oneOf", ()) if each.get("type") != "null"]
        return self._followed(choices[0]) if len(choices) == 1 else schema


def _named(error: ValidationError) -> str:
    place = error.json_path.removeprefix("$")
    if error.validator == "required":
        return f"{place}.{error.message.split(chr(39))[1]}: required"
    return f"{place}: {error.validator}"
