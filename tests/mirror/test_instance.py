"""What others did to an engine behind the mirror's back is noticed, and made good."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import text

from service.database import Database
from service.mirror import retraction
from service.mirror.audit import Audit
from service.mirror.keeper import Keeper
from service.mirror.lease import Lease
from service.register.verbs import revising
from service.register.verbs.journal import Actor
from tests.mirror.conftest import PATIENCE, keep, look_again, record_meeting, settle, state
from tests.mirror.memory_engine import Content, MemoryEngine


def leave_marker(keeper: Keeper) -> None:
    keeper._tidied_at = float("-inf")
    keeper.cycle()


def retitle(database: Database, by: Actor, meeting: str, title: str) -> None:
    with database.writing() as connection:
        revising.revise(connection, "engagement", {meeting: {"title_en": title}}, by=by)


@pytest.mark.scenario(35)
def test_an_engine_restored_from_an_older_copy_is_brought_up_to_date(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    changed, withdrawn = record_meeting(database, by, "Before"), record_meeting(database, by, "Withdrawn")
    settle(keeper)
    leave_marker(keeper)
    older = engine.backup()
    retitle(database, by, changed, "After")
    with database.writing() as connection:
        revising.withdraw(connection, "engagement", [withdrawn], by=by)
    settle(keeper)
    leave_marker(keeper)
    engine.restore(older)
    look_again(keeper)
    keeper._look(keeper._standing())
    assert retraction.pending(database, keeper.mirror) == {withdrawn}, "it is left out until it is gone again"
    assert settle(keeper).in_step
    assert engine.titles() == {"After"}


@pytest.mark.scenario(35)
def test_an_older_copy_is_noticed_by_its_newest_write_where_the_marker_is_the_same(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meeting = record_meeting(database, by, "Before")
    settle(keeper)
    older = engine.backup()
    retitle(database, by, meeting, "After")
    settle(keeper)
    marker = engine.read_marker()
    engine.restore(older)
    if marker is not None:
        engine.write_marker(marker)
    look_again(keeper)
    assert settle(keeper).in_step
    assert engine.titles() == {"After"}


def test_what_a_restored_engine_lost_is_owed_once_however_long_its_sending_takes(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meetings = [record_meeting(database, by, "Before")]
    settle(keeper)
    leave_marker(keeper)
    older = engine.backup()
    meetings += [record_meeting(database, by, f"Lost {n}") for n in range(5)]
    settle(keeper)
    leave_marker(keeper)
    engine.restore(older)
    engine.instance.requests.clear()
    for _ in range(10):
        look_again(keeper)
        keeper._round()
    assert settle(keeper).in_step
    assert set(engine.documents) == set(meetings)
    assert [len(ids) for _, _, ids in engine.instance.requests] == [5]


def test_a_register_restored_from_an_older_copy_has_its_mirror_audited(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meeting = record_meeting(database, by, "As it is in the register")
    settle(keeper)
    with restored_afterwards(database):
        retitle(database, by, meeting, "Never happened")
        record_meeting(database, by, "Neither did this")
        settle(keeper)
        leave_marker(keeper)
    look_again(keeper)
    assert settle(keeper).in_step
    assert engine.titles() == {"As it is in the register"}


def test_a_marker_that_is_ahead_of_the_register_has_its_mirror_audited(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    record_meeting(database, by)
    settle(keeper)
    leave_marker(keeper)
    marker = engine.read_marker()
    assert marker is not None
    engine.write_marker(replace(marker, watermark=marker.watermark + 7))
    look_again(keeper)
    keeper._look(keeper._standing())
    assert state(keeper).doubt == "the register is an older copy of itself"
    settle(keeper)
    record_meeting(database, by, "A number that was never given before")
    settle(keeper)
    leave_marker(keeper)
    left = engine.read_marker()
    assert left is not None
    assert left.watermark == marker.watermark + 8


def test_an_index_that_was_made_anew_with_the_same_documents_is_another(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    record_meeting(database, by)
    settle(keeper)
    former = engine.instance.indexes["engagements"]
    engine.instance.indexes["engagements"] = Content(documents=dict(former.documents), newest=former.newest)
    look_again(keeper)
    assert settle(keeper).in_step
    assert state(keeper).build.reason == "the index was replaced"


def test_nothing_is_written_to_an_index_that_took_the_place_of_ours_unseen(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    stranger = Content(documents={"stranger": {"titles": ["A stranger's"]}})
    engine.instance.indexes["engagements"] = stranger
    record_meeting(database, by)
    keeper.cycle()
    assert list(stranger.documents) == ["stranger"]
    assert settle(keeper).in_step
    assert engine.titles() == {"Meeting with Governor Newsom"}


@contextmanager
def restored_afterwards(database: Database) -> Iterator[None]:
    """What is written inside of this is undone behind everybody's back, as when a backup is put back."""
    tables = ("engagement", "touch", "ledger", "mirror", "mirror_copy", "batch", "batch_item", "retraction")
    with database.reading() as connection:
        kept: dict[str, list[Any]] = {
            table: [dict(row) for row in connection.execute(text(f"SELECT * FROM {table}")).mappings()] for table in tables
        }
    yield
    with database.writing() as connection:
        off = "PRAGMA defer_foreign_keys=ON" if database.is_sqlite else "SET LOCAL session_replication_role = replica"
        connection.exec_driver_sql(off)
        for table in ("touch", "retraction", "batch_item", "batch", "ledger", "mirror_copy"):
            connection.execute(text(f"DELETE FROM {table}"))
        ids = [row["id"] for row in kept["engagement"]]
        for (later,) in connection.execute(text("SELECT id FROM engagement")).all():
            if later not in ids:
                connection.execute(text("DELETE FROM engagement WHERE id = :id"), {"id": later})
        for table in ("engagement", "mirror"):
            key = "id" if table == "engagement" else "name"
            for row in kept[table]:
                pairs = ", ".join(f'"{column}" = :{column}' for column in row if column != key)
                connection.execute(text(f"UPDATE {table} SET {pairs} WHERE {key} = :{key}"), row)
        connection.execute(text("DELETE FROM touch"))
        connection.execute(text("DELETE FROM retraction"))
        for table in ("mirror_copy", "ledger", "batch", "batch_item"):
            for row in kept[table]:
                columns = ", ".join(f'"{column}"' for column in row)
                values = ", ".join(f":{column}" for column in row)
                connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), row)


@pytest.mark.scenario(14)
def test_a_late_write_of_a_dead_sender_is_found_and_overwritten(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, lease: Lease
) -> None:
    keeper = keep(database, engine, lease, replace(PATIENCE, verify=(0.0, 0.01)))
    settle(keeper)
    meeting = record_meeting(database, by, "Old")
    engine.instance.faults = ["late"]
    settle(keeper)
    retitle(database, by, meeting, "New")
    settle(keeper)
    engine.instance.deliver_late()
    assert engine.titles() == {"Old"}
    look_again(keeper)
    settle(keeper)
    for _ in range(20):
        keeper.cycle()
    assert settle(keeper).in_step
    assert engine.titles() == {"New"}


@pytest.mark.scenario(15)
def test_a_late_write_does_not_bring_back_what_was_withdrawn(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meeting = record_meeting(database, by)
    engine.instance.faults = ["late"]
    settle(keeper)
    with database.writing() as connection:
        revising.withdraw(connection, "engagement", [meeting], by=by)
    settle(keeper)
    engine.instance.deliver_late()
    assert list(engine.documents) == [meeting]
    look_again(keeper)
    for _ in range(20):
        keeper.cycle()
    assert settle(keeper).in_step
    assert engine.documents == {}


def test_settings_that_somebody_changed_are_put_back(keeper: Keeper, engine: MemoryEngine) -> None:
    engine.instance.settings.append("searchableAttributes")
    look_again(keeper)
    keeper.cycle()
    assert engine.differences() == []


def test_a_document_that_somebody_removed_or_changed_is_put_back(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    removed, changed, kept = (record_meeting(database, by, title) for title in ("Removed", "Changed", "Kept"))
    settle(keeper)
    del engine.documents[removed]
    engine.documents[changed] |= {"titles": ["by hand"], "sync_hash": "by hand"}
    look_again(keeper)
    assert settle(keeper).in_step
    assert set(engine.documents) == {removed, changed, kept}
    assert engine.titles() == {"Removed", "Changed", "Kept"}
    audit = state(keeper).last_audit
    assert audit is not None
    assert (audit["missing"], audit["stale"], audit["extra"], audit["repaired"]) == (1, 1, 0, 2)


def test_an_audit_names_what_is_wrong_and_mends_only_when_it_may(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meeting = record_meeting(database, by)
    settle(keeper)
    engine.documents["stranger"] = {**engine.documents[meeting], "id": "stranger"}
    del engine.documents[meeting]
    live = keeper._standing().live
    assert live is not None
    seen = Audit(database, engine, live, repair=False).run()
    assert (seen.named["missing"], seen.named["extra"], seen.repaired) == ([meeting], ["stranger"], 0)
    assert "stranger" in engine.documents
    assert Audit(database, engine, live, repair=True).run().repaired == 2
    assert settle(keeper).in_step
    assert list(engine.documents) == [meeting]


def test_a_change_that_no_trigger_saw_is_found_by_the_audit(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meeting = record_meeting(database, by)
    settle(keeper)
    with database.writing() as connection:
        connection.execute(text("UPDATE engagement SET title_en = 'Unseen' WHERE id = :id"), {"id": meeting})
        connection.execute(text("DELETE FROM touch"))
    live = keeper._standing().live
    assert live is not None
    assert Audit(database, engine, live, repair=True).run().named["stale"] == [meeting]
    settle(keeper)
    assert engine.titles() == {"Unseen"}


@pytest.mark.scenario(46)
def test_a_row_that_cannot_be_read_is_set_aside_alone(
    sqlite_database: Database, by: Actor, engine: MemoryEngine, request: Any
) -> None:
    database = sqlite_database
    meetings = [record_meeting(database, by, f"Meeting {n}") for n in range(9)]
    with database.writing() as connection:
        connection.execute(text("UPDATE engagement SET title_en = CAST(x'80' AS TEXT) WHERE id = :id"), {"id": meetings[4]})
    from service.mirror import ledger
    from service.mirror.lease import HostLock
    from tests.mirror.conftest import MIRROR

    ledger.enroll(database, (MIRROR,))
    with Lease(database, MIRROR.name, 30, HostLock(request.getfixturevalue("tmp_path") / "lock")) as lease:
        keeper = keep(database, engine, lease)
        after = settle(keeper)
    assert (after.dead, set(engine.documents)) == (1, set(meetings) - {meetings[4]})
