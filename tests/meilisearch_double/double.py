"""The server itself: a thread with an event loop, the plan of what goes wrong, and the handles that a test needs."""

import asyncio
import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from typing import Self

from tests.meilisearch_double import routes
from tests.meilisearch_double.faults import Canned, CutAfter, CutBefore, CutMidway, Delay, Fault, Late, TaskFails
from tests.meilisearch_double.wire import Reply, Request, read_request
from tests.meilisearch_double.world import Index, Key, Task, World

MASTER_KEY = "a-master-key-of-the-tests"


class MeilisearchDouble:
    """One server on a free port of loopback. With `auto`, a task is done before its 202 is sent; otherwise `step` does it."""

    def __init__(self, *, auto: bool = True, master_key: str | None = MASTER_KEY) -> None:
        self.auto = auto
        self.master_key = master_key
        self.port = 0
        self.requests: list[Request] = []
        self.connections = 0
        self._world = World(master_key)
        self._plan: list[tuple[str, Fault]] = []
        self._late: list[Request] = []
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="meilisearch-double", daemon=True)
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        self.come_up()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_down()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # What the server holds.

    def index(self, uid: str) -> Index:
        """The index as it is, for looking; change it through requests, or as the operator who does what he should not."""
        return self._world.indexes[uid]

    @property
    def indexes(self) -> dict[str, Index]:
        return self._world.indexes

    @property
    def tasks(self) -> list[Task]:
        return list(self._world.tasks.values())

    def add_key(self, actions: list[str], indexes: list[str]) -> Key:
        with self._lock:
            return self._world.add_key(actions, indexes)

    def step(self) -> Task | None:
        """Do the oldest waiting task; None when none waits."""
        with self._lock:
            return self._world.step()

    def run(self) -> int:
        """Do all waiting tasks, and say how many."""
        return sum(1 for _ in iter(self.step, None))

    # What goes wrong.

    def fail_next(self, pattern: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next requests that match go wrong: `POST */documents`, or a path for every method; `*` stands for anything."""
        with self._lock:
            self._plan += [(pattern if " " in pattern else f"* {pattern}", fault)] * times

    def deliver_late(self) -> int:
        """Let the requests that are still on their way arrive, in the order in which they were sent; says how many."""
        with self._lock:
            arrived, self._late = self._late, []
            for request in arrived:
                self._handle(request, None)
            return len(arrived)

    def go_down(self) -> None:
        """Refuse connections and end those that are open; what the server holds stays."""
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)

    def come_up(self) -> None:
        """Listen again, on the same port."""
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)

    @contextmanager
    def down(self) -> Iterator[None]:
        self.go_down()
        try:
            yield
        finally:
            self.come_up()

    # The server.

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
        number = next(self._numbers)
        self.connections = number
        try:
            while (request := await read_request(reader, number)) is not None:
                self.requests.append(request)
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

    async def _respond(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Answer one request as planned; False when the connection has to end."""
        fault = self._planned(request)
        match fault:
            case CutBefore():
                return False
            case Late():
                self._late.append(request)
                return False
            case Canned(effect=effect):
                if effect:
                    self._handle(request, None)
                writer.write(Reply(fault.status, fault.content, fault.content_type, fault.headers).as_bytes())
                return True
        answer = self._handle(request, fault if isinstance(fault, TaskFails) else None).as_bytes()
        match fault:
            case CutAfter():
                return False
            case CutMidway():
                writer.write(answer[: len(answer) - 5])
                await writer.drain()
                writer.close()
                return True
            case Delay(seconds=seconds):
                await asyncio.sleep(seconds)
        writer.write(answer)
        return True

    def _planned(self, request: Request) -> Fault | None:
        with self._lock:
            for place, (pattern, fault) in enumerate(self._plan):
                if fnmatchcase(f"{request.method} {request.path}", pattern):
                    del self._plan[place]
                    return fault
        return None

    def _handle(self, request: Request, doom: TaskFails | None) -> Reply:
        with self._lock:
            answer = routes.answer(self._world, request, doom)
            if self.auto:
                self.run()
            return answer
