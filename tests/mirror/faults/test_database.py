"""Faults of the database: busy, full, restored from a backup, without a trigger, with a million changes nobody took in."""

import sqlite3
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

import service.database
from service.database import Database
from service.errors import Unavailable
from service.mirror import capture
from service.mirror.keeper import Keeper
from service.mirror.lease import HostLock, Lease, LeaseLost
from service.register.verbs import revising
from service.register.verbs.journal import Actor
from tests import postgres
from tests.mirror.conftest import MIRROR, keep, look_again, record_meeting, state
from tests.mirror.faults.proof import change_title, counted, one_round, prove, retitle
from tests.mirror.faults.steps import Fault, Steps
from tests.mirror.memory_engine import MemoryEngine

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
TOUCHES = 100_000
STEPS_AT_LEAST = 30


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for SQLite's lock gives up soon."""
    monkeypatch.setattr(service.database, "BUSY_SECONDS", 0.02)


class Locked:
    """Another program that takes the write lock, where it can have it, and keeps it until it is told."""

    def __init__(self, database: Database) -> None:
        self.connection = sqlite3.connect(str(database.url.database), timeout=0, isolation_level=None)

    def __call__(self, _database: Database, _cursor: Any) -> None:
        with suppress(sqlite3.OperationalError):
            self.connection.execute("BEGIN IMMEDIATE")

    def let_go(self) -> None:
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")


def fill_up(_database: Database, cursor: Any) -> tuple[str, Any]:
    """The file may not grow any more, and what is written next needs room."""
    cursor.execute("PRAGMA max_page_count = 1")
    return "CREATE TABLE filler AS SELECT zeroblob(5000000)", ()


@pytest.mark.scenario(54)
@on_sqlite
@pytest.mark.parametrize("fault", ["locked", "full"])
def test_a_file_that_is_locked_or_full_at_any_step_costs_a_round_and_nothing_else(
    impatient: None, database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, fault: str
) -> None:
    locked = Locked(database)
    what: Fault = locked if fault == "locked" else fill_up
    meeting = record_meeting(database, by, "Title 0")
    steps = Steps(database, what)
    for number in count(1):
        change_title(database, meeting, f"Title {number}")
        with steps.one_goes_wrong(number), suppress(Unavailable, LeaseLost):
            keeper.cycle()
        locked.let_go()
        database.engine.dispose()  # The limit of the file's size belongs to the connection.
        assert state(keeper).in_step <= (engine.titles() == {f"Title {number}"}), "what it says of itself is never wrong"
        if not steps.went_wrong:
            break
    locked.connection.close()
    assert number > STEPS_AT_LEAST
    assert prove(keeper, most=6).dead == 0
    assert engine.titles() == {f"Title {number}"}
    assert counted(database, "batches", "failed") == 0


@pytest.mark.scenario(54)
def test_a_write_that_finds_the_file_locked_or_full_is_refused_whole_and_can_be_tried_again(
    impatient: None, sqlite_database: Database, by: Actor
) -> None:
    locked = Locked(sqlite_database)
    locked(sqlite_database, None)
    with pytest.raises(Unavailable, match="database is locked") as refused:
        record_meeting(sqlite_database, by)
    assert refused.value.headers == {"Retry-After": "5"}
    locked.let_go()
    locked.connection.close()

    steps = Steps(sqlite_database, fill_up)
    with steps.one_goes_wrong(5), pytest.raises(Unavailable, match="full"):
        record_meeting(sqlite_database, by)
    sqlite_database.engine.dispose()
    with sqlite_database.reading() as connection:
        left = [connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() for table in ("engagement", "touch")]
    assert left == [0, 0]
    record_meeting(sqlite_database, by)


@contextmanager
def restored(database: Database, folder: Path) -> Iterator[Database]:
    """A copy of the whole database as it is now, to be opened later as what a backup brought back."""
    with ExitStack() as stack:
        if database.is_sqlite:
            file = folder / "restored.db"
            with closing(sqlite3.connect(str(database.url.database))) as connection:
                connection.execute(f"VACUUM INTO '{file}'")
            url = f"sqlite:///{file}"
        else:
            database.dispose()
            url = stack.enter_context(postgres.database_copy(str(database.url)))
        copy = Database(url)
        stack.callback(copy.dispose)
        yield copy


@pytest.mark.scenario(56)
@pytest.mark.parametrize("marked", [True, False], ids=["with a newer marker", "with the marker of the backup"])
def test_a_register_restored_from_a_backup_has_a_newer_index_brought_back_to_what_it_says(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, lease: Lease, tmp_path: Path, marked: bool
) -> None:
    kept, withdrawn, renamed = (record_meeting(database, by, title) for title in ("Kept", "Withdrawn later", "As backed up"))
    prove(keeper)
    leave_marker(keeper)
    lease.release()
    with restored(database, tmp_path) as backup:
        retitle(database, by, renamed, "After the backup")
        record_meeting(database, by, "Recorded after the backup")
        with database.writing() as connection:
            revising.withdraw(connection, "engagement", [withdrawn], by=by)
        prove(keeper)
        if marked:
            leave_marker(keeper)
        lease.release()
        assert engine.titles() == {"Kept", "After the backup", "Recorded after the backup"}

        edited = record_meeting(backup, by, "Recorded after the restoration")
        with Lease(backup, MIRROR.name, 30, HostLock(tmp_path / "mirror.lock")) as held:
            after = prove(keep(backup, engine, held), most=150)
        assert set(engine.documents) == {kept, withdrawn, renamed, edited}
        assert engine.titles() == {"Kept", "Withdrawn later", "As backed up", "Recorded after the restoration"}
        assert after.last_audit is not None
        assert (after.last_audit["missing"], after.last_audit["stale"], after.last_audit["extra"]) == (1, 1, 1)
        assert counted(backup, "doubts") >= 1
        assert counted(backup, "repairs") == 3


def leave_marker(keeper: Keeper) -> None:
    keeper._tidied_at = float("-inf")
    look_again(keeper)
    one_round(keeper)


@pytest.mark.scenario(57)
def test_a_trigger_that_goes_missing_while_the_worker_runs_stops_the_sync_and_what_passed_unseen_is_found(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meeting = record_meeting(database, by, "Before")
    prove(keeper)
    with database.writing() as connection:
        on = "_update" if database.is_sqlite else " ON engagement"
        connection.execute(text(f"DROP TRIGGER touch_engagement_by_engagement{on}"))
    change_title(database, meeting, "Unseen")
    look_again(keeper)
    assert not one_round(keeper)
    there = state(keeper)
    assert (there.state, there.in_step) == ("in-trouble", False)
    assert "touch_engagement_by_engagement" in (there.last_error or "")
    record_meeting(database, by, "Seen")
    one_round(keeper)
    assert engine.titles() == {"Before"}, "nothing is synced"

    with database.writing() as connection:
        capture.install(connection)
    assert prove(keeper).documents == 2
    assert engine.titles() == {"Unseen", "Seen"}


@pytest.mark.scenario(58)
def test_a_heap_of_touches_is_folded_in_bounded_time_and_memory(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    """A hundred thousand here; a million takes ten times as many rounds of the same length."""
    meetings = [record_meeting(database, by, f"Meeting {n}") for n in range(5)]
    prove(keeper)
    heap_up(database, TOUCHES)
    assert state(keeper).pending == TOUCHES
    tracemalloc.start()
    for _ in range(3):
        assert one_round(keeper)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10_000_000, "a round holds a chunk of the touches, not all of them"
    assert not state(keeper).in_step
    retitle(database, by, meetings[0], "Changed meanwhile")
    after = prove(keeper, most=TOUCHES // 1_000 + 10)
    assert (after.documents, after.dead) == (5, 0)
    assert "Changed meanwhile" in engine.titles()
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM touch")).scalar() == 0


def heap_up(database: Database, how_many: int) -> None:
    numbers = (
        f"WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {how_many})"
        " INSERT INTO touch (noun, key, at) SELECT 'engagement', e.id, CURRENT_TIMESTAMP FROM n"
        " JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM engagement) e ON e.place = n.n % 5"
    )
    with database.writing() as connection:
        connection.execute(text(numbers))
