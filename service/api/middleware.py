"""What every request passes before it is routed: it gets an id, its body a bound, and HEAD and OPTIONS an answer.

The framework bounds bodies too, but tells a body whose length is announced as too long in plain text; and its routes answer
HEAD and OPTIONS with 405, and 405 with the methods of one route only (RFC 9110 §9.3.2, §15.5.6).
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api import problems
from service.api.conditions import without_what_is_known
from service.api.problems import NoSuchPath, TooLarge
from service.register.table import new_id

_SANE_ID = re.compile(r"[\x21-\x7e]{1,128}")
_TRACE = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)")
HEADER = "X-Request-ID"
NOSNIFF = (b"x-content-type-options", b"nosniff")
"""No browser is to take an answer for another type than it says, such as JSON with a script in it for a page."""


class Bounds(NamedTuple):
    """How many bytes a body has at most: one of a single record, of many, and a file that is taken in."""

    body: int
    bulk: int
    imported: int

    def of(self, path: str) -> int:
        """The bound at this path."""
        return self.imported if path.startswith("/v1/imports/") else self.bulk if path.startswith("/v1/bulk/") else self.body


class Entrance:
    """The outermost of our own layers, in pure ASGI, because the other kind costs three times a whole request."""

    def __init__(self, app: ASGIApp, bounds: Bounds) -> None:
        self.app = app
        self.bounds = bounds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = headers.get(b"x-request-id", b"").decode("latin-1")
        if not _SANE_ID.fullmatch(request_id):
            request_id = _trace_id(headers) or new_id()
        scope.setdefault("state", {})["request_id"] = request_id
        send = _with_request_id(send, request_id)
        if b"content-length" in headers or b"transfer-encoding" in headers:
            announced, bound = headers.get(b"content-length", b"0"), self.bounds.of(scope["path"])
            if announced.isdigit() and int(announced) > bound:
                await problems.answer(too_large(bound), scope)(scope, receive, send)
                return
            receive = _bounded(receive, bound)
        if b"if-none-match" in headers and scope["method"] in ("GET", "HEAD"):
            send = without_what_is_known(scope, send)
        if scope["method"] == "OPTIONS":
            await _options(scope)(scope, receive, send)
        elif scope["method"] == "HEAD":
            scope["state"]["head"] = True  # What never ends has to know.
            await self.app({**scope, "method": "GET"}, receive, _without_body(send))
        else:
            await self.app(scope, receive, send)


def _trace_id(headers: dict[bytes, bytes]) -> str | None:
    """The id of the trace that the request belongs to (W3C Trace Context §3.2.2), so that one name leads through all logs."""
    found = _TRACE.match(headers[b"traceparent"]) if b"traceparent" in headers else None
    return found[1].decode() if found else None


def too_large(limit: int) -> TooLarge:
    """The refusal of a body beyond the bound."""
    return TooLarge(f"The body is longer than {limit} bytes; send less at once")


def allowed_methods(routes: Sequence[BaseRoute], path: str) -> list[str]:
    """All methods that some route answers at this path; none where there is no such path."""
    found: set[str] = set()
    for route in iter_route_contexts(routes):
        pattern = getattr(route, "path_regex", None)
        if pattern is not None and pattern.match(path):
            found |= route.methods or {"GET"}
    if "GET" in found:
        found.add("HEAD")
    return sorted(found | {"OPTIONS"}) if found else []


def _options(scope: Scope) -> Response:
    if allowed := allowed_methods(scope["app"].routes, scope["path"]):
        return Response(status_code=204, headers={"Allow": ", ".join(allowed)})
    return problems.answer(NoSuchPath(f"There is nothing at {scope['path']}"), scope)


def _with_request_id(send: Send, request_id: str) -> Send:
    header = (HEADER.lower().encode(), request_id.encode())

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], header, NOSNIFF]
        await send(message)

    return sending


def _bounded(receive: Receive, limit: int) -> Receive:
    received = 0

    async def receiving() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > limit:
            raise HTTPException(413, too_large(limit).detail)
        return message

    return receiving


def _without_body(send: Send) -> Send:
    async def sending(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return sending
