"""One keep-alive connection to a server, which carries one request at a time (RFC 9112).

The bytes of an answer are parsed by httptools as they come. Whoever asked gets the whole answer or an error; a connection
on which an answer was begun and not finished is never asked again, because its next bytes belong to somebody else.
"""

import asyncio
from collections.abc import Callable
from typing import NamedTuple, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser


class Reply(NamedTuple):
    status: int
    content: bytes
    retry_after: str | None


class Unheard(Exception):
    """The connection ended before anything of an answer came; on one that had been idle, the server had most likely left it."""


class Broken(Exception):
    """What came is not a whole HTTP answer."""


class Connection(asyncio.Protocol):
    """The protocol object of one connection. `on_lost` is called once, when it has ended."""

    def __init__(self, longest: int, on_lost: Callable[["Connection"], None]) -> None:
        self._longest = longest
        self._on_lost = on_lost
        self._parser = HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Reply] | None = None
        self._heard = False
        self._stays = False
        self.reusable = False
        self._forget()

    def _forget(self) -> None:
        self._pieces: list[bytes] = []
        self._size = 0
        self._retry_after: str | None = None

    def ask(self, request: bytes) -> asyncio.Future[Reply]:
        """Send a request; the future holds its answer, `Unheard` or `Broken`."""
        self._waiting = asyncio.get_running_loop().create_future()
        self._heard = self.reusable = False
        if self._transport is None or self._transport.is_closing():
            self._waiting.set_exception(Unheard())
        else:
            self._transport.write(request)
        return self._waiting

    def abort(self) -> None:
        """End the connection at once, whatever is under way."""
        self.reusable = False
        if self._transport is not None:
            self._transport.abort()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.reusable = True

    def data_received(self, data: bytes) -> None:
        if self._waiting is None or self._waiting.done():
            self.abort()  # Nobody asked for this, or who asked has left.
            return
        self._heard = True
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            self._fail(Broken(f"not an HTTP answer: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        self._fail(Broken(f"the connection ended in the middle of it ({exc or 'closed'})") if self._heard else Unheard())
        self._on_lost(self)

    def _fail(self, error: Exception) -> None:
        self.abort()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)

    # What the parser calls, in this order.

    def on_message_begin(self) -> None:
        self._forget()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after":
            self._retry_after = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._stays = self._parser.should_keep_alive()

    def on_body(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > self._longest:
            self._fail(Broken(f"an answer of more than {self._longest:,} bytes is too long"))
        else:
            self._pieces.append(piece)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200 or self._waiting is None or self._waiting.done():
            return  # "Early hints" and the like announce the answer that is still to come.
        self.reusable = self._stays
        self._waiting.set_result(Reply(status, b"".join(self._pieces), self._retry_after))
