"""What is noted of a batch before it is sent, and what follows from each of the engine's final words."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from service.database import Database
from service.mirror import choosing, status
from service.mirror.choosing import Chosen
from service.mirror.contents import contents
from service.mirror.fold import fold
from service.mirror.keeper import Keeper
from service.mirror.lease import HostLock, Lease
from service.mirror.sender import IN_FLIGHT
from service.mirror.tables import BATCH, BATCH_ITEM
from service.register.verbs import revising
from service.register.verbs.journal import Actor
from service.search.engine import SearchDocument, Ticket, Verdict
from tests.mirror import hands
from tests.mirror.conftest import MIRROR, all_are_due, keep, record_meeting, settle, state
from tests.mirror.memory_engine import Fault, MemoryEngine


def edit(database: Database, by: Actor, meeting: str, title: str) -> None:
    """Change a title, and fold that, as another keeper may at any moment."""
    with database.writing() as connection:
        revising.revise(connection, "engagement", {meeting: {"title_en": title}}, by=by)
    fold(database)


def test_a_batch_and_its_items_are_committed_as_open_before_the_request(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, noted = engine.put, []

    def watched(batch: str, documents: Sequence[SearchDocument]) -> Ticket:
        with database.reading() as connection:
            found = connection.execute(select(BATCH.c.state).where(BATCH.c.id == batch)).scalar()
            items = connection.execute(select(BATCH_ITEM.c.document_id).where(BATCH_ITEM.c.batch_id == batch)).scalars()
            noted.append((found, set(items)))
        return put(batch, documents)

    monkeypatch.setattr(engine, "put", watched)
    meetings = {record_meeting(database, by, f"Meeting {n}") for n in range(3)}
    assert settle(keeper).in_step
    assert noted == [("prepared", meetings)]


def test_a_batch_whose_sender_died_before_the_answer_is_found_by_its_mark_and_not_sent_again(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, lease: Lease, tmp_path: Path
) -> None:
    class Killed(BaseException):
        pass

    put = engine.put

    def taken_in(batch: str, documents: Sequence[SearchDocument]) -> Ticket:
        put(batch, documents)
        raise Killed

    engine.put = taken_in  # type: ignore[method-assign]
    meeting = record_meeting(database, by)
    with pytest.raises(Killed):
        keeper.cycle()
    engine.put = put  # type: ignore[method-assign]
    lease.lock.release()
    with Lease(database, MIRROR.name, 30, HostLock(tmp_path / "mirror.lock")) as taken_over:
        assert settle(keep(database, engine, taken_over)).in_step
    assert list(engine.documents) == [meeting]
    assert len(engine.instance.requests) == 1


def test_an_edit_that_is_folded_while_its_document_is_built_is_not_lost(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting = record_meeting(database, by, "First title")

    def overtaken(database: Database, ids: Sequence[str]) -> Any:
        monkeypatch.setattr(choosing, "contents", contents)
        built = contents(database, ids)
        edit(database, by, meeting, "Second title")
        return built

    monkeypatch.setattr(choosing, "contents", overtaken)
    assert settle(keeper).in_step
    assert engine.titles() == {"Second title"}


def test_an_edit_that_another_keeper_folds_while_its_document_is_in_flight_is_not_lost(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meeting = record_meeting(database, by, "First title")

    def overtake() -> None:
        engine.instance.before_settling = None
        edit(database, by, meeting, "Second title")

    engine.instance.before_settling = overtake
    assert settle(keeper).in_step
    assert engine.titles() == {"Second title"}


def test_what_no_engine_takes_is_set_aside_without_being_sent(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    hands.Core(database).insert("engagement", {"id": "no id!", "kind": "meeting", "title_en": "Meeting"})
    taken = record_meeting(database, by)
    after = settle(keeper)
    assert (after.in_step, after.dead) == (True, 1)
    assert [(dead.document_id, dead.code) for dead in status.dead(database)] == [("no id!", "invalid_document_id")]
    assert [ids for _, _, ids in engine.instance.requests] == [(taken,)]


def test_a_batch_of_which_fewer_documents_were_taken_in_is_sent_again(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    final_word = engine.settle

    def one_of_two(ticket: Ticket) -> Verdict:
        engine.settle = final_word  # type: ignore[method-assign]
        return Verdict(succeeded=True, documents=1)

    engine.settle = one_of_two  # type: ignore[method-assign]
    meetings = {record_meeting(database, by, f"Meeting {n}") for n in range(2)}
    after = settle(keeper)
    assert (after.in_step, after.dead) == (True, 0)
    assert set(engine.documents) == meetings


def test_a_refused_document_keeps_the_others_of_its_batch_no_longer_than_the_halving_takes(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meetings = [record_meeting(database, by, f"Meeting {n}") for n in range(16)]
    engine.instance.poison = {meetings[5]}
    keeper.cycle()
    assert set(engine.documents) == set(meetings) - {meetings[5]}
    assert len(engine.instance.requests) == 1 + 2 * 4


def test_a_document_that_was_refused_alone_once_is_tried_again(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    engine.instance.task_errors = ["invalid_document_fields"]
    meeting = record_meeting(database, by)
    keeper.cycle()
    assert (state(keeper).dead, state(keeper).pending) == (0, 1)
    all_are_due(database)
    assert settle(keeper).dead == 0
    assert list(engine.documents) == [meeting]


def test_when_too_many_are_refused_the_others_are_not_given_up(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meetings = [record_meeting(database, by, f"Meeting {n}") for n in range(24)]
    engine.instance.poison = set(meetings)
    for _ in range(60):
        all_are_due(database)
        keeper.retry_at = 0.0
        keeper.cycle()
    seen = state(keeper)
    assert (seen.dead, seen.pending, seen.state) == (20, 4, "in-trouble")
    assert "it is not their fault" in (seen.last_error or "")
    engine.instance.poison = set()
    all_are_due(database)
    assert settle(keeper).in_step
    assert len(engine.documents) == 4


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three documents fill a batch, so that the next one is chosen while the one before it is under way."""
    monkeypatch.setattr(choosing, "MAX_DOCUMENTS", 3)


def ahead(keeper: Keeper) -> Chosen:
    """What is chosen beside the batch that is under way."""
    assert keeper._sender is not None
    chosen = keeper._sender._choice._ahead
    assert chosen is not None
    return chosen.result()


@pytest.mark.usefixtures("small_batches")
def test_what_is_chosen_ahead_is_sent_once(database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine) -> None:
    meetings = {record_meeting(database, by, f"Meeting {n}") for n in range(8)}
    assert settle(keeper).in_step
    sent = [ids for operation, _, ids in engine.instance.requests if operation == "put"]
    assert [len(ids) for ids in sent] == [3, 3, 2]
    assert {each for ids in sent for each in ids} == meetings


@pytest.mark.usefixtures("small_batches")
def test_an_edit_of_a_document_that_is_chosen_ahead_is_not_lost(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    for n in range(3 * (IN_FLIGHT + 1)):
        record_meeting(database, by, f"Meeting {n}")

    def overtake() -> None:
        engine.instance.before_settling = None
        edit(database, by, ahead(keeper).put[1].document_id, "Edited since")

    engine.instance.before_settling = overtake
    assert settle(keeper).in_step
    assert "Edited since" in engine.titles()


@pytest.mark.usefixtures("small_batches")
def test_what_was_chosen_ahead_is_forgotten_when_the_batch_before_it_fails(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meetings = [record_meeting(database, by, f"Meeting {n}") for n in range(6)]
    engine.instance.faults = ["down"]
    keeper.cycle()
    for meeting in meetings:
        edit(database, by, meeting, "Edited since")
    assert settle(keeper).in_step
    assert engine.titles() == {"Edited since"}
    assert len([ids for operation, _, ids in engine.instance.requests if operation == "put"]) <= 3, "nothing is sent twice"


@pytest.mark.usefixtures("small_batches")
def test_a_few_batches_are_on_their_way_at_once_and_no_document_is_in_two(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meetings = {record_meeting(database, by, f"Meeting {n}") for n in range(3 * IN_FLIGHT + 2)}
    queued: list[list[tuple[str, ...]]] = []
    engine.instance.before_settling = lambda: queued.append(engine.waiting())
    assert settle(keeper).in_step
    longest = max(queued, key=len)
    assert len(longest) == IN_FLIGHT
    assert len({each for ids in longest for each in ids}) == 3 * IN_FLIGHT
    assert sorted(each for _, _, ids in engine.instance.requests for each in ids) == sorted(meetings), "each was sent once"


@pytest.mark.usefixtures("small_batches")
def test_halves_of_a_failed_batch_are_sent_when_nothing_else_is_on_its_way(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meetings = [record_meeting(database, by, f"Meeting {n}") for n in range(12)]
    engine.instance.poison = {meetings[1]}
    queued: list[list[tuple[str, ...]]] = []
    engine.instance.before_settling = lambda: queued.append(engine.waiting())
    keeper.cycle()
    alone = [ids for ids in queued if any(len(each) < 3 for each in ids)]
    assert alone
    assert all(len(ids) == 1 for ids in alone)
    all_are_due(database)
    assert settle(keeper).dead == 1
    assert len(engine.documents) == 11


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("lost", ["lost answer", "lost request"])
def test_what_is_on_its_way_when_an_answer_is_lost_is_found_again(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, lost: Fault
) -> None:
    meetings = {record_meeting(database, by, f"Meeting {n}") for n in range(15)}
    engine.instance.faults = [None, None, lost]
    keeper.cycle()
    assert len(engine.waiting()) >= 2, "the queue holds what was sent before"
    assert settle(keeper).in_step
    assert set(engine.documents) == meetings
    times = Counter(each for _, _, ids in engine.instance.requests for each in ids)
    assert sorted(times.values()) == [1] * 15 if lost == "lost answer" else [1] * 12 + [2] * 3
