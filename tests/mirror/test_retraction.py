"""How long it is remembered that something was taken back."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from service.database import Database
from service.mirror import ledger, retraction
from service.mirror.keeper import Keeper
from service.mirror.lease import HostLock, Lease
from service.register.verbs import revising
from service.register.verbs.journal import Actor
from service.settings import MirrorSettings
from tests.mirror.conftest import MIRROR, keep, record_meeting, settle, state
from tests.mirror.memory_engine import MemoryEngine

STANDBY = MirrorSettings(name="standby", engine="meilisearch", url="http://127.0.0.1:7701")


@pytest.fixture
def standby(database: Database, keeper: Keeper, tmp_path: Path) -> Iterator[Keeper]:
    """A second mirror of the same register."""
    ledger.enroll(database, (MIRROR, STANDBY))
    with Lease(database, STANDBY.name, 30, HostLock(tmp_path / "standby.lock")) as lease:
        kept = keep(database, MemoryEngine(), lease)
        assert settle(kept).in_step
        yield kept


def withdraw(database: Database, by: Actor, meeting: str) -> None:
    with database.writing() as connection:
        revising.withdraw(connection, "engagement", [meeting], by=by)


def noted(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(text("SELECT count(*) FROM retraction")).scalar_one())


def test_it_is_left_out_of_a_mirror_that_lags_however_far_the_other_is(
    database: Database, by: Actor, keeper: Keeper, standby: Keeper
) -> None:
    meeting = record_meeting(database, by)
    assert settle(keeper).in_step
    assert settle(standby).in_step
    withdraw(database, by, meeting)
    assert settle(keeper).in_step
    keeper.cycle()
    assert retraction.pending(database, keeper.mirror) == frozenset()
    assert retraction.pending(database, standby.mirror) == {meeting}
    assert settle(standby).in_step
    assert noted(database) == 0


def test_nothing_is_forgotten_while_it_is_in_doubt_what_an_engine_holds(database: Database, by: Actor, keeper: Keeper) -> None:
    meeting = record_meeting(database, by)
    settle(keeper)
    ledger.change(database, keeper.mirror, doubt="somebody put an older copy back")
    withdraw(database, by, meeting)
    for _ in range(5):
        keeper.cycle()
    assert (state(keeper).state, state(keeper).pending) == ("in-doubt", 0)
    assert retraction.pending(database, keeper.mirror) == {meeting}
    assert settle(keeper).in_step
    keeper.cycle()
    assert noted(database) == 0
