"""The gate: on whose behalf a request is made, and whether that client may do it, before anything else is looked at.

What says nothing of the register is open: whether the process lives, the documentation, the pages of problems.
"""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from service.access import client as access
from service.access.client import Client
from service.access.keyring import Keyring
from service.api import problems
from service.errors import Forbidden, Problem

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OF_OPERATORS: Final = ("/v1/index", "/metrics")
"""How the mirrors are, which also tells how many documents there are of all levels."""


class Gate:
    """The layer that finds the client of a request, in pure ASGI; it asks no database."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            try:
                scope["state"]["client"] = _client(scope)
            except Problem as refusal:
                await problems.answer(refusal, scope)(scope, receive, send)
                return
        await self.app(scope, receive, send)


def _client(scope: Scope) -> Client:
    path: str = scope["path"]
    scope_needed = needed(path, scope["method"])
    if scope_needed is None:
        return access.READER
    keyring: Keyring = scope["app"].state.keyring
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"authorization"), None)
    client = keyring.client(given)
    if not client.may(scope_needed):
        raise Forbidden(f"This needs a key with the scope {scope_needed}; this one has {client.scope}")
    return client


def needed(path: str, method: str) -> access.Scope | None:
    """The scope that a key needs for a request; None where nobody is asked who they are."""
    if path in _OF_OPERATORS:
        return "admin"
    if not path.startswith("/v1/"):
        return None
    return "read" if method in _READS else "write"
