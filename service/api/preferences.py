"""What a client would rather have with a write (RFC 7240): to wait until it can be found, or not to be shown it again.

`wait=N` (§4.3): every answer to a write carries a `Sync-Token`. With the preference, a write is answered once the mirror that is
asked holds it, or after N seconds; the answer is the same either way, and `Search-Sync` says which it was. It is never an error.

`return=minimal` (§4.2): the answer to a write has its headers and no body; what would have been 200 is 204.

`handling=strict` (§4.4): what is likely recorded already is refused instead of recorded with a hint (`service.api.duplicates`).
"""

import re
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.mirror.tokens import LONGEST_SECONDS

TOKEN: Final = "Sync-Token"  # noqa: S105  the name of a header
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_MINIMAL: Final = re.compile(r"(?:^|[,;\s])return\s*=\s*\"?minimal\"?(?=$|[,;\s])", re.IGNORECASE)
_HANDLING: Final = re.compile(r"(?:^|[,;\s])handling\s*=\s*\"?(strict|lenient)\"?(?=$|[,;\s])", re.IGNORECASE)
_WAIT: Final = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\"?(?=$|[,;\s])", re.IGNORECASE)


def wait_seconds(prefer: str | None) -> int | None:
    """The seconds that a Prefer header asks to wait, at most `LONGEST_SECONDS`; None where it does not ask."""
    found = _WAIT.search(prefer or "")
    return min(int(found[1]), LONGEST_SECONDS) if found else None


def is_strict(prefer: str) -> bool:
    """Whether a Prefer header asks for strict handling; of several preferences for handling the first one counts (§2)."""
    found = _HANDLING.search(prefer)
    return found is not None and found[1].lower() == "strict"


class Preferring:
    """The layer around writes that adds the token, waits where it is asked to, and leaves the body out where it is not wanted."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _WRITES:
            await self.app(scope, receive, send)
            return
        prefer = ", ".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"prefer")
        bare = False

        async def sending(message: Message) -> None:
            nonlocal bare
            if message["type"] == "http.response.start" and message["status"] < 300:
                message["headers"] = [*message["headers"], *await _said(scope, wait_seconds(prefer))]
                bare = message["status"] in (200, 201) and _MINIMAL.search(prefer) is not None
                message = _without_body(message) if bare else message
            elif bare and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app(scope, receive, sending)


def _without_body(start: Message) -> Message:
    created = start["status"] == 201
    headers = [pair for pair in start["headers"] if pair[0] not in (b"content-type", b"content-length")]
    # 201 says how long its empty body is; 204 has none to speak of (RFC 9110 §8.6).
    headers += [(b"preference-applied", b"return=minimal"), *([(b"content-length", b"0")] if created else [])]
    return {**start, "status": 201 if created else 204, "headers": headers}


async def _said(scope: Scope, wait: int | None) -> list[tuple[bytes, bytes]]:
    state = scope["app"].state
    token = state.tokens.newest
    headers = [(TOKEN.lower().encode(), str(token).encode())]
    if wait is not None:
        reached = await state.tokens.reached(state.search.first.name, token, wait)
        headers += [(b"preference-applied", f"wait={wait}".encode()), (b"search-sync", reached.encode())]
    return headers
