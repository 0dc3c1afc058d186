"""The bell: wakes those who wait for a change, so that nobody has to ask again and again.

It is rung by the commits of this process, and by a look at the register a few times a second while somebody waits, which notices
those of others. However many wait, that is one look.
"""

import asyncio
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import structlog
from anyio import CapacityLimiter, to_thread

from service.database import Database
from service.errors import Problem, Unavailable
from service.register.reading import changes

log = structlog.get_logger()

MOST_WAITING: Final = 500
"""How many may wait at once in one process; nobody's thread is held by it."""

_READERS: Final = 2

T = TypeVar("T")


class Bell:
    """One for each process."""

    def __init__(self, database: Database, seconds: float) -> None:
        self.database = database
        self.seconds = seconds
        self.stopped = False
        self._waiting = 0
        self._rung = asyncio.Event()
        self._asked: dict[Hashable, asyncio.Future[Any]] = {}
        self._loop = asyncio.get_running_loop()
        # Readers of the feed never take the threads that writes need.
        self._limiter = CapacityLimiter(_READERS)

    def ring(self) -> None:
        """Something was committed; may be called from any thread."""
        self._loop.call_soon_threadsafe(self._wake)

    def stop(self) -> None:
        """Send everybody home: the service ends."""
        self.stopped = True
        self._wake()

    def _wake(self) -> None:
        rung, self._rung = self._rung, asyncio.Event()
        # What is being read was begun before, and may lack what was committed now.
        self._asked = {}
        rung.set()

    @contextmanager
    def place(self) -> Iterator[None]:
        """Room for one who waits, until the end of the block."""
        self.sit_down()
        try:
            yield
        finally:
            self.leave()

    def sit_down(self) -> None:
        """Take room for one who waits. Raises `Unavailable` where there is none."""
        if self._waiting >= MOST_WAITING:
            detail = f"{MOST_WAITING} readers wait for changes already; ask again without waiting, or later"
            raise Unavailable(detail, headers={"Retry-After": "10"})
        self._waiting += 1

    def leave(self) -> None:
        """Make the room free again."""
        self._waiting -= 1

    async def heard(self, seconds: float) -> bool:
        """Wait until it rings, but no longer than this; gives whether it did."""
        rung = self._rung
        try:
            await asyncio.wait_for(rung.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def in_thread(self, work: Callable[[], T]) -> T:
        """What the work gives, done in a thread of those that are kept for the feed."""
        return await to_thread.run_sync(work, limiter=self._limiter)

    async def together(self, question: Hashable, work: Callable[[], T]) -> T:
        """The same, done once for all who ask the same since it rang last: a commit wakes everybody who waits."""
        asked = self._asked
        if question not in asked:
            asked[question] = asyncio.ensure_future(self.in_thread(work))
            asked[question].add_done_callback(lambda _: asked.pop(question))
        # Whoever goes away does not take the answer from the others.
        answer: T = await asyncio.shield(asked[question])
        return answer

    async def listen(self) -> None:
        """Look for the changes of other processes while somebody waits, until cancelled."""
        known = -1
        while True:
            await asyncio.sleep(self.seconds)
            if not self._waiting:
                continue
            try:
                newest = await to_thread.run_sync(changes.newest_position, self.database, limiter=self._limiter)
            except Problem as problem:
                log.warning("changes not looked for", error=problem.detail)
                continue
            if newest != known:
                known = newest
                self._wake()
