"""What goes wrong between the register and an engine, and that nothing is lost or made wrong by it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update
from sqlmodel import SQLModel

from service.database import Database
from service.mirror.keeper import Keeper
from service.mirror.lease import HostLock, Lease, LeaseLost
from service.register.verbs import revising
from service.register.verbs.journal import Actor
from service.search.engine import Verdict
from tests.mirror.conftest import MIRROR, PATIENCE, keep, look_again, record_meeting, settle, state
from tests.mirror.memory_engine import MemoryEngine


@pytest.mark.scenario(48)
def test_an_edit_while_its_document_is_in_flight_is_not_lost(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meeting = record_meeting(database, by, "First title")

    def edit() -> None:
        engine.instance.before_settling = None
        with database.writing() as connection:
            revising.revise(connection, "engagement", {meeting: {"title_en": "Second title"}}, by=by)

    engine.instance.before_settling = edit
    assert settle(keeper).in_step
    assert engine.titles() == {"Second title"}


@pytest.mark.scenario(48)
def test_a_document_removed_while_in_flight_does_not_stay(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meeting = record_meeting(database, by)

    def withdraw() -> None:
        engine.instance.before_settling = None
        with database.writing() as connection:
            revising.withdraw(connection, "engagement", [meeting], by=by)

    engine.instance.before_settling = withdraw
    assert settle(keeper).in_step
    assert engine.documents == {}


def test_while_the_engine_is_down_changes_wait_and_are_sent_when_it_is_back(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    engine.instance.faults = ["down"] * 5
    record_meeting(database, by)
    assert not keeper.cycle()
    down = state(keeper)
    assert not down.in_step
    assert down.last_error == "connection refused"
    assert down.retry_at is not None
    assert settle(keeper).in_step
    assert state(keeper).last_error is None
    assert len(engine.documents) == 1


def test_pauses_between_tries_grow_up_to_the_limit(database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine) -> None:
    keeper.patience = replace(PATIENCE, retry=8)
    record_meeting(database, by)
    engine.instance.faults = ["down"] * 12
    pauses = []
    for _ in range(10):
        keeper.retry_at = 0.0
        keeper.cycle()
        retry_at = state(keeper).retry_at
        assert retry_at is not None
        pauses.append((retry_at - datetime.now(UTC)).total_seconds())
    assert pauses[0] < 0.6
    assert 3.5 < pauses[-1] <= 8
    assert len(engine.instance.requests) == 10


@pytest.mark.scenario(13)
def test_an_answer_that_was_lost_is_found_by_the_mark_of_its_batch(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    engine.instance.faults = ["lost answer"]
    record_meeting(database, by)
    assert settle(keeper).in_step
    assert len(engine.instance.requests) == 1, "the batch was in the engine already and must not be sent again"


@pytest.mark.scenario(12)
def test_a_request_that_was_lost_is_sent_again_only_after_it_can_no_longer_arrive(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, lease: Lease
) -> None:
    keeper = keep(database, engine, lease, replace(PATIENCE, drain=3600))
    engine.instance.faults = ["lost request"]
    record_meeting(database, by)
    settle(keeper, cycles=5)
    assert len(engine.instance.requests) == 1, "nothing is sent while the batch may still arrive"
    batch = SQLModel.metadata.tables["batch"]
    with database.writing() as connection:
        connection.execute(update(batch).values(prepared_at=datetime.now(UTC) - timedelta(hours=2)))
    assert settle(keeper).in_step
    assert len(engine.instance.requests) == 2
    assert len(engine.documents) == 1


@pytest.mark.parametrize("crash", ["before sending", "after sending", "before acknowledging"])
def test_a_worker_that_dies_at_any_step_loses_nothing(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, lease: Lease, tmp_path: Path, crash: str
) -> None:
    class Killed(BaseException):
        pass

    keeper.cycle()
    meeting = record_meeting(database, by)

    def die(*_: object, **__: object) -> None:
        raise Killed

    step = {"before sending": "_send", "after sending": "_await"}.get(crash)
    if step:
        setattr(keeper._sender, step, die)
    else:
        engine.instance.before_settling = die
    with pytest.raises(Killed):
        keeper.cycle()
    engine.instance.before_settling = None
    lease.lock.release()

    with Lease(database, MIRROR.name, 30, HostLock(tmp_path / "mirror.lock")) as taken_over:
        second = keep(database, engine, taken_over)
        assert settle(second).in_step
        assert list(engine.documents) == [meeting]


def test_a_poisoned_document_is_found_by_halving_and_set_aside_and_the_others_are_indexed(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meetings = [record_meeting(database, by, f"Meeting {n}") for n in range(16)]
    engine.instance.poison = {meetings[5]}
    for _ in range(3):
        settle(keeper, cycles=3)
        with database.writing() as connection:
            connection.execute(text("UPDATE ledger SET due_at = NULL"))
    after = settle(keeper)
    assert after.in_step
    assert after.dead == 1
    assert set(engine.documents) == set(meetings) - {meetings[5]}

    engine.instance.poison = set()
    with database.writing() as connection:
        revising.revise(connection, "engagement", {meetings[5]: {"title_en": "Mended"}}, by=by)
    assert settle(keeper).dead == 0
    assert meetings[5] in engine.documents


@pytest.mark.scenario(24, 25)
def test_a_task_that_fails_by_the_engines_fault_blames_no_document(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    engine.instance.task_errors = ["internal", "no_space_left_on_device"]
    record_meeting(database, by)
    assert settle(keeper).in_step
    assert state(keeper).dead == 0
    assert len(engine.documents) == 1


def test_a_failure_that_gives_no_reason_blames_no_document(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    record_meeting(database, by)
    with monkeypatch.context() as later_version:
        later_version.setattr(engine, "settle", lambda ticket: Verdict(succeeded=False, code="partlyDone"))
        for _ in range(4):
            settle(keeper, cycles=1)
            assert state(keeper).last_error == "partlyDone: "
            with database.writing() as connection:
                connection.execute(text("UPDATE ledger SET due_at = NULL"))
    assert settle(keeper).in_step
    assert state(keeper).dead == 0
    assert len(engine.documents) == 1


@pytest.mark.scenario(30)
def test_an_index_that_was_emptied_is_filled_again(database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine) -> None:
    record_meeting(database, by)
    settle(keeper)
    engine.clear()
    look_again(keeper)
    assert settle(keeper).in_step
    assert len(engine.documents) == 1


def test_only_one_sender_at_a_time_holds_the_lease(database: Database, lease: Lease, tmp_path: Path) -> None:
    assert lease.acquire()
    with Lease(database, MIRROR.name, 30, HostLock(tmp_path / "another-host.lock")) as elsewhere:
        assert not elsewhere.acquire()
        lease.release()
        assert elsewhere.acquire()
        assert elsewhere.epoch == 2


def test_a_sender_that_lost_its_lease_writes_nothing(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, lease: Lease, tmp_path: Path
) -> None:
    record_meeting(database, by)

    def taken_over() -> None:
        engine.instance.before_settling = None
        with database.writing() as connection:
            connection.execute(text("UPDATE lease SET holder = 'another', epoch = epoch + 1"))

    engine.instance.before_settling = taken_over
    with pytest.raises(LeaseLost):
        keeper.cycle()
    assert not state(keeper).in_step, "the acknowledgement of the former holder must not count"
