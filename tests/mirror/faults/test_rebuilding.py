"""Faults while a new index is built beside the live one: crashes, writes, a full disk, a second wish, going back."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from service.database import Database
from service.mirror import ledger
from service.mirror.fold import fold
from service.mirror.keeper import Keeper
from service.mirror.lease import HostLock, Lease
from service.mirror.rebuild import ROLLBACK
from service.register.engagement import ParticipationShape
from service.register.verbs import merging, revising
from service.register.verbs.journal import Actor
from tests.mirror.conftest import MIRROR, keep, record_meeting, record_person, state
from tests.mirror.faults.proof import counted, one_round, prove, retitle
from tests.mirror.hands import Raw
from tests.mirror.memory_engine import MemoryEngine
from tests.mirror.test_rebuild import STATES, identity, until_state, want


class Killed(BaseException):
    """The process ends here."""


@contextmanager
def killed_before_commit(database: Database, number: int) -> Iterator[None]:
    """The process ends just before its commit of that number; what it did to an engine until then has happened."""
    left, thread = [number], threading.get_ident()

    def die(_connection: Connection) -> None:
        left[0] -= threading.get_ident() == thread
        if left[0] == 0:
            raise Killed

    event.listen(database.engine, "commit", die)
    try:
        yield
    finally:
        event.remove(database.engine, "commit", die)


@pytest.mark.scenario(59)
@pytest.mark.parametrize("moment", STATES)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_it_goes_on_wherever_in_a_state_the_worker_is_killed(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, lease: Lease, tmp_path: Path, moment: str
) -> None:
    meeting = record_meeting(database, by, "Title 0")
    prove(keeper)
    lock = lease.lock
    with ExitStack() as leases:
        for number in count(1):
            before = identity(engine)
            want(database)
            until_state(keeper, moment)
            retitle(database, by, meeting, f"Title {number}")
            try:
                with killed_before_commit(database, number):
                    keeper.cycle()
                break
            except Killed:
                lock.release()  # As the operating system does.
            lock = HostLock(tmp_path / "mirror.lock")
            keeper = keep(database, engine, leases.enter_context(Lease(database, MIRROR.name, 30, lock)))
            prove(keeper)
            assert engine.titles() == {f"Title {number}"}
            assert identity(engine) != before, "the new index took the place of the live one all the same"
        assert number > 1, "there is something to be killed in"
        prove(keeper)
        lock.release()
    assert counted(database, "rebuilds", "abandoned") == 0


@pytest.mark.scenario(60)
@pytest.mark.parametrize("moment", STATES)
def test_a_renamed_person_a_merger_and_a_raw_removal_in_every_state_are_in_the_new_index(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, moment: str
) -> None:
    person = record_person(database, by, name_en="Kim Dongyeon")
    with_him = record_meeting(database, by, "With him", participations=[ParticipationShape(side="host", person=person)])
    merged, survivor, removed = (record_meeting(database, by, title) for title in ("Merged", "Survivor", "Removed"))
    prove(keeper)
    before = identity(engine)
    want(database)
    until_state(keeper, moment)
    with database.writing() as connection:
        revising.revise(connection, "person", {person: {"name_en": "Kim Dong-yeon"}}, by=by)
        merging.merge(connection, "engagement", merged, survivor, by=by)
    Raw(database).run(f"DELETE FROM engagement WHERE id = {Raw(database).mark}", {"id": removed})
    after = prove(keeper)
    assert (after.documents, after.dead, after.build.state) == (2, 0, "idle")
    assert set(engine.documents) == {with_him, survivor}
    assert engine.documents[with_him]["people"] == ["Kim Dong-yeon"]
    assert identity(engine) != before


@pytest.mark.scenario(62)
def test_an_index_whose_settings_are_wrong_does_not_take_the_place_of_the_live_one(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    record_meeting(database, by, "Meeting")
    prove(keeper)
    before = identity(engine)
    want(database)
    until_state(keeper, "checking")
    engine.instance.settings.append("filterableAttributes")
    for _ in range(30):
        if state(keeper).build.state != "checking":
            break
        one_round(keeper)
    given_up = state(keeper)
    assert (given_up.build.state, given_up.build.failures, given_up.in_step) == ("idle", 1, True)
    assert "filterableAttributes" in (given_up.build.last_error or "")
    assert (identity(engine), engine.titles(), engine.others()) == (before, {"Meeting"}, [])
    assert counted(database, "rebuilds", "abandoned") == 1
    prove(keeper, most=400)
    assert identity(engine) != before, "it is tried again"


@pytest.mark.scenario(63)
@pytest.mark.parametrize("moment", ["filling", "catching-up"])
def test_a_disk_that_is_full_for_the_new_index_leaves_the_live_one_and_its_edits_alone(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, moment: str
) -> None:
    meeting = record_meeting(database, by, "Before")
    prove(keeper)
    before = identity(engine)
    want(database)
    until_state(keeper, moment)
    if moment == "catching-up":
        retitle(database, by, meeting, "After")
        one_round_of_the_live_copy(keeper)
    engine.instance.task_errors = ["no_space_left_on_device"] * 3
    for _ in range(3):
        assert not one_round(keeper)
        full = state(keeper)
        assert (full.state, full.build.state, full.dead) == ("in-trouble", moment, 0)
        assert "no_space_left_on_device" in (full.last_error or "")
        assert identity(engine) == before
    retitle(database, by, meeting, "At last")
    after = prove(keeper)
    assert (identity(engine) != before, engine.titles(), after.build.state) == (True, {"At last"}, "idle")
    assert counted(database, "batches", "failed") == 3


def one_round_of_the_live_copy(keeper: Keeper) -> None:
    """As in a round in which the rebuild had no turn."""
    fold(keeper.database)
    keeper._send(keeper._standing())


@pytest.mark.scenario(64)
@pytest.mark.parametrize("moment", STATES)
def test_a_second_wish_while_one_is_under_way_is_refused_and_the_first_is_fulfilled_once(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, moment: str
) -> None:
    record_meeting(database, by, "Meeting")
    prove(keeper)
    engine.instance.requests.clear()
    want(database, "the first")
    until_state(keeper, moment)
    assert not ledger.want_rebuild(database, MIRROR.name, "the second")
    after = prove(keeper)
    assert (after.build.reason, after.build.wanted) == ("the first", None)
    assert [operation for operation, _, _ in engine.instance.requests].count("exchange") == 1


@pytest.mark.scenario(65)
def test_going_back_keeps_every_edit_that_was_made_since(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    edited, withdrawn, kept = (record_meeting(database, by, title) for title in ("Before", "Withdrawn later", "Kept"))
    prove(keeper)
    former = identity(engine)
    want(database)
    prove(keeper)
    retitle(database, by, edited, "Edited after the exchange")
    with database.writing() as connection:
        revising.withdraw(connection, "engagement", [withdrawn], by=by)
    want(database, ROLLBACK)
    until_state(keeper, "checking")
    added = record_meeting(database, by, "Added while going back")
    after = prove(keeper)
    assert (identity(engine), after.documents, after.build.failures) == (former, 3, 0)
    assert set(engine.documents) == {edited, kept, added}
    assert engine.titles() == {"Edited after the exchange", "Kept", "Added while going back"}
