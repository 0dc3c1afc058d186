"""A new index is filled beside the live one and takes its place, whatever happens meanwhile and wherever it is killed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from service.database import Database
from service.mirror import fold, ledger, rebuild, sender
from service.mirror.keeper import Keeper
from service.mirror.lease import HostLock, Lease
from service.mirror.rebuild import ROLLBACK, Rebuild
from service.register.table import new_id
from service.register.verbs import revising
from service.register.verbs.journal import Actor
from tests.mirror.conftest import MIRROR, PATIENCE, all_are_due, keep, look_again, record_meeting, settle, state
from tests.mirror.memory_engine import Content, MemoryEngine

STATES = ("creating", "filling", "catching-up", "checking", "swapping", "verifying")


def want(database: Database, reason: str = "an operator asked for it") -> None:
    assert ledger.want_rebuild(database, MIRROR.name, reason)


def until_state(keeper: Keeper, wanted: str) -> None:
    for _ in range(200):
        if state(keeper).build.state == wanted:
            return
        keeper.retry_at = 0.0
        keeper.cycle()
    raise AssertionError(f"the rebuild never was {wanted}: {state(keeper).build}")


def identity(engine: MemoryEngine) -> str:
    return engine.instance.indexes["engagements"].identity


def test_it_takes_the_place_of_the_live_index_with_everything(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meetings = {record_meeting(database, by, f"Meeting {n}") for n in range(30)}
    settle(keeper)
    before = identity(engine)
    want(database)
    after = settle(keeper)
    assert (after.in_step, after.documents) == (True, 30)
    assert identity(engine) != before
    assert set(engine.documents) == meetings


def test_a_second_one_is_not_begun_while_one_is_under_way(database: Database, keeper: Keeper) -> None:
    want(database)
    until_state(keeper, "filling")
    assert not ledger.want_rebuild(database, MIRROR.name, "again")


@pytest.mark.scenario(60)
@pytest.mark.parametrize("moment", STATES)
def test_what_is_written_in_every_state_is_in_the_new_index(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, moment: str
) -> None:
    kept, renamed, withdrawn = (record_meeting(database, by, title) for title in ("Kept", "Before", "Withdrawn"))
    settle(keeper)
    want(database)
    until_state(keeper, moment)
    with database.writing() as connection:
        revising.revise(connection, "engagement", {renamed: {"title_en": "After"}}, by=by)
        revising.withdraw(connection, "engagement", [withdrawn], by=by)
    added = record_meeting(database, by, "Added")
    assert settle(keeper).in_step
    assert engine.titles() == {"Kept", "After", "Added"}
    assert set(engine.documents) == {kept, renamed, added}


def test_writes_that_never_cease_neither_hold_it_up_nor_go_out_of_sight_with_the_exchange(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meeting = record_meeting(database, by, "0")
    settle(keeper)
    before, shown = identity(engine), 0
    want(database)
    for number in range(1, 100):
        with database.writing() as connection:
            revising.revise(connection, "engagement", {meeting: {"title_en": str(number)}}, by=by)
        keeper.cycle()
        [title] = engine.titles()
        assert int(title) >= shown, "what was found already must not be older than before"
        shown = int(title)
        if identity(engine) != before:
            break
    assert identity(engine) != before
    assert number < 50, "a rebuild of one document takes a few rounds, whatever is written meanwhile"


def test_beside_an_index_that_is_searched_it_is_filled_gently(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender, "GENTLE_DOCUMENTS", 3)
    meetings = {record_meeting(database, by, f"Meeting {n}") for n in range(8)}
    settle(keeper)
    assert [len(ids) for _, _, ids in engine.instance.requests] == [8]
    engine.instance.requests.clear()
    want(database)
    assert settle(keeper).in_step
    assert [len(ids) for operation, _, ids in engine.instance.requests if operation == "put"] == [3, 3, 2]
    engine.instance.indexes.clear()
    engine.instance.requests.clear()
    look_again(keeper)
    assert settle(keeper).in_step
    assert [len(ids) for operation, _, ids in engine.instance.requests if operation == "put"] == [8], "nobody waits"
    assert set(engine.documents) == meetings


def test_it_does_not_wait_for_ever_until_nothing_is_owed(
    database: Database,
    by: Actor,
    keeper: Keeper,
    engine: MemoryEngine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    meeting = record_meeting(database, by, "Before")
    settle(keeper)
    before = identity(engine)

    def write_and_fold() -> None:
        with database.writing() as connection:
            revising.revise(connection, "engagement", {meeting: {"title_en": new_id()}}, by=by)
        fold.fold(database)

    engine.instance.before_settling = write_and_fold
    want(database)
    for _ in range(50):
        keeper.cycle()
    assert state(keeper).build.state == "catching-up", "there is always one that is owed"
    monkeypatch.setattr(rebuild, "CATCH_UP_SECONDS", 0.0)
    for _ in range(50):
        keeper.cycle()
    assert identity(engine) != before
    engine.instance.before_settling = None
    assert settle(keeper).in_step


def test_where_nothing_can_be_found_the_new_index_is_in_its_place_as_soon_as_it_was_proven(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meeting = record_meeting(database, by, "Before")
    settle(keeper)
    engine.instance.indexes.clear()
    look_again(keeper)
    until_state(keeper, "swapping")
    with database.writing() as connection:
        revising.revise(connection, "engagement", {meeting: {"title_en": "After"}}, by=by)
    engine.instance.faults = ["down"] * 1_000
    for _ in range(5):
        keeper.retry_at = 0.0
        keeper.cycle()
    assert engine.titles() == {"Before"}, "an engine that takes no document now has the names exchanged all the same"
    engine.instance.faults.clear()
    assert settle(keeper).in_step
    assert engine.titles() == {"After"}


@pytest.mark.scenario(59)
@pytest.mark.parametrize("moment", STATES)
def test_it_goes_on_after_a_kill_in_every_state(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, lease: Lease, tmp_path: Path, moment: str
) -> None:
    record_meeting(database, by, "Before")
    settle(keeper)
    before = identity(engine)
    want(database)
    until_state(keeper, moment)
    lease.lock.release()  # As the operating system does when a process is killed.
    record_meeting(database, by, "Between")
    with Lease(database, MIRROR.name, 30, HostLock(tmp_path / "mirror.lock")) as taken_over:
        assert settle(keep(database, engine, taken_over)).in_step
    assert engine.titles() == {"Before", "Between"}
    assert identity(engine) != before


@pytest.mark.scenario(61)
@pytest.mark.parametrize("fault", ["lost answer", "lost request", "down"])
def test_an_exchange_whose_answer_was_lost_is_seen_by_looking_and_never_sent_twice(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, fault: str
) -> None:
    record_meeting(database, by)
    settle(keeper)
    before = identity(engine)
    keeper.rebuild.patience = replace(PATIENCE, drain=0.05)
    engine.instance.swap_faults = [fault]  # type: ignore[list-item]
    want(database)
    for _ in range(3_000):
        if identity(engine) != before and settle(keeper, cycles=5).in_step and state(keeper).build.state == "idle":
            break
        settle(keeper, cycles=1)
    exchanges = [ids[1] for operation, _, ids in engine.instance.requests if operation == "exchange"]
    assert identity(engine) != before
    assert len(exchanges) - (fault == "down") == len(set(exchanges)), "no exchange that may have arrived is asked for again"
    assert len(engine.documents) == 1


@pytest.mark.scenario(61)
def test_an_exchange_that_arrives_after_it_was_given_up_finds_nothing_to_exchange(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    record_meeting(database, by)
    settle(keeper)
    keeper.rebuild.patience = replace(PATIENCE, drain=0.0)
    engine.instance.swap_faults = ["late"]
    want(database)
    until_state(keeper, "swapping")
    for _ in range(50):
        if state(keeper).build.state == "idle":
            break
        keeper.cycle()
    abandoned = identity(engine)
    with pytest.raises(Exception, match="there is no index"):
        engine.instance.deliver_late()
    assert identity(engine) == abandoned


def test_names_are_not_exchanged_while_a_write_to_either_index_may_still_arrive(
    database: Database, by: Actor, engine: MemoryEngine, lease: Lease
) -> None:
    keeper = keep(database, engine, lease, replace(PATIENCE, drain=3600))
    settle(keeper)
    engine.instance.requests.clear()
    record_meeting(database, by)
    engine.instance.faults = ["late"]
    keeper.cycle()
    want(database)
    until_state(keeper, "swapping")
    for _ in range(5):
        keeper.cycle()
    assert [operation for operation, _, _ in engine.instance.requests] == ["put", "put"], "one of them to the built index"
    keeper.rebuild.patience = PATIENCE
    assert settle(keeper).in_step
    assert len(engine.documents) == 1


@pytest.mark.scenario(62)
def test_a_built_index_that_is_wrong_is_mended_and_one_that_stays_wrong_is_abandoned(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meeting = record_meeting(database, by)
    settle(keeper)
    before = identity(engine)
    want(database)
    for round_ in range(3):
        until_state(keeper, "checking")
        beside = engine.beside(engine.others()[-1])
        beside.documents.pop(meeting, None)
        while state(keeper).build.state == "checking":
            keeper.cycle()
        expected = "catching-up" if round_ < 2 else "idle"
        assert state(keeper).build.state == expected
    assert "still wrong after 3 rounds" in (state(keeper).build.last_error or "")
    assert identity(engine) == before, "the live index is untouched"
    assert engine.others() == []


def test_an_index_that_refuses_a_tenth_of_all_is_abandoned_and_the_live_one_goes_on(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meetings = [record_meeting(database, by, f"Meeting {n}") for n in range(24)]
    settle(keeper)
    before = identity(engine)
    want(database)
    until_state(keeper, "filling")
    keeper.rebuild.patience = replace(PATIENCE, retry=60)  # It is not begun again within this test.
    engine.instance.poison = set(meetings)
    for _ in range(200):
        if state(keeper).build.state == "idle":
            break
        all_are_due(database)
        keeper.cycle()
    assert "it is not their fault" in (state(keeper).build.last_error or "")
    assert (identity(engine), engine.others()) == (before, [])
    added = record_meeting(database, by, "Added")
    keeper.cycle()
    assert added in engine.documents
    assert (state(keeper).state, state(keeper).build.wanted) == ("in-step", "an operator asked for it")


@pytest.mark.scenario(65)
def test_going_back_brings_the_former_index_up_to_date_first(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    record_meeting(database, by, "Before")
    settle(keeper)
    former = identity(engine)
    want(database)
    settle(keeper)
    record_meeting(database, by, "After the exchange")
    settle(keeper)
    want(database, ROLLBACK)
    assert settle(keeper).in_step
    assert identity(engine) == former
    assert engine.titles() == {"Before", "After the exchange"}


def test_an_index_that_was_replaced_is_removed_when_it_was_kept_long_enough_and_strays_at_once(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    record_meeting(database, by)
    settle(keeper)
    want(database)
    settle(keeper)
    stray = engine.beside("engagements__20200101t000000_abcdef")
    stray.prepare()
    keeper._tidied_at = float("-inf")
    keeper.cycle()
    assert len(engine.others()) == 1, "the former index is kept for going back"
    keeper.rebuild.patience = replace(PATIENCE, keep=0)
    keeper._tidied_at = float("-inf")
    keeper.cycle()
    assert engine.others() == []


REASONS: dict[str, Callable[[Database, MemoryEngine], object]] = {
    "wiped": lambda _database, engine: engine.instance.indexes.clear(),
    "emptied": lambda _database, engine: engine.documents.clear(),
    "replaced by a stranger": lambda _database, engine: engine.instance.indexes.update(engagements=Content()),
    "another version's document": lambda database, _engine: run(database, "UPDATE mirror_copy SET schema_hash = 'former'"),
    "marked by another register": lambda _database, engine: engine.write_marker(
        replace(engine.read_marker() or pytest.fail("no marker"), register="another")
    ),
}


def run(database: Database, statement: str) -> None:
    with database.writing() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize("reason", REASONS)
def test_it_begins_by_itself(database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, reason: str) -> None:
    record_meeting(database, by)
    settle(keeper)
    keeper._tidied_at = float("-inf")
    keeper.cycle()
    REASONS[reason](database, engine)
    look_again(keeper)
    assert settle(keeper).in_step
    assert len(engine.documents) == 1
    assert state(keeper).build.reason not in (None, "there is no index yet")


def test_the_states_of_the_tests_are_those_of_a_rebuild(database: Database, keeper: Keeper) -> None:
    seen = []
    want(database)
    for _ in range(60):
        if (now := state(keeper).build.state) not in seen:
            seen.append(now)
        keeper.cycle()
    assert [each for each in seen if each != "idle"] == list(STATES)
    assert isinstance(keeper.rebuild, Rebuild)


@pytest.mark.parametrize("moment", ["filling", "catching-up", "checking", "swapping"])
def test_it_is_begun_anew_when_the_index_that_is_being_built_is_lost(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, moment: str
) -> None:
    record_meeting(database, by, "Meeting")
    settle(keeper)
    before = identity(engine)
    want(database)
    until_state(keeper, moment)
    for name in engine.others():
        engine.beside(name).clear()
    for _ in range(3_000):
        if settle(keeper, cycles=3).build.state == "idle" and identity(engine) != before:
            break
    assert identity(engine) != before
    assert engine.titles() == {"Meeting"}
