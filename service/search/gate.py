"""What no engine would take, known before it is sent, so that one document cannot make a whole batch fail."""

import re
from typing import Final, NamedTuple

from service.search.engine import SearchDocument
from service.search.schema import FILTERABLE, SORTABLE

MAX_DOCUMENT_BYTES: Final = 10_000_000
"""A fifth of what is sent at once at most; the longest record that the API takes in gives a third of it."""

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,511}")
_EXACT: Final = 2**53
"""Beyond this, integers are not exact in an engine that reads JSON numbers as doubles."""

_INTEGERS: Final = (*(name for name, kind in FILTERABLE.items() if kind == "integer"), *SORTABLE)


class Refusal(NamedTuple):
    """Why a document cannot be sent: a code as an engine would give it, and what is wrong."""

    code: str
    message: str


def refusal(document: SearchDocument, size: int) -> Refusal | None:
    """Why this document, which has `size` bytes as JSON, would be refused; None where nothing speaks against it."""
    if not _ID.fullmatch(document["id"]):
        return Refusal("invalid_document_id", f"{document['id'][:80]!r} is no id: 1 to 511 of A-Z a-z 0-9 - _ are")
    if size > MAX_DOCUMENT_BYTES:
        return Refusal("document_too_large", f"{size:,} bytes as JSON; the most is {MAX_DOCUMENT_BYTES:,}")
    for name in _INTEGERS:
        value = document.get(name)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, int) and abs(each) > _EXACT:
                return Refusal("integer_too_large", f"{name} is {each}; integers are exact up to 2^53")
    return None
