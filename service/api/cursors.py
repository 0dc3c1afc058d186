"""Cursors: where the next page of a list begins, in a form that a client only hands back.

A cursor belongs to the list that it came from: it carries a mark of the path, the filters and the order, so that one that was
changed, or is given to another list, is refused instead of answered with a page of something else.
"""

import base64
import json
from hashlib import blake2b
from typing import Annotated, Literal

from fastapi import Request
from pydantic import Field, TypeAdapter

from service.errors import Invalid
from service.register.reading.question import Key, Window
from service.register.text import Prose, RecordId, Shape

Total = Literal["none", "exact"]

_UP_TO = 2**63 - 1
_Number = Annotated[int, Field(ge=0, le=_UP_TO)]
_Content = TypeAdapter(tuple[_Number | Prose, RecordId | _Number, str])


class Paging(Shape):
    """What every list takes, besides its filters and its order."""

    limit: Annotated[int, Field(ge=1, le=200, description="How many items a page has at most.")] = 20
    cursor: Annotated[str | None, Field(description="`next_cursor` of the page before.")] = None

    def window(self, request: Request, sort: str) -> Window:
        """The page that is asked for. Raises `Invalid` for a cursor that did not come from this list."""
        return Window(sort, _position(request, self), self.limit)


class Counting(Paging):
    """Paging of a list that can be counted."""

    total: Annotated[Total, Field(description="`exact` counts all items that pass the filters.")] = "none"

    def window(self, request: Request, sort: str) -> Window:
        """The page that is asked for, counted if that is asked for too."""
        return super().window(request, sort)._replace(counted=self.total == "exact")


def cursor_at(request: Request, asked: Paging, key: Key) -> str:
    """The cursor of the page that begins after this key."""
    content = json.dumps([*key, _mark(request, asked, key)], separators=(",", ":"))
    return base64.urlsafe_b64encode(content.encode()).rstrip(b"=").decode()


def _position(request: Request, asked: Paging) -> Key | None:
    if asked.cursor is None:
        return None
    try:
        value, record_id, mark = _Content.validate_json(base64.urlsafe_b64decode(asked.cursor + "=" * (-len(asked.cursor) % 4)))
    except ValueError:
        raise _foreign(asked.cursor) from None
    key = Key(value, record_id)
    if mark != _mark(request, asked, key):
        raise _foreign(asked.cursor)
    return key


def _foreign(cursor: str) -> Invalid:
    detail = "This cursor did not come from this list: it was changed, or the filters or the order are others. Begin without one"
    return Invalid.parameter("cursor", cursor, detail, "foreign_cursor")


def _mark(request: Request, asked: Paging, key: Key) -> str:
    what = asked.model_dump_json(exclude={"cursor", "limit", "total"})
    return blake2b(f"{request.url.path}\n{what}\n{key.value}\n{key.id}".encode(), digest_size=9).hexdigest()
