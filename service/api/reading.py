"""Reading one record, as it is or as it was."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Annotated

from fastapi import Query, Request, Response

from service.api import answers
from service.api.requests import client_of, register_of
from service.errors import Invalid
from service.register.reading import history
from service.register.reading.one import find
from service.register.reading.records import Noun
from service.register.table import now

AsOf = Annotated[
    str | None,
    Query(
        description="A moment (RFC 3339), or a day, which stands for its end in UTC: the record as the register had it then."
        " What it shows of other records is as it was when that version was written.",
        examples=["2024-06-04T09:00:00Z"],
    ),
]

_OFFSET_AFTER_BLANK = re.compile(r"(T\S+) (\d\d:\d\d)$")


def read(request: Request, noun: Noun, record_id: str, as_of: str | None) -> Response:
    """The record as it is now, or as it was at that moment.

    The request is asked itself: to let FastAPI look up both for the function would add a tenth to the time of this answer.
    """
    register, audience = register_of(request), client_of(request).audience
    if as_of is None:
        return answers.found(find(register, noun, record_id, audience=audience))
    return answers.found(history.find_as_of(register, noun, record_id, moment(as_of), audience=audience))


def moment(as_of: str) -> datetime:
    """The moment that is meant, in UTC. Raises `Invalid` for what is none, and for one that is still to come."""
    # A `+` in a query is a blank, and most clients forget to escape it.
    text = _OFFSET_AFTER_BLANK.sub(r"\1+\2", as_of.strip())
    try:
        known = datetime.fromisoformat(text)
        if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
            known = datetime.combine(known.date(), time(), UTC) + timedelta(days=1, microseconds=-1)
            known = min(known, now()) if known.date() == now().date() else known
        if known.tzinfo is None:
            raise ValueError
        known = known.astimezone(UTC)
    except (ValueError, OverflowError):
        detail = "A moment with its offset from UTC is expected, such as 2024-06-04T09:00:00Z, or a day, such as 2024-06-04"
        raise Invalid.parameter("as_of", as_of, detail, "instant") from None
    if known > now() + timedelta(seconds=1):
        raise Invalid.parameter("as_of", as_of, "What will be is not known; give a moment that has passed", "future")
    return known
