"""What a refusal looks like on the wire, and the refusals that only HTTP knows."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from starlette.types import Scope

from service.errors import Problem as Refusal

MEDIA_TYPE = "application/problem+json"
NO_TYPE = "about:blank"


class ProblemFault(BaseModel):
    """One value that is wrong: where it stands, what it is, and what would be right."""

    pointer: str | None = Field(None, description="A JSON Pointer into the body as a fragment (RFC 6901).", examples=["#/when"])
    parameter: str | None = Field(None, description="The name of a parameter, where the value is not in the body.")
    code: str = Field(description="Which kind of mistake it is, for a program.", examples=["unknown_parameter"])
    detail: str = Field(description="What is wrong, and what would be right.")
    value: Any = Field(None, description="What was sent; a long text is shortened.")


class Problem(BaseModel):
    """A request that was not fulfilled (RFC 9457). Some types have further members, such as `current_version` of `stale`."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(
        description="Stands for this kind of problem, and leads to the page that says what to do about it.",
        examples=["/problems/invalid"],
        json_schema_extra={"format": "uri-reference"},
    )
    title: str = Field(description="What kind of problem it is, always in the same English words.")
    status: int = Field(description="The HTTP status, once more.")
    detail: str = Field(description="What is wrong this time, and what would be right, in English.")
    instance: str = Field(description="The path that was asked.")
    request_id: str = Field(description="The name of the request in the log.")
    errors: list[ProblemFault] | None = Field(None, description="The values that are wrong, where it is about values.")


class ItemProblem(BaseModel):
    """Why one of many items was refused."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ProblemFault]


class Malformed(Refusal):
    """The body cannot be read as JSON in one way only."""

    status = 400
    type = "malformed-json"
    title = "The body is not JSON that can be read"


class NoSuchPath(Refusal):
    status = 404
    type = "no-such-path"
    title = "There is nothing at this path"


class MethodNotAllowed(Refusal):
    status = 405
    type = "method-not-allowed"
    title = "This cannot be done here"


class TooLarge(Refusal):
    status = 413
    type = "too-large"
    title = "The body is too large"


class UnsupportedMediaType(Refusal):
    status = 415
    type = "unsupported-media-type"
    title = "The body is of a type that is not read here"


MEANINGS = {
    308: "The record was merged into another; `Location` is where it lives on",
    400: "The body is not JSON that can be read",
    401: "A key is needed, or the one that was sent is none",
    403: "The key does not allow this",
    404: "There is no such record",
    409: "The request contradicts the register",
    410: "The record was withdrawn",
    412: "The record has another version than the change was made for; `ETag` is its tag now",
    413: "The body is too large",
    415: "The body is of a type that is not read here",
    422: "The request has values that cannot be right",
    428: "The change does not say in If-Match which version it is made for; `ETag` is the tag of the record now",
    429: "Too many requests; `Retry-After` says when to begin again",
    500: "Something went wrong on our side; the log has it under the request id",
    503: "The register, or search, is unavailable; nothing was done",
}


def refusals(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals that an operation documents: these, and those that every operation shares."""
    return {status: {"model": Problem, "description": MEANINGS[status]} for status in sorted((*statuses, 401, 403, 429, 503))}


def refusal(status: int, description: str) -> dict[int | str, dict[str, Any]]:
    """A refusal that means something else in an operation than its status usually does."""
    return {status: {"model": Problem, "description": description}}


def answer(refusal: Refusal, scope: Scope) -> Response:
    """The response that tells a refusal."""
    request_id = scope.get("state", {}).get("request_id", "")
    body = {**told(refusal), "instance": scope["path"], "request_id": request_id}
    if refusal.faults:
        body["errors"] = [fault.as_json() for fault in refusal.faults]
    further = {name: value for name, value in refusal.members.items() if name not in body}
    return Response(encoded(body | further), refusal.status, refusal.headers, MEDIA_TYPE)


def told(refusal: Refusal) -> dict[str, Any]:
    """What is told of a refusal wherever it is told."""
    return {
        "type": refusal.type if refusal.type == NO_TYPE else f"/problems/{refusal.type}",
        "title": refusal.title,
        "status": refusal.status,
        "detail": refusal.detail,
    }


def of_status(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Refusal:
    """A refusal that means no more than its status, as the framework raises them (RFC 9457 §4.2.1)."""
    kind = type("HttpRefusal", (Refusal,), {"status": status, "type": NO_TYPE, "title": HTTPStatus(status).phrase})
    refusal: Refusal = kind(detail, headers=headers)
    return refusal


def encoded(body: Mapping[str, Any]) -> bytes:
    """The body as UTF-8; a lone surrogate that the request had is told as the escape that it was sent as."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
