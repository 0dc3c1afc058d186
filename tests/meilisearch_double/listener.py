"""A port of loopback with connections that stay open, served by a thread of its own."""

import asyncio
import itertools
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress

from tests.meilisearch_double.wire import Request, read_request

Respond = Callable[[Request, asyncio.StreamWriter], Awaitable[bool]]


class Listener:
    """Reads requests and hands them to `respond`, which says whether the connection goes on."""

    def __init__(self, respond: Respond) -> None:
        self.port = 0
        self.connections = 0
        self._respond = respond
        self._numbers = itertools.count(1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="meilisearch-double", daemon=True)
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def go_down(self) -> None:
        """Refuse connections and end those that are open."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)

    def come_up(self) -> None:
        """Listen, again on the same port if there was one."""
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    async def _start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=2**20)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        serving = dict(self._open)
        for task, writer in serving.items():
            writer.transport.abort()
            task.cancel()
        if serving:
            await asyncio.wait(serving)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open[task] = writer
        self.connections = number = next(self._numbers)
        try:
            while (request := await read_request(reader, number)) is not None:
                if not await self._respond(request, writer):
                    writer.transport.abort()
                    return
        except (ConnectionError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            del self._open[task]
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
