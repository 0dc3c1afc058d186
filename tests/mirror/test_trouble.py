"""What goes wrong between the register and an engine, and that nothing is lost or made wrong by it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text, update
from sqlmodel import SQLModel

from service.database import Database
from service.mirror.lease import HostLock, Lease, LeaseLost
from service.mirror.sender import Patience, Sender
from service.register.verbs import revising
from service.register.verbs.journal import Actor
from tests.mirror.conftest import MIRROR, record_meeting, settle, state
from tests.mirror.memory_engine import MemoryEngine


def test_an_edit_while_its_document_is_in_flight_is_not_lost(
    database: Database, by: Actor, sender: Sender, engine: MemoryEngine
) -> None:
    meeting = record_meeting(database, by, "First title")

    def edit() -> None:
        engine.before_settling = None
        with database.writing() as connection:
            revising.revise(connection, "engagement", {meeting: {"title_en": "Second title"}}, by=by)

    engine.before_settling = edit
    assert settle(sender).in_step
    assert engine.titles() == {"Second title"}


def test_a_document_removed_while_in_flight_does_not_stay(
    database: Database, by: Actor, sender: Sender, engine: MemoryEngine
) -> None:
    meeting = record_meeting(database, by)

    def withdraw() -> None:
        engine.before_settling = None
        with database.writing() as connection:
            revising.withdraw(connection, "engagement", [meeting], by=by)

    engine.before_settling = withdraw
    assert settle(sender).in_step
    assert engine.documents == {}


def test_while_the_engine_is_down_changes_wait_and_are_sent_when_it_is_back(
    database: Database, by: Actor, sender: Sender, engine: MemoryEngine
) -> None:
    engine.faults = ["down"] * 5
    record_meeting(database, by)
    assert not sender.cycle()
    down = state(sender)
    assert not down.in_step
    assert down.last_error == "connection refused"
    assert down.retry_at is not None
    assert settle(sender).in_step
    assert state(sender).last_error is None
    assert len(engine.documents) == 1


def test_pauses_between_tries_grow_up_to_the_limit(database: Database, by: Actor, engine: MemoryEngine, lease: Lease) -> None:
    sender = Sender(database, engine, lease, Patience(retry=8), lambda _seconds: False)
    record_meeting(database, by)
    engine.faults = ["down"] * 12
    pauses = []
    for _ in range(10):
        sender.retry_at = 0.0
        sender.cycle()
        retry_at = state(sender).retry_at
        assert retry_at is not None
        pauses.append((retry_at - datetime.now(UTC)).total_seconds())
    assert pauses[0] < 0.6
    assert 3.5 < pauses[-1] <= 8
    assert len(engine.requests) == 10


def test_an_answer_that_was_lost_is_found_by_the_mark_of_its_batch(
    database: Database, by: Actor, sender: Sender, engine: MemoryEngine
) -> None:
    engine.faults = ["lost answer"]
    record_meeting(database, by)
    assert settle(sender).in_step
    assert len(engine.requests) == 1, "the batch was in the engine already and must not be sent again"


def test_a_request_that_was_lost_is_sent_again_only_after_it_can_no_longer_arrive(
    database: Database, by: Actor, engine: MemoryEngine, lease: Lease
) -> None:
    sender = Sender(database, engine, lease, Patience(drain=3600, retry=0.01), lambda _seconds: False)
    engine.faults = ["lost request"]
    record_meeting(database, by)
    settle(sender, cycles=5)
    assert len(engine.requests) == 1, "nothing is sent while the batch may still arrive"
    batch = SQLModel.metadata.tables["batch"]
    with database.writing() as connection:
        connection.execute(update(batch).values(prepared_at=datetime.now(UTC) - timedelta(hours=2)))
    assert settle(sender).in_step
    assert len(engine.requests) == 2
    assert len(engine.documents) == 1


@pytest.mark.parametrize("crash", ["before sending", "after sending", "before acknowledging"])
def test_a_worker_that_dies_at_any_step_loses_nothing(
    database: Database, by: Actor, engine: MemoryEngine, lease: Lease, tmp_path: Path, crash: str
) -> None:
    class Killed(BaseException):
        pass

    meeting = record_meeting(database, by)
    first = Sender(database, engine, lease, Patience(drain=0), lambda _seconds: False)

    def die(*_: object, **__: object) -> None:
        raise Killed

    step = {"before sending": "_send", "after sending": "_await"}.get(crash)
    if step:
        setattr(first, step, die)
    else:
        engine.before_settling = die
    with pytest.raises(Killed):
        first.cycle()
    engine.before_settling = None
    lease.lock.release()

    with Lease(database, MIRROR.name, 30, HostLock(tmp_path / "mirror.lock")) as taken_over:
        second = Sender(database, engine, taken_over, Patience(drain=0), lambda _seconds: False)
        assert settle(second).in_step
        assert list(engine.documents) == [meeting]


def test_a_poisoned_document_is_found_by_halving_and_set_aside_and_the_others_are_indexed(
    database: Database, by: Actor, sender: Sender, engine: MemoryEngine
) -> None:
    meetings = [record_meeting(database, by, f"Meeting {n}") for n in range(16)]
    engine.poison = {meetings[5]}
    for _ in range(3):
        settle(sender, cycles=3)
        with database.writing() as connection:
            connection.execute(text("UPDATE ledger SET due_at = NULL"))
    after = settle(sender)
    assert after.in_step
    assert after.dead == 1
    assert set(engine.documents) == set(meetings) - {meetings[5]}

    engine.poison = set()
    with database.writing() as connection:
        revising.revise(connection, "engagement", {meetings[5]: {"title_en": "Mended"}}, by=by)
    assert settle(sender).dead == 0
    assert meetings[5] in engine.documents


def test_a_task_that_fails_by_the_engines_fault_blames_no_document(
    database: Database, by: Actor, sender: Sender, engine: MemoryEngine
) -> None:
    engine.task_errors = ["internal", "no_space_left_on_device"]
    record_meeting(database, by)
    assert settle(sender).in_step
    assert state(sender).dead == 0
    assert len(engine.documents) == 1


def test_an_index_that_was_emptied_is_filled_again(database: Database, by: Actor, sender: Sender, engine: MemoryEngine) -> None:
    record_meeting(database, by)
    settle(sender)
    engine.clear()
    sender.prepared = False
    assert settle(sender).in_step
    assert len(engine.documents) == 1


def test_only_one_sender_at_a_time_holds_the_lease(database: Database, lease: Lease, tmp_path: Path) -> None:
    assert lease.acquire()
    with Lease(database, MIRROR.name, 30, HostLock(tmp_path / "another-host.lock")) as elsewhere:
        assert not elsewhere.acquire()
        lease.release()
        assert elsewhere.acquire()
        assert elsewhere.epoch == 2


def test_a_sender_that_lost_its_lease_writes_nothing(
    database: Database, by: Actor, sender: Sender, engine: MemoryEngine, lease: Lease, tmp_path: Path
) -> None:
    record_meeting(database, by)

    def taken_over() -> None:
        engine.before_settling = None
        with database.writing() as connection:
            connection.execute(text("UPDATE lease SET holder = 'another', epoch = epoch + 1"))

    engine.before_settling = taken_over
    with pytest.raises(LeaseLost):
        sender.cycle()
    assert not state(sender).in_step, "the acknowledgement of the former holder must not count"
