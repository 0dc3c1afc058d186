"""Every committed change reaches the mirror, whoever made it and however."""

import pytest
from sqlalchemy import text

from service.database import Database
from service.mirror.keeper import Keeper
from service.register.engagement import EngagementShape, ParticipationShape
from service.register.verbs import merging, recording, revising
from service.register.verbs.journal import Actor
from tests.mirror.conftest import record_meeting, record_person, settle, state
from tests.mirror.memory_engine import MemoryEngine


def test_what_was_recorded_before_the_mirror_was_enrolled_is_owed_to_it(
    database: Database, by: Actor, engine: MemoryEngine, request: pytest.FixtureRequest
) -> None:
    record_meeting(database, by, "Meeting with Premier Eby")
    keeper: Keeper = request.getfixturevalue("keeper")
    assert settle(keeper).in_step
    assert engine.titles() == {"Meeting with Premier Eby"}


def test_a_recorded_engagement_is_indexed(database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine) -> None:
    record_meeting(database, by)
    assert not state(keeper).in_step
    assert settle(keeper).in_step
    assert engine.titles() == {"Meeting with Governor Newsom"}


def test_a_revision_replaces_what_was_indexed(database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine) -> None:
    meeting = record_meeting(database, by)
    settle(keeper)
    with database.writing() as connection:
        revising.revise(connection, "engagement", {meeting: {"title_en": "Meeting with Governor Gavin Newsom"}}, by=by)
    assert settle(keeper).in_step
    assert engine.titles() == {"Meeting with Governor Gavin Newsom"}


def test_a_withdrawn_engagement_leaves_the_index_and_a_restored_one_returns(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meeting = record_meeting(database, by)
    settle(keeper)
    with database.writing() as connection:
        revising.withdraw(connection, "engagement", [meeting], by=by)
    assert settle(keeper).in_step
    assert engine.documents == {}
    with database.writing() as connection:
        revising.restore(connection, "engagement", [meeting], by=by)
    assert settle(keeper).in_step
    assert list(engine.documents) == [meeting]


def test_a_renamed_person_renews_all_her_engagements_and_no_others(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    hobbs = record_person(database, by, name_en="Katie Hobbs", name_ko="케이티 홉스")
    hers = [
        record_meeting(database, by, f"Meeting {n}", participations=[ParticipationShape(side="counterpart", person=hobbs)])
        for n in range(3)
    ]
    record_meeting(database, by, "Another meeting")
    settle(keeper)
    engine.instance.requests.clear()
    with database.writing() as connection:
        revising.revise(connection, "person", {hobbs: {"name_en": "Kathleen Hobbs"}}, by=by)
    assert settle(keeper).in_step
    assert [set(ids) for _, _, ids in engine.instance.requests] == [set(hers)]
    assert all("Kathleen Hobbs" in engine.documents[meeting]["people"] for meeting in hers)


def test_merging_people_renews_their_engagements(database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine) -> None:
    hur = record_person(database, by, name_en="Hur Feng")
    he = record_person(database, by, name_en="He Lifeng", name_ko="허리펑")
    meeting = record_meeting(database, by, participations=[ParticipationShape(side="counterpart", person=hur)])
    settle(keeper)
    with database.writing() as connection:
        merging.merge(connection, "person", hur, he, by=by)
    assert settle(keeper).in_step
    assert engine.documents[meeting]["people"] == ["He Lifeng", "허리펑"]
    assert "Hur Feng" in engine.documents[meeting]["aliases"]


@pytest.mark.scenario(51)
def test_raw_sql_and_removal_by_foreign_key_are_seen(database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine) -> None:
    kept, gone = record_meeting(database, by, "Kept"), record_meeting(database, by, "Gone")
    settle(keeper)
    with database.writing() as connection:
        connection.execute(text("UPDATE engagement SET title_en = 'Changed by hand' WHERE id = :id"), {"id": kept})
        connection.execute(text("DELETE FROM engagement WHERE id = :id"), {"id": gone})
    assert settle(keeper).in_step
    assert engine.titles() == {"Changed by hand"}


def test_a_change_that_says_nothing_new_is_not_sent(database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine) -> None:
    meeting = record_meeting(database, by)
    settle(keeper)
    engine.instance.requests.clear()
    with database.writing() as connection:
        connection.execute(text("UPDATE engagement SET title_en = title_en WHERE id = :id"), {"id": meeting})
    assert settle(keeper).in_step
    assert engine.instance.requests == []


@pytest.mark.scenario(52)
def test_a_rollback_sends_nothing(database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine) -> None:
    settle(keeper)

    def fail_after_writing() -> None:
        with database.writing() as connection:
            recording.record(connection, "engagement", [EngagementShape(kind="meeting", title_en="Never")], by=by)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    assert state(keeper).in_step


def test_many_documents_go_in_several_batches(database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine) -> None:
    shapes = [EngagementShape(kind="meeting", title_en=f"Meeting {n}") for n in range(1_234)]
    with database.writing() as connection:
        recording.record(connection, "engagement", shapes, by=by)
    assert settle(keeper).in_step
    assert len(engine.documents) == 1_234
    assert [len(ids) for _, _, ids in engine.instance.requests] == [500, 500, 234]
