"""`Prefer: wait=N` (RFC 7240 §4.3): how long a client wants to wait until what it wrote can be found.

Every answer to a write carries a `Sync-Token`. With the preference, a write is answered once the mirror that is asked holds
it, or after N seconds; the answer is the same either way, and `Search-Sync` says which it was. It is never an error.
"""

import re
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.mirror.tokens import LONGEST_SECONDS

TOKEN: Final = "Sync-Token"  # noqa: S105  the name of a header
_WRITES: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_WAIT: Final = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,6})\"?(?=$|[,;\s])", re.IGNORECASE)


def wait_seconds(prefer: str | None) -> int | None:
    """The seconds that a Prefer header asks to wait, at most `LONGEST_SECONDS`; None where it does not ask."""
    found = _WAIT.search(prefer or "")
    return min(int(found[1]), LONGEST_SECONDS) if found else None


class Waiting:
    """The layer around writes that adds the token, and waits where it is asked to."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in _WRITES:
            await self.app(scope, receive, send)
            return
        prefer = ", ".join(value.decode("latin-1") for name, value in scope["headers"] if name == b"prefer")

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < 300:
                message["headers"] = [*message["headers"], *await _said(scope, wait_seconds(prefer))]
            await send(message)

        await self.app(scope, receive, sending)


async def _said(scope: Scope, wait: int | None) -> list[tuple[bytes, bytes]]:
    state = scope["app"].state
    token = state.tokens.newest
    headers = [(TOKEN.lower().encode(), str(token).encode())]
    if wait is not None:
        reached = await state.tokens.reached(state.search.first.name, token, wait)
        headers += [(b"preference-applied", f"wait={wait}".encode()), (b"search-sync", reached.encode())]
    return headers
