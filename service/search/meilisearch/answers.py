"""What an answer of the server means for the one who asked, whichever way it came.

    the server's own JSON, 2xx            what was asked for
    its own "no", 4xx with a code         refused: this request will never be taken as it is
    401, 403, a full disk, 429, 503       down: nothing is wrong with the request, the server cannot now
    anything else                         down for a question; for a change nobody knows what became of it

A proxy's page, a redirect and a cut body are "anything else": whatever stands between us and the server may have passed
the request on. Only an answer that the server itself made is believed.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from service.search.engine import EngineDown, EngineRefused, OutcomeUnknown

SICK = frozenset({"no_space_left_on_device", "io_error", "too_many_open_files", "database_size_limit_reached", "must_restart"})
"""Codes that say that the instance is unwell; the same request will be taken once it has been looked after."""

_OVERLOADED = (429, 503)
_SHORTEST, _LONGEST = 1.0, 600.0


class KeyRefused(EngineDown):
    """The server does not accept our key, or not for this: a matter for the operator, never for a document."""


def meaning(status: int, content: bytes, retry_after: str | None, *, changes: bool) -> dict[str, Any]:
    """The JSON object that was answered, or the error that the answer amounts to.

    `changes` says that the request would have changed something, so that a doubtful answer leaves its outcome unknown.
    """
    said = _json_object(content)
    if 200 <= status < 300 and said is not None:
        return said
    code = said.get("code") if said is not None else None
    if not isinstance(code, str):
        raise _foreign(status, retry_after, changes=changes)
    raise _own(status, code, str(said.get("message", "")) if said else "", retry_after, changes=changes)


def member(said: Mapping[str, Any], name: str) -> Any:
    """A member that the server always gives; without it, what answered is another service."""
    if name not in said:
        raise EngineDown(f"what answered is not Meilisearch: its JSON has no {name!r}; is the address right?", retry_after=30)
    return said[name]


def seconds(retry_after: str | None, otherwise: float = 5.0) -> float:
    """What a Retry-After header asks for (RFC 9110 §10.2.3: seconds or a date), within reason."""
    if not retry_after:
        return otherwise
    try:
        wanted = float(retry_after) if retry_after.strip().isdigit() else _until(retry_after)
    except ValueError:
        return otherwise
    return min(max(wanted, _SHORTEST), _LONGEST)


def doubtful(detail: str, *, changes: bool) -> EngineDown | OutcomeUnknown:
    """The error for a request that may have arrived and was not answered properly."""
    return OutcomeUnknown(detail) if changes else EngineDown(detail)


def _own(status: int, code: str, message: str, retry_after: str | None, *, changes: bool) -> Exception:
    if status in (401, 403):
        return KeyRefused(f"Meilisearch does not accept our key ({code}): {message}", retry_after=30)
    if status in _OVERLOADED or code in SICK:
        detail = f"Meilisearch cannot answer now ({code}): {message}"
        return EngineDown(detail, retry_after=seconds(retry_after, 10), asked=bool(retry_after))
    if 400 <= status < 500:
        return EngineRefused(code, message, status=status)
    return doubtful(f"Meilisearch failed ({status} {code}): {message}", changes=changes)


def _foreign(status: int, retry_after: str | None, *, changes: bool) -> Exception:
    """The error for an answer that a Meilisearch server does not give: somebody in between spoke."""
    if status == 413:
        return EngineRefused("payload_too_large", "something before Meilisearch takes no body of this size", status=status)
    if status == 429 or (status == 503 and not changes):
        detail = f"something before Meilisearch is overloaded ({status})"
        return EngineDown(detail, retry_after=seconds(retry_after), asked=bool(retry_after))
    if 400 <= status < 500 and status != 408:
        return EngineDown(f"what answered is not Meilisearch ({status} without its code); is the address right?", retry_after=30)
    return doubtful(f"what answered is not Meilisearch ({status} without its JSON)", changes=changes)


def _json_object(content: bytes) -> dict[str, Any] | None:
    try:
        said = orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return said if isinstance(said, dict) else None


def _until(date: str) -> float:
    instant = parsedate_to_datetime(date)
    return ((instant if instant.tzinfo else instant.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds()
