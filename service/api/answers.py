"""Answers: records and pages that the database wrote as JSON, handed on as bytes, and what is put together here.

One place for the headers that all answers of a kind have in common.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
from fastapi import Request, Response

from service.api.cursors import Paging, cursor_at
from service.register.reading.one import Found
from service.register.reading.question import Page

JSON = "application/json"


def found(record: Found) -> Response:
    """A record as it was read."""
    return Response(record.json, media_type=JSON)


def passed_on(json: bytes) -> Response:
    """Any other JSON that the database wrote."""
    return Response(json, media_type=JSON)


def made(body: Mapping[str, Any]) -> Response:
    """What was put together here."""
    return Response(orjson.dumps(body), media_type=JSON)


def written(record: Mapping[str, Any]) -> Response:
    """A record, or a part of one, as it is after a change."""
    return made(record)


def created(record: Mapping[str, Any], location: str) -> Response:
    """A record, or a part of one, that is new, and where it can be read."""
    return Response(orjson.dumps(record), 201, {"Location": location}, JSON)


def nothing() -> Response:
    """That it was done, and there is nothing to show."""
    return Response(status_code=204)


def page(request: Request, asked: Paging, listed: Page) -> Response:
    """A page of a list, with the cursor of the next one and a link to it (RFC 8288)."""
    cursor = cursor_at(request, asked, listed.next) if listed.next else None
    rest = orjson.dumps({"next_cursor": cursor, "total": listed.total})
    body = b'{"items":[%b],%b' % (b",".join(listed.items), rest[1:])
    headers = {"Link": f'<{_next(request, cursor)}>; rel="next"'} if cursor else None
    return Response(body, 200, headers, JSON)


def _next(request: Request, cursor: str) -> str:
    address, _, query = str(request.url).partition("?")
    kept = [(name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "cursor"]
    return f"{address}?{urlencode([*kept, ('cursor', cursor)])}"
