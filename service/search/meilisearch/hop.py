"""The hop to the server that every search waits for: a small pool of keep-alive connections on the event loop.

The common HTTP clients cost several times what the search itself costs here, so this one does only what one route of
one server needs. It is bounded in every direction: connections, time to connect, time in all (waiting for a free
connection included) and the size of an answer. When it cannot have an answer it raises `EngineDown` and says why.
A caller who leaves takes his connection down with him; nobody will read what still comes on it.
"""

import asyncio
import ssl
from typing import Final

from service.search.engine import EngineDown
from service.search.meilisearch.address import Address
from service.search.meilisearch.connection import Broken, Connection, Reply, Unheard

IDLE_SECONDS: Final = 15.0
"""After this long a connection is not trusted: what stands in between may have dropped it without a word."""


class Hop:
    """The pool of one process and one event loop."""

    def __init__(
        self,
        address: Address,
        key: str | None,
        *,
        connect_seconds: float = 0.5,
        total_seconds: float = 2.0,
        connections: int = 32,
        longest_answer: int = 16_000_000,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._address = address
        self._connect_seconds = connect_seconds
        self._total_seconds = total_seconds
        self._longest = longest_answer
        self._tls = (tls or ssl.create_default_context()) if address.secure else None
        self._head = _head(address, key)
        self._room = asyncio.Semaphore(connections)
        self._idle: list[tuple[float, Connection]] = []
        self._open: set[Connection] = set()
        self._closed = False
        self._all_gone = asyncio.Event()

    async def post(self, path: str, content: bytes) -> Reply:
        """The server's answer to JSON posted to a path, whatever its status; raises `EngineDown` when there is none."""
        request = b"POST %b%b%b%d\r\n\r\n%b" % (self._address.base.encode(), path.encode(), self._head, len(content), content)
        try:
            async with asyncio.timeout(self._total_seconds), self._room:
                return await self._ask(request)
        except TimeoutError:
            raise EngineDown(f"Meilisearch did not answer within {self._total_seconds:g} s") from None
        except Unheard:
            raise EngineDown("Meilisearch ended the connection without an answer") from None
        except Broken as error:
            raise EngineDown(f"Meilisearch's answer cannot be read: {error}") from None

    async def close(self) -> None:
        """End all connections, those in use as well; nothing can be asked afterwards."""
        self._closed = True
        self._idle.clear()
        for connection in tuple(self._open):
            connection.abort()
        if self._open:
            await self._all_gone.wait()

    async def _ask(self, request: bytes) -> Reply:
        if (connection := self._rested()) is not None:
            try:
                return await self._over(connection, request)
            except Unheard:
                # The server had given the idle connection up. A search may be asked again, and a new connection
                # tells at once whether the server is there at all.
                pass
        return await self._over(await self._connected(), request)

    async def _over(self, connection: Connection, request: bytes) -> Reply:
        try:
            return await connection.ask(request)
        finally:
            if connection.reusable and not self._closed:
                self._idle.append((asyncio.get_running_loop().time(), connection))
            else:
                connection.abort()

    def _rested(self) -> Connection | None:
        """The connection that was used last, if there is one that can be expected to live."""
        oldest = asyncio.get_running_loop().time() - IDLE_SECONDS
        while self._idle:
            since, connection = self._idle.pop()
            if connection.reusable and since >= oldest:
                return connection
            connection.abort()
        return None

    async def _connected(self) -> Connection:
        if self._closed:
            raise EngineDown("the connections to Meilisearch are closed")
        server_name = self._address.host if self._tls else None
        try:
            async with asyncio.timeout(self._connect_seconds):
                _, connection = await asyncio.get_running_loop().create_connection(
                    self._new, self._address.host, self._address.port, ssl=self._tls, server_hostname=server_name
                )
        except TimeoutError:
            raise EngineDown(f"Meilisearch took no connection within {self._connect_seconds:g} s") from None
        except OSError as error:
            raise EngineDown(f"Meilisearch cannot be reached: {error.strerror or type(error).__name__}") from None
        if self._closed:
            connection.abort()
        self._open.add(connection)
        return connection

    def _new(self) -> Connection:
        return Connection(self._longest, self._lost)

    def _lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        if self._closed and not self._open:
            self._all_gone.set()


def _head(address: Address, key: str | None) -> bytes:
    """The part of every request that is always the same, from behind the path up to the length of the body."""
    if key is not None and not (key.isascii() and key.isprintable()):
        raise ValueError("a Meilisearch key is printable ASCII")
    lines = [
        " HTTP/1.1",
        f"Host: {address.authority}",
        "User-Agent: engagement-register",
        "Accept: application/json",
        "Content-Type: application/json",
        *([f"Authorization: Bearer {key}"] if key is not None else []),
        "Content-Length: ",
    ]
    return "\r\n".join(lines).encode()
