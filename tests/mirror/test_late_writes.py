"""A write that arrives when everybody has given it up, and what came after it hides that it did."""

import pytest

from service.database import Database
from service.mirror import ledger
from service.mirror.keeper import Keeper
from service.register.verbs import revising
from service.register.verbs.journal import Actor
from tests.mirror.clocks import DatabaseClock
from tests.mirror.conftest import MIRROR, PATIENCE, look_again, record_meeting, settle
from tests.mirror.memory_engine import MemoryEngine


def edited_since_its_write_was_lost(database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine) -> None:
    """A mirror in step with the new title of a meeting, while a write of the old one is still on its way."""
    meeting = record_meeting(database, by, "Old")
    engine.instance.faults = ["late"]
    settle(keeper)
    with database.writing() as connection:
        revising.revise(connection, "engagement", {meeting: {"title_en": "New"}}, by=by)
    assert settle(keeper).in_step


@pytest.mark.parametrize("look", [0, 1])
def test_it_is_found_by_looking_again_where_a_newer_write_is_the_newest(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    clock = DatabaseClock(monkeypatch)
    edited_since_its_write_was_lost(database, by, keeper, engine)
    for seconds in PATIENCE.verify[:look]:
        clock.ahead = seconds + 5
        settle(keeper)
    engine.instance.deliver_late()
    record_meeting(database, by, "Newer than all")
    settle(keeper)
    look_again(keeper)
    assert settle(keeper).in_step
    assert engine.titles() == {"Old", "Newer than all"}, "neither the newest write nor the count tells"
    clock.ahead = PATIENCE.verify[look] + 10
    settle(keeper)
    assert engine.titles() == {"New", "Newer than all"}


def test_it_is_found_in_the_index_that_took_the_name_it_was_sent_to(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = DatabaseClock(monkeypatch)
    edited_since_its_write_was_lost(database, by, keeper, engine)
    assert ledger.want_rebuild(database, MIRROR.name, "an operator asked for it")
    assert settle(keeper).in_step
    engine.instance.deliver_late()
    record_meeting(database, by, "Newer than all")
    assert settle(keeper).in_step
    assert engine.titles() == {"Old", "Newer than all"}
    clock.ahead = PATIENCE.verify[-1] + 10
    settle(keeper)
    assert engine.titles() == {"New", "Newer than all"}


def test_of_several_that_arrive_together_all_are_found_though_one_alone_is_the_newest(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = DatabaseClock(monkeypatch)
    meetings = []
    for n in range(3):
        meetings.append(record_meeting(database, by, f"Old {n}"))
        engine.instance.faults = ["late"]
        settle(keeper)
    with database.writing() as connection:
        changes = {meeting: {"title_en": f"New {n}"} for n, meeting in enumerate(meetings)}
        revising.revise(connection, "engagement", changes, by=by)
    assert settle(keeper).in_step
    for seconds in PATIENCE.verify:
        clock.ahead = seconds + 10
        settle(keeper)
    engine.instance.deliver_late()
    assert engine.titles() == {"Old 0", "Old 1", "Old 2"}
    look_again(keeper)
    assert settle(keeper).in_step
    assert engine.titles() == {"New 0", "New 1", "New 2"}
