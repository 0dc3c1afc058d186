"""How many requests a client may make in a minute, told with every answer (draft-ietf-httpapi-ratelimit-headers-10).

Each process counts for itself. Whoever is on the machine of a register without keys is not counted.
"""

import time
from typing import Final

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.access import client as access
from service.access.client import Client
from service.api import problems
from service.errors import TooMany

_WINDOW_SECONDS: Final = 60


class Rates:
    """The layer that counts, in pure ASGI; the gate has found the client before."""

    def __init__(self, app: ASGIApp, requests_per_minute: int) -> None:
        self.app = app
        self.item = RateLimitItemPerMinute(requests_per_minute) if requests_per_minute else None
        self.limiter = FixedWindowRateLimiter(MemoryStorage())
        self.policy = (b"ratelimit-policy", f'"default";q={requests_per_minute};w={_WINDOW_SECONDS}'.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        counted = _counted(scope) if self.item and scope["type"] == "http" else None
        if self.item is None or counted is None:
            await self.app(scope, receive, send)
            return
        allowed = self.limiter.hit(self.item, counted)
        known = self.limiter.get_window_stats(self.item, counted)
        seconds = max(1, round(known.reset_time - time.time()))
        send = _telling(send, [self.policy, (b"ratelimit", f'"default";r={known.remaining};t={seconds}'.encode())])
        if allowed:
            await self.app(scope, receive, send)
            return
        detail = f"{self.item.amount} requests a minute are answered; begin again in {seconds} seconds"
        refusal = TooMany(detail, headers={"Retry-After": str(seconds)})
        await problems.answer(refusal, scope)(scope, receive, send)


def _counted(scope: Scope) -> str | None:
    """Who is counted: the key, or the address of who brings none; None where nobody is."""
    client: Client = scope["state"]["client"]
    if client is access.LOCAL or not scope["path"].startswith("/v1/"):
        return None
    return client.id or f"at {(scope.get('client') or ('nowhere',))[0]}"


def _telling(send: Send, headers: list[tuple[bytes, bytes]]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *headers]
        await send(message)

    return sending
