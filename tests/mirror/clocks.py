"""Clocks that a test sets: the database's alone, or all of them together."""

import time
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pytest
from sqlalchemy import Connection

from service.mirror import audit, clock, keeper, lease, rebuild, sender
from tests.meilisearch_double import clock as double_clock


class DatabaseClock:
    """What the sync reads of the database's clock is `ahead` seconds later than it is; the process's own clock goes on right."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ahead = 0.0
        self._now, self._later = clock.now, clock.later
        monkeypatch.setattr(clock, "now", lambda connection: self._moved(connection, self._now(connection)))
        monkeypatch.setattr(clock, "later", lambda connection: self._moved(connection, self._later(connection)))

    def _moved(self, connection: Connection, question: str) -> str:
        if connection.dialect.name == "sqlite":
            return question.replace("'now'", f"'now', '{self.ahead:+.6f} seconds'")
        return question.replace("clock_timestamp()", f"(clock_timestamp() + interval '{self.ahead:.6f} seconds')")


class Clocks(DatabaseClock):
    """The clocks of the process and of the double as well, which pass `passed` seconds in an instant."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(monkeypatch)
        self.passed = 0.0
        for module in (keeper, sender, lease, rebuild, double_clock):
            monkeypatch.setattr(module, "time", self)
        instants = type("Instants", (datetime,), {"now": classmethod(lambda _, zone: self.instant(zone))})
        for room in (keeper, audit):
            monkeypatch.setattr(room, "datetime", instants)

    def reset(self) -> None:
        """As late as it is."""
        self.ahead = self.passed = 0.0

    def pass_by(self, seconds: float) -> None:
        """So many seconds go by for everybody."""
        self.ahead += seconds
        self.passed += seconds

    def monotonic(self) -> float:
        return time.monotonic() + self.passed

    def time_ns(self) -> int:
        return time.time_ns() + int(self.passed * 1e9)

    def instant(self, zone: tzinfo) -> Any:
        return datetime.now(zone) + timedelta(seconds=self.passed)
