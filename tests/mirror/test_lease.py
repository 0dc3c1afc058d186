"""What a lease is worth: it ends by the database's clock, and nothing is sent by who may have overslept its end."""

from pathlib import Path
from typing import Any

import pytest

from service.database import Database
from service.mirror import batch as batches
from service.mirror.keeper import Keeper
from service.mirror.lease import HostLock, Lease, LeaseLost
from service.register.verbs.journal import Actor
from tests.mirror.clocks import DatabaseClock
from tests.mirror.conftest import MIRROR, record_meeting, settle
from tests.mirror.memory_engine import MemoryEngine


def test_it_ends_by_the_clock_of_the_database_whatever_the_hosts_say(
    database: Database, lease: Lease, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = DatabaseClock(monkeypatch)
    clock.ahead = -3600.0
    assert lease.acquire()
    with Lease(database, MIRROR.name, 30, HostLock(tmp_path / "another-host.lock")) as elsewhere:
        assert not elsewhere.acquire(), "by the clock of this process it ended an hour ago"
        clock.ahead += 31
        assert elsewhere.acquire()
        assert elsewhere.epoch == 2


def test_who_was_stopped_just_before_sending_sends_nothing_when_it_goes_on(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, lease: Lease, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare = batches.prepare

    def stopped_afterwards(*told: Any) -> Any:
        monkeypatch.setattr(batches, "prepare", prepare)
        prepared = prepare(*told)
        lease._renewed_at -= 31
        return prepared

    monkeypatch.setattr(batches, "prepare", stopped_afterwards)
    meeting = record_meeting(database, by)
    with pytest.raises(LeaseLost):
        keeper.cycle()
    assert engine.instance.requests == []
    assert settle(keeper).in_step
    assert list(engine.documents) == [meeting]
