"""How fresh search is, known without asking the database: a snapshot that a thread keeps up to date beside the requests.

A commit of this process makes the snapshot stale at once, so that the first search after a write already says that it may
not hold it yet; commits of other processes are noticed at the next look.
"""

import threading
import time
from datetime import UTC, datetime
from typing import Final, NamedTuple

import structlog

from service.database import Database
from service.errors import Problem
from service.mirror import status
from service.mirror.status import lag_of

log = structlog.get_logger()

SOONEST_SECONDS: Final = 0.02


class Freshness(NamedTuple):
    """Whether a mirror holds all that is committed, for how long it has not, and how long ago that was looked at."""

    in_step: bool
    lag_ms: int
    age_ms: int


class Watch:
    """Looks at the mirrors every `seconds`, or as soon as it is told of something."""

    def __init__(self, database: Database, seconds: float) -> None:
        self.database = database
        self.seconds = seconds
        self._since: dict[str, datetime | None] = {}
        self._committed_at: datetime | None = None
        self._commits = 0
        self._looked_at: datetime | None = None
        self._stopping = False
        self._look = threading.Event()
        self._thread = threading.Thread(target=self._run, name="freshness", daemon=True)

    def start(self) -> None:
        """Look once, then keep looking."""
        self._take()
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping = True
        self._look.set()
        self._thread.join(5)

    def committed(self) -> None:
        """This process has just committed a change."""
        self._commits += 1
        self._committed_at = self._committed_at or datetime.now(UTC)
        self._look.set()

    def of(self, mirror: str) -> Freshness:
        """How fresh a mirror is by the last look. One that was never seen is not in step."""
        if mirror not in self._since:
            return Freshness(in_step=False, lag_ms=0, age_ms=lag_of(self._looked_at))
        since = min((at for at in (self._since[mirror], self._committed_at) if at), default=None)
        return Freshness(in_step=since is None, lag_ms=lag_of(since), age_ms=lag_of(self._looked_at))

    def _run(self) -> None:
        while not self._stopping:
            if self._look.wait(self._pause()) and not self._stopping:
                # No mirror holds a commit at once, and those that come one upon the other are looked at together.
                time.sleep(SOONEST_SECONDS)
            self._look.clear()
            if not self._stopping:
                self._take()

    def _pause(self) -> float:
        """How long until the next look: soon after a change, which takes some tens of milliseconds; later if it takes longer."""
        pending = [at for at in (*self._since.values(), self._committed_at) if at]
        if not pending:
            return self.seconds
        return min(self.seconds, max(SOONEST_SECONDS, lag_of(max(pending)) / 10_000))

    def _take(self) -> None:
        commits = self._commits
        try:
            at = datetime.now(UTC)
            self._since = status.pending_since(self.database)
            self._looked_at = at
        except Problem as error:
            log.warning("freshness unknown", error=error.detail)
            return
        if self._commits == commits:
            self._committed_at = None
