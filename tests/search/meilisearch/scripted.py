"""A server on the event loop of a test, which does on each connection what the test says."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any

from service.search.meilisearch.address import Address
from service.search.meilisearch.hop import Hop


@dataclass
class Conversation:
    """One connection as the server sees it; `number` counts from 1."""

    number: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def heard(self) -> bytes:
        """The next request, its head and body; raises when the client has left."""
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        return head + await self.reader.readexactly(length)

    def say(self, content: bytes) -> None:
        self.writer.write(content)

    def answer(self, content: bytes = b"{}", status: int = 200, *headers: str) -> None:
        lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(content)}", *headers]
        self.say("\r\n".join(lines).encode() + b"\r\n\r\n" + content)

    async def left(self) -> bool:
        """Wait until the client has ended the connection."""
        async with asyncio.timeout(2):
            with suppress(ConnectionError):
                return await self.reader.read() == b""
        return True


Script = Callable[[Conversation], Awaitable[None]]


@dataclass
class ScriptedServer:
    address: Address
    connections: list[Conversation] = field(default_factory=list)


@asynccontextmanager
async def scripted(
    script: Script, *, host: str = "127.0.0.1", base: str = "", tls: SSLContext | None = None
) -> AsyncIterator[ScriptedServer]:
    """Serve with a script; a connection ends where its script ends."""
    started: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversation = Conversation(len(server.connections) + 1, reader, writer)
        server.connections.append(conversation)
        task = asyncio.current_task()
        assert task is not None
        started.append(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                await script(conversation)
        finally:
            writer.transport.abort()

    listener = await asyncio.start_server(serve, host, 0, ssl=tls)
    port = listener.sockets[0].getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    server = ScriptedServer(Address.parse(f"http{'s' if tls else ''}://{shown}:{port}{base}"))
    try:
        yield server
    finally:
        listener.close()
        for task in started:
            task.cancel()
        await asyncio.gather(*started, return_exceptions=True)


@asynccontextmanager
async def hop_to(
    script: Script, *, host: str = "127.0.0.1", base: str = "", **bounds: Any
) -> AsyncIterator[tuple[Hop, ScriptedServer]]:
    async with scripted(script, host=host, base=base) as server:
        hop = Hop(server.address, "a-key", **{"total_seconds": 0.5, **bounds})
        try:
            yield hop, server
        finally:
            await hop.close()


async def echo(client: Conversation) -> None:
    """Answer every request with its own body."""
    while True:
        client.answer((await client.heard()).split(b"\r\n\r\n", 1)[1])
