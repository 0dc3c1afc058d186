"""Answers: records and pages that the database wrote as JSON, handed on as bytes, and what is put together here.

One place for the headers that all answers of a kind have in common. What can be read again has a strong ETag (RFC 9110 §8.8.3),
and nobody else may keep it, because it may be for this reader only.
"""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import orjson
from fastapi import Request, Response
from sqlalchemy import Connection

from service.api.cursors import Paging, cursor_at
from service.api.requests import path_of
from service.register.reading.one import Found, as_shown, tag_of
from service.register.reading.question import Page
from service.register.reading.records import Loaded, Noun
from service.register.verbs.journal import Actor

JSON = "application/json"
_KEPT: Final = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}


def found(record: Found) -> Response:
    """A record as it was read."""
    return Response(record.json, 200, {"ETag": f'"{record.tag}"', **_KEPT}, JSON)


def passed_on(json: bytes) -> Response:
    """Any other JSON that the database wrote."""
    return Response(json, 200, {"ETag": f'"{blake2b(json, digest_size=9).hexdigest()}"', **_KEPT}, JSON)


def put_together(body: Mapping[str, Any]) -> Response:
    """What was put together here of what can be read again."""
    return passed_on(orjson.dumps(body))


def made(body: Mapping[str, Any]) -> Response:
    """What was put together here for this moment."""
    return Response(orjson.dumps(body), media_type=JSON)


def written(connection: Connection, noun: Noun, record: Loaded, by: Actor) -> Response:
    """A record as it is after a change."""
    shown = as_shown(connection, noun, record, audience=by.audience)
    return Response(shown.json, 200, {"ETag": f'"{shown.tag}"'}, JSON)


def created(connection: Connection, noun: Noun, record: Loaded, by: Actor) -> Response:
    """A record that is new, and where it can be read."""
    shown = as_shown(connection, noun, record, audience=by.audience)
    return Response(shown.json, 201, {"Location": path_of(noun, record["id"]), "ETag": f'"{shown.tag}"'}, JSON)


def parsed(record: Found) -> dict[str, Any]:
    """A record as it is shown, to be shown in part."""
    read: dict[str, Any] = orjson.loads(record.json)
    return read


def part(body: Mapping[str, Any], version: int, location: str | None = None) -> Response:
    """A part of a record, or a list of them, with a tag of the record's version; new where it has a location."""
    json = orjson.dumps(body)
    headers = {"ETag": f'"{tag_of(json, version)}"', **_KEPT}
    return Response(json, 201, {"Location": location, **headers}, JSON) if location else Response(json, 200, headers, JSON)


def nothing() -> Response:
    """That it was done, and there is nothing to show."""
    return Response(status_code=204)


def page(request: Request, asked: Paging, listed: Page) -> Response:
    """A page of a list, with the cursor of the next one and a link to it (RFC 8288)."""
    cursor = cursor_at(request, asked, listed.next) if listed.next else None
    rest = orjson.dumps({"next_cursor": cursor, "total": listed.total})
    response = passed_on(b'{"items":[%b],%b' % (b",".join(listed.items), rest[1:]))
    if cursor:
        response.headers["Link"] = f'<{_next(request, cursor)}>; rel="next"'
    return response


def _next(request: Request, cursor: str) -> str:
    address, _, query = str(request.url).partition("?")
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "cursor"]
    return f"{address}?{urlencode([*kept, ('cursor', cursor)])}"
