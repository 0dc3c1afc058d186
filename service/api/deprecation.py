"""Routes that are on their way out: their answers say since when, until when, and what takes their place.

    @router.get("/v1/meetings", …)
    @deprecated(since=datetime(2026, 1, 1, tzinfo=UTC), sunset=datetime(2027, 6, 30, tzinfo=UTC), successor="/v1/engagements")
    def list_meetings(…): …

`Deprecation` is RFC 9745, `Sunset` RFC 8594, `rel="successor-version"` RFC 5829. The headers are on refusals as well, and the
OpenAPI document marks the operation. A route that is not deprecated pays nothing: only the marked ones are wrapped.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final, TypeVar

from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_MARK: Final = "__deprecation__"
_ABOUT: Final = "/docs"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Since when a route should no longer be used, when it will stop answering, and where its successor and the reasons are."""

    since: datetime
    sunset: datetime | None = None
    successor: str | None = None
    about: str = _ABOUT

    def __post_init__(self) -> None:
        if self.since.tzinfo is None or (self.sunset is not None and self.sunset.tzinfo is None):
            raise ValueError("an instant without a time zone is no instant")
        if self.sunset is not None and self.sunset < self.since:
            raise ValueError("a route cannot stop answering before it is deprecated (RFC 9745 §4)")

    def headers(self) -> list[tuple[bytes, bytes]]:
        """The headers of every answer of the route."""
        told = [
            ("deprecation", f"@{int(self.since.timestamp())}"),
            ("link", f'<{self.about}>; rel="deprecation"; type="text/html"'),
        ]
        if self.sunset is not None:
            told.append(("sunset", _http_date(self.sunset)))
        if self.successor is not None:
            told.append(("link", f'<{self.successor}>; rel="successor-version"'))
        return [(name.encode(), value.encode()) for name, value in told]

    def sentence(self) -> str:
        """The same for a reader of the documentation."""
        instead = f" Use `{self.successor}` instead." if self.successor else ""
        until = f" It stops answering on {self.sunset.astimezone(UTC):%Y-%m-%d}." if self.sunset else ""
        return f"Deprecated since {self.since.astimezone(UTC):%Y-%m-%d}.{instead}{until}"


def deprecated(
    *, since: datetime, sunset: datetime | None = None, successor: str | None = None, about: str = _ABOUT
) -> Callable[[Endpoint], Endpoint]:
    """Mark an endpoint; the decorator stands below that of the router. Raises `ValueError` for instants that cannot be right."""
    deprecation = Deprecation(since, sunset, successor, about)

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _MARK, deprecation)
        return endpoint

    return mark


def announce(route: APIRoute) -> None:
    """Let a route whose endpoint is marked say so in its answers and in the document; leave any other as it is."""
    deprecation: Deprecation | None = getattr(route.endpoint, _MARK, None)
    if deprecation is None:
        return
    route.deprecated = True
    route.description = f"{deprecation.sentence()}\n\n{route.description}".strip()
    route.app = _announcing(route.app, deprecation.headers())


def _announcing(app: ASGIApp, headers: list[tuple[bytes, bytes]]) -> ASGIApp:
    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *headers]}
            await send(message)

        await app(scope, receive, sending)

    return answering


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC), usegmt=True)
