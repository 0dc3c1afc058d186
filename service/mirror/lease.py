"""The lease: one sender a mirror, whoever else is running.

A lease is a row with a holder, an end by the database's clock, and an epoch that is raised with every change of hands. Each
write of a sender checks that its epoch still stands, so that a sender which slept through its lease changes nothing any
more. On one host a lock of the operating system stands beside the row: who gets the lock knows that the former holder is
dead, and takes over at once instead of waiting for the end.
"""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from sqlalchemy import Connection, text

from service.database import Database
from service.errors import Unavailable
from service.mirror import clock
from service.register.table import new_id


class LeaseLost(Exception):
    """Another sender holds the mirror's lease now."""


class HostLock:
    """A lock of the operating system on a file, free again as soon as its holder is dead."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._held: IO[str] | None = None

    def acquire(self) -> bool:
        """Take the lock if it is free; true when this process has it."""
        if self._held is not None:
            return True
        try:
            import fcntl
        except ImportError:  # Not on this operating system; the row's end is waited for.
            return False
        self.file.parent.mkdir(parents=True, exist_ok=True)
        handle = self.file.open("w")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            return False
        self._held = handle
        return True

    def release(self) -> None:
        """Give the lock back."""
        if self._held is not None:
            self._held.close()
            self._held = None


class Lease:
    """The right of this sender to write to one mirror."""

    def __init__(self, database: Database, mirror: str, seconds: float, lock: HostLock) -> None:
        self.database = database
        self.mirror = mirror
        self.seconds = seconds
        self.lock = lock
        self.place = f"{socket.gethostname()}:{lock.file.absolute()}"
        self.holder = f"{self.place}#{os.getpid()}.{new_id()}"
        self.epoch = 0
        self._renewed_at = 0.0
        self._ended = threading.Event()
        self._heart: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(Unavailable):  # A lease that cannot be given back ends by itself.
            self.release()
        self.lock.release()

    def acquire(self) -> bool:
        """Take or renew the lease; false while somebody else has it. One that was renewed lately is not asked for again."""
        if self.epoch and time.monotonic() - self._renewed_at < self.seconds / 3:
            return True
        asked_at = time.monotonic()
        alone_here = self.lock.acquire()
        with self.database.writing() as connection:
            at, until = clock.now(connection), clock.later(connection)
            question = (
                f"INSERT INTO lease (mirror, holder, epoch, expires_at) VALUES (:mirror, :holder, 1, {until})"  # noqa: S608
                " ON CONFLICT (mirror) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at,"
                " epoch = CASE WHEN lease.holder = excluded.holder THEN lease.epoch ELSE lease.epoch + 1 END"
                f" WHERE lease.holder = excluded.holder OR lease.expires_at <= {at}"
                " OR (:alone AND lease.holder LIKE :neighbour ESCAPE '!')"
                " RETURNING epoch"
            )
            values = {"mirror": self.mirror, "holder": self.holder, "seconds": self.seconds, "alone": alone_here}
            epoch = connection.execute(text(question), values | {"neighbour": f"{_literal(self.place)}#%"}).scalar()
        self.epoch = epoch or 0
        self._renewed_at = asked_at
        if self.epoch and self._heart is None:
            self._heart = threading.Thread(target=self._beat, name=f"lease-{self.mirror}", daemon=True)
            self._heart.start()
        return epoch is not None

    def hold(self) -> None:
        """Raise `LeaseLost` when so much time has passed unseen that another may have taken over: asked just before sending.

        A process that was stopped and goes on, or a machine that slept, would otherwise send what is out of date by now.
        """
        if not self.epoch or time.monotonic() - self._renewed_at > self.seconds:
            self.epoch = 0
            raise LeaseLost(f"The lease on the mirror {self.mirror!r} ran out unseen.")

    def _beat(self) -> None:
        """Renew the lease while its holder is busy with one thing for long, as with a task that is queued for minutes."""
        while not self._ended.wait(self.seconds / 3):
            epoch = self.epoch
            with suppress(Unavailable, LeaseLost):
                if epoch:
                    self._renew(epoch)

    def _renew(self, epoch: int) -> None:
        at = time.monotonic()
        with self.database.writing() as connection:
            question = (
                f"UPDATE lease SET expires_at = {clock.later(connection)}"  # noqa: S608
                " WHERE mirror = :mirror AND holder = :holder AND epoch = :epoch"
            )
            values = {"seconds": self.seconds, "mirror": self.mirror, "holder": self.holder, "epoch": epoch}
            mine = connection.execute(text(question), values).rowcount == 1
        if mine and self.epoch == epoch:
            self._renewed_at = at

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds only while the lease does; raises `LeaseLost`."""
        with self.database.writing() as connection:
            self.fence(connection)
            yield connection

    def fence(self, connection: Connection) -> None:
        """Renew the lease inside a transaction that writes for it; raises `LeaseLost` when it is not ours any more."""
        at = time.monotonic()
        question = (
            f"UPDATE lease SET expires_at = {clock.later(connection)}"  # noqa: S608
            " WHERE mirror = :mirror AND holder = :holder AND epoch = :epoch"
        )
        values = {"seconds": self.seconds, "mirror": self.mirror, "holder": self.holder, "epoch": self.epoch}
        if connection.execute(text(question), values).rowcount != 1:
            self.epoch = 0
            raise LeaseLost(f"Another worker has taken over the mirror {self.mirror!r}.")
        self._renewed_at = at

    def release(self) -> None:
        """End the lease now, so that another sender need not wait; the epoch stays."""
        self._ended.set()
        if self.epoch:
            with self.database.writing() as connection:
                question = f"UPDATE lease SET expires_at = {clock.now(connection)} WHERE mirror = :mirror AND holder = :holder"  # noqa: S608
                connection.execute(text(question), {"mirror": self.mirror, "holder": self.holder})
            self.epoch = 0
        if self._heart is not None and self._heart is not threading.current_thread():
            self._heart.join(self.seconds)
            self._heart = None
        self._ended.clear()
        self.lock.release()


def _literal(pattern: str) -> str:
    return pattern.replace("!", "!!").replace("%", "!%").replace("_", "!_")
