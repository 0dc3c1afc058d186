"""Query parameters: read by a model that knows them all, and documented from the same model.

A parameter that nobody knows, one that is given twice but can have one value only, and text that is no text are refused, each
with its name: a mistyped filter that is silently ignored answers a question that nobody asked.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cache
from typing import Any, TypeVar, get_origin
from urllib.parse import unquote_to_bytes

from fastapi import Request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from service.errors import Fault, Invalid, suggestion

P = TypeVar("P", bound=BaseModel)

_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def read_parameters(model: type[P], request: Request) -> P:
    """The request's query as this model; raises `Invalid` with a fault for every parameter that is wrong."""
    lists = _fields(model)
    given: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, text in _pairs(request):
        if name not in lists:
            faults.append(_unknown(name, text, lists))
        elif lists[name]:
            given.setdefault(name, []).append(text)
        elif name in given:
            faults.append(_repeated(name, text))
        else:
            given[name] = text
    if faults:
        raise Invalid(faults[0].detail, faults=faults)
    try:
        return model.model_validate(given, strict=False)
    except ValidationError as error:
        faults = [_wrong(found) for found in error.errors(include_url=False)]
        raise Invalid(faults[0].detail, faults=faults) from None


def refuse_unknown(request: Request, known: Collection[str]) -> None:
    """Raise `Invalid` for a parameter that is not one of these, or that is given twice."""
    seen: set[str] = set()
    faults = []
    for name, text in _pairs(request):
        if name not in known:
            faults.append(_unknown(name, text, known))
        elif name in seen:
            faults.append(_repeated(name, text))
        seen.add(name)
    if faults:
        raise Invalid(faults[0].detail, faults=faults)


def known_name(parameter: str, name: str, known: Collection[str], refusal: str) -> str:
    """The name, if it is known; raises `Invalid` with the refusal, in which `{!r}` stands for it, and what would be right."""
    if name not in known:
        raise Invalid.parameter(parameter, name, f"{refusal.format(name)}; {suggestion(name, known)}")
    return name


def listed_names(parameter: str, listed: Iterable[str], known: Collection[str], refusal: str) -> tuple[str, ...]:
    """The names that were given comma-separated or repeated, each once; raises `Invalid` for one that is not known."""
    names = dict.fromkeys(name for each in listed for name in each.split(",") if name)
    return tuple(known_name(parameter, name, known, refusal) for name in names)


def document_parameters(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The parameters of this model as OpenAPI describes them."""
    described = model.model_json_schema()
    required = described.get("required", ())
    return [_described(name, dict(schema), name in required) for name, schema in described["properties"].items()]


def documented(model: type[BaseModel]) -> dict[str, Any]:
    """What a route that reads these parameters adds to its description."""
    return {"parameters": document_parameters(model)}


def _described(name: str, schema: dict[str, Any], required: bool) -> dict[str, Any]:
    schema.pop("title", None)
    if schema.get("default", ...) in (None, [], ()):
        schema.pop("default")
    # A query has no null; a parameter that may be absent is simply not required.
    kinds = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        schema = {**kinds[0], **schema}
    parameter = {"name": name, "in": "query", "required": required, "schema": schema}
    if description := schema.pop("description", None):
        parameter["description"] = description
    return parameter


@cache
def _fields(model: type[BaseModel]) -> dict[str, bool]:
    """The model's parameters, and whether each may be repeated."""
    return {field.alias or name: get_origin(field.annotation) in (list, tuple) for name, field in model.model_fields.items()}


def _pairs(request: Request) -> Iterator[tuple[str, str]]:
    query: bytes = request.scope["query_string"]
    for pair in query.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            yield _decoded(name, name), _decoded(value, name)


def _decoded(encoded: bytes, name: bytes) -> str:
    shown, sent = name.decode("latin-1"), encoded.decode("latin-1")
    if _BROKEN_ESCAPE.search(encoded):
        detail = "A % in a query begins an escape of two hexadecimal digits; a literal one is %25"
        raise Invalid.parameter(shown, sent, detail, "percent_encoding")
    try:
        text = unquote_to_bytes(encoded.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid.parameter(shown, sent, "The text is not UTF-8; percent-encode it as UTF-8", "not_utf8") from None
    if "\0" in text:
        raise Invalid.parameter(shown, sent, "U+0000 is no text; send the text without it", "not_text")
    return text


def _wrong(found: ErrorDetails) -> Fault:
    name = str(found["loc"][0])
    if found["type"] == "missing":
        return Fault(f"The parameter {name!r} must be given", "missing", parameter=name)
    return Fault(found["msg"].removeprefix("Value error, "), found["type"], parameter=name, value=found["input"])


def _repeated(name: str, text: str) -> Fault:
    return Fault(f"{name!r} is given more than once and can have one value only", "repeated", parameter=name, value=text)


def _unknown(name: str, text: str, known: Collection[str]) -> Fault:
    right = suggestion(name, known) if known else "nothing can be asked here"
    return Fault(f"There is no parameter {name!r}; {right}", "unknown_parameter", parameter=name, value=text)
