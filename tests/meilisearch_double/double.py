"""The server itself: the plan of what goes wrong, and the handles that a test needs."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Self

from tests.meilisearch_double import routes, scheduler, tasks
from tests.meilisearch_double.clock import Clock
from tests.meilisearch_double.faults import (
    Canned,
    CutAfter,
    CutBefore,
    CutMidway,
    Delay,
    Drip,
    Fault,
    Late,
    Meanwhile,
    Says,
    Silent,
    TaskFails,
)
from tests.meilisearch_double.listener import Listener
from tests.meilisearch_double.wire import Reply, Request
from tests.meilisearch_double.world import Index, Key, Snapshot, Task, World

MASTER_KEY = "a-master-key-of-the-tests"
PAYLOAD_LIMIT = 100_000_000


class MeilisearchDouble:
    """One server on a free port of loopback.

    With `auto`, a task is done before its 202 is sent. Without, the queue grows until `step` does the next batch, or `begin`
    takes it into processing and `finish` ends it. The clock runs until a test sets it.
    """

    def __init__(self, *, auto: bool = True, master_key: str | None = MASTER_KEY, payload_limit: int = PAYLOAD_LIMIT) -> None:
        self.auto = auto
        self.master_key = master_key
        self.requests: list[Request] = []
        self.clock = Clock()
        self._world = World(master_key, self.clock, payload_limit)
        self._plan: list[tuple[str, Fault]] = []
        self._late: list[Request] = []
        self._lock = threading.RLock()
        self._listener = Listener(self._respond)

    def __enter__(self) -> Self:
        self._listener.start()
        self.come_up()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_down()
        self._listener.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def port(self) -> int:
        return self._listener.port

    @property
    def connections(self) -> int:
        """How many there have been."""
        return self._listener.connections

    # What the server holds.

    def index(self, uid: str) -> Index:
        """The index as it is, for looking; change it through requests, or as the operator who does what he should not."""
        return self._world.indexes[uid]

    @property
    def indexes(self) -> dict[str, Index]:
        return self._world.indexes

    @contextmanager
    def tampering(self) -> Iterator[dict[str, Index]]:
        """The indexes, for an operator who changes them by hand while nothing else happens."""
        with self._lock:
            yield self._world.indexes

    @property
    def tasks(self) -> list[Task]:
        return list(self._world.tasks.values())

    def add_key(self, actions: list[str], indexes: list[str]) -> Key:
        with self._lock:
            return self._world.add_key(actions, indexes)

    def snapshot(self) -> Snapshot:
        """What the server holds, as a backup has it."""
        with self._lock:
            return self._world.snapshot()

    def restore(self, kept: Snapshot) -> None:
        """Put a backup back: the numbers of tasks that came after it are given again."""
        with self._lock:
            self._world.restore(kept)

    def wipe(self) -> None:
        """Hold nothing, as on the first day; only the master key stays."""
        self.restore(Snapshot())

    # The queue.

    def begin(self) -> list[Task]:
        """Take the next batch into processing and leave it there; nothing more where one is in processing already."""
        with self._lock:
            return [] if self._world.processing else scheduler.begin(self._world)

    def finish(self) -> list[Task]:
        """End what is in processing."""
        with self._lock:
            return scheduler.finish(self._world)

    def step(self) -> list[Task]:
        """Do one batch: that in processing, or the next one; its tasks, none when none waits."""
        with self._lock:
            self.begin()
            return self.finish()

    def run(self) -> int:
        """Do all waiting tasks, and say how many."""
        return sum(len(done) for done in iter(self.step, []))

    def prune(self, number: int) -> None:
        """Forget the oldest tasks that have ended, as the server does by itself when its queue is long."""
        with self._lock:
            tasks.prune(self._world, number)
            if self.auto:
                self.run()

    # What goes wrong.

    def fail_next(self, pattern: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next requests that match go wrong: `POST */documents`, or a path for every method; `*` stands for anything."""
        with self._lock:
            self._plan += [(pattern if " " in pattern else f"* {pattern}", fault)] * times

    def planned(self, request: Request) -> Fault | None:
        """What goes wrong with a request. A double that lies by chance overrides this."""
        with self._lock:
            for place, (pattern, fault) in enumerate(self._plan):
                if fnmatchcase(f"{request.method} {request.path}", pattern):
                    del self._plan[place]
                    return fault
        return None

    def deliver_late(self) -> int:
        """Let the requests that are still on their way arrive, in the order in which they were sent; says how many."""
        with self._lock:
            arrived, self._late = self._late, []
            for request in arrived:
                self._handle(request, None)
            return len(arrived)

    def go_down(self) -> None:
        """Refuse connections and end those that are open; what the server holds stays."""
        self._listener.go_down()

    def come_up(self) -> None:
        """Listen again, on the same port."""
        self._listener.come_up()

    @contextmanager
    def down(self) -> Iterator[None]:
        self.go_down()
        try:
            yield
        finally:
            self.come_up()

    def kill(self) -> None:
        """Die and start again: connections end, and what was in processing waits again."""
        with self.down(), self._lock:
            self._world.interrupt()

    # The server.

    async def _respond(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Answer one request as planned; False when the connection has to end."""
        self.requests.append(request)
        fault = self.planned(request)
        match fault:
            case CutBefore():
                return False
            case Late():
                self._late.append(request)
                return False
            case Silent(seconds=seconds):
                await asyncio.sleep(seconds)
                return False
            case Canned(effect=effect):
                if effect:
                    self._handle(request, None)
                writer.write(Reply(fault.status, fault.content, fault.content_type, fault.headers).as_bytes())
                return True
        reply = self._handle(request, fault if isinstance(fault, TaskFails) else None)
        answer = (fault.applied_to(reply) if isinstance(fault, Says) else reply).as_bytes()
        return await self._tell(answer, fault, writer)

    async def _tell(self, answer: bytes, fault: Fault | None, writer: asyncio.StreamWriter) -> bool:
        """Send an answer whose request had its effect; False when the connection has to end."""
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
            case Drip(seconds=seconds):
                for byte in answer:
                    if writer.is_closing():
                        return False
                    writer.write(bytes((byte,)))
                    await asyncio.sleep(seconds)
                return True
            case Meanwhile(deed=deed):
                await asyncio.get_running_loop().run_in_executor(None, deed)
        writer.write(answer)
        return True

    def _handle(self, request: Request, doom: TaskFails | None) -> Reply:
        with self._lock:
            answer = routes.answer(self._world, request, doom)
            if self.auto:
                self.run()
            return answer
