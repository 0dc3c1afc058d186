"""The worker: a keeper for every mirror, each in a thread of its own, inside the service or as a process of its own.

One mirror that is down costs the others nothing. A worker looks for work when it is woken, and every `poll_seconds` in case
somebody else changed the register.
"""

import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Final, Self

import structlog

from service.database import Database
from service.errors import Problem
from service.mirror import capture, ledger
from service.mirror.keeper import Keeper
from service.mirror.lease import HostLock, Lease, LeaseLost
from service.mirror.patience import Patience
from service.search.engines import open_engine
from service.settings import MirrorSettings, Settings

log = structlog.get_logger()

FIRST_ROUND_SECONDS: Final = 2.0
"""How long a start waits at most until the mirrors have an index to be asked."""

CAPTURE_SECONDS: Final = 5.0
"""How often a worker looks whether a missing trigger has been put back."""


class Worker:
    """Keeps every mirror in step from `start` to `stop`. It has database connections of its own, so that nobody waits for it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings.database, pool_size=2 * len(settings.mirrors) + 1)
        self._stop = threading.Event()
        self._wakes = {mirror.name: threading.Event() for mirror in settings.mirrors}
        self._tried = {mirror.name: threading.Event() for mirror in settings.mirrors}
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Enrol the mirrors and begin; one without an index gets a moment for its first round, so that there is one to ask."""
        without_index = ledger.enroll(self.database, self.settings.mirrors)
        for mirror in self.settings.mirrors:
            thread = threading.Thread(target=self._run, args=(mirror,), name=f"mirror-{mirror.name}", daemon=True)
            thread.start()
            self._threads.append(thread)
        limit = time.monotonic() + FIRST_ROUND_SECONDS
        for name in without_index:
            self._tried[name].wait(max(0.0, limit - time.monotonic()))

    def wake(self) -> None:
        """Something was committed: look for it now."""
        for event in self._wakes.values():
            event.set()

    def stop(self, seconds: float = 10.0) -> None:
        """Finish what is being sent, give the leases back, and end."""
        self._stop.set()
        self.wake()
        for thread in self._threads:
            thread.join(seconds)
        self.database.dispose()

    def _run(self, mirror: MirrorSettings) -> None:
        settings = self.settings
        engine = open_engine(mirror, settings.data_dir)
        lock = HostLock(settings.data_dir / f"mirror-{mirror.name}.lock")
        patience = Patience.of(settings)
        with Lease(self.database, mirror.name, settings.lease_seconds, lock) as lease:
            keeper = Keeper(self.database, engine, lease, patience, self._stop.wait)
            self._await_capture(mirror.name)
            while not self._stop.is_set():
                more = self._cycle(keeper)
                if not more:
                    self._tried[mirror.name].set()
                    self._wakes[mirror.name].wait(settings.poll_seconds)
                self._wakes[mirror.name].clear()
        keeper.let_go()

    def _await_capture(self, mirror: str) -> None:
        """Nothing is synced while a trigger is missing: changes would pass unseen, and the mirror would seem to be in step."""
        while not self._stop.is_set():
            try:
                capture.check(self.database)
            except Problem as error:
                log.error("not syncing", mirror=mirror, error=error.detail)
                with suppress(Problem):  # It may be the database itself that is away.
                    ledger.trouble(self.database, mirror, error.detail, datetime.now(UTC) + timedelta(seconds=CAPTURE_SECONDS))
                self._stop.wait(CAPTURE_SECONDS)
            else:
                return

    def _cycle(self, keeper: Keeper) -> bool:
        try:
            return keeper.cycle()
        except LeaseLost as error:
            log.warning("lease lost", mirror=keeper.mirror, error=str(error))
            # Who holds the lease now must be able to write: the embedded engine's folder has one writer at a time.
            keeper.let_go()
        except Problem as error:
            log.error("mirror cannot work", mirror=keeper.mirror, error=error.detail)
        except Exception:
            # A keeper must outlive what nobody foresaw: the ledger still says what is owed, and the next cycle tries again.
            log.exception("mirror failed", mirror=keeper.mirror)
        self._stop.wait(1.0)
        return False
