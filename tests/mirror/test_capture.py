"""Every change of a row that feeds a search document leaves a touch, whoever makes it and however, and only if it is kept."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlmodel import SQLModel

from service.database import Database
from service.mirror import fold
from service.mirror.capture import STALENESS, Staleness
from service.register.reading import dossiers, records
from service.register.reading.json_sql import JsonSql
from tests.mirror.hands import ROWS, WAYS, Core, another_program, fill, forget, touches

PARTS = [entry for entry in STALENESS if entry.column == "engagement_id"]


@pytest.fixture
def register(database: Database) -> Database:
    fill(database)
    return database


def test_every_declared_row_is_exercised() -> None:
    assert {entry.table for entry in STALENESS} == set(ROWS)
    assert len({(entry.table, entry.noun) for entry in STALENESS}) == len(STALENESS)


@pytest.mark.scenario(51)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("entry", STALENESS, ids=lambda entry: entry.table)
def test_a_row_that_comes_changes_and_goes_is_touched_each_time(register: Database, entry: Staleness, way: str) -> None:
    row, change = ROWS[entry.table]
    hand, touch = WAYS[way](register), (entry.noun, row[entry.column])
    hand.insert(entry.table, row)
    assert touches(register) == [touch]
    hand.update(entry.table, row, change)
    assert touches(register) == [touch] * 2
    hand.delete(entry.table, {**row, **change})
    assert touches(register) == [touch] * 3


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "entry", [entry for entry in STALENESS if entry.column == "engagement_id"], ids=lambda entry: entry.table
)
def test_a_row_that_moves_from_one_engagement_to_another_touches_both(register: Database, entry: Staleness, way: str) -> None:
    row, _ = ROWS[entry.table]
    hand = WAYS[way](register)
    hand.insert(entry.table, row)
    forget(register)
    hand.update(entry.table, row, {"engagement_id": "victoria"})
    assert sorted(touches(register)) == [("engagement", "sacramento"), ("engagement", "victoria")]


def test_names_and_parties_that_move_touch_both_owners_too(register: Database) -> None:
    hand = Core(register)
    hand.insert("person", ROWS["person"][0])
    hand.insert("outcome", ROWS["outcome"][0])
    for table, change, both in (
        ("person_name", {"person_id": "eby"}, [("person", "eby"), ("person", "newsom")]),
        ("outcome_party", {"outcome_id": "loi"}, [("outcome", "loi"), ("outcome", "mou")]),
    ):
        hand.insert(table, ROWS[table][0])
        forget(register)
        hand.update(table, ROWS[table][0], change)
        assert sorted(touches(register)) == both


def test_an_external_id_or_assertion_that_leaves_engagements_touches_the_one_it_left(register: Database) -> None:
    for table in ("external_id", "assertion"):
        row, _ = ROWS[table]
        Core(register).insert(table, row)
        forget(register)
        Core(register).update(table, row, {"engagement_id": None, "person_id": "newsom"})
        assert touches(register) == [("engagement", "sacramento")]
        Core(register).update(table, row, {"position": 7})
        assert touches(register) == [("engagement", "sacramento")]


@pytest.mark.scenario(51)
def test_a_statement_over_many_rows_touches_each(register: Database) -> None:
    with register.writing() as connection:
        connection.execute(update(SQLModel.metadata.tables["engagement"]).values(note="x"))
    assert sorted(touches(register)) == [("engagement", "sacramento"), ("engagement", "victoria")]


@pytest.mark.scenario(51)
def test_rows_that_a_foreign_key_removes_are_touched(register: Database) -> None:
    hand = Core(register)
    parts = ("engagement_country", "engagement_topic", "participation", "outcome_party", "citation", "assertion", "external_id")
    for table in parts:
        hand.insert(table, ROWS[table][0])
    forget(register)
    hand.delete("engagement", {"id": "sacramento"})
    left = touches(register)
    # The engagement itself and each of its six parts and its outcome, and the party that went with the outcome.
    assert left.count(("engagement", "sacramento")) == 8
    assert left.count(("outcome", "mou")) == 1
    assert len(left) == 9


@pytest.mark.parametrize(
    ("table", "noun", "key"), [("person_name", "person", "newsom"), ("organization_name", "organization", "california")]
)
def test_names_that_go_with_their_owner_are_touched(register: Database, table: str, noun: str, key: str) -> None:
    Core(register).insert(table, ROWS[table][0])
    forget(register)
    Core(register).delete(noun, {"id": key})
    assert touches(register) == [(noun, key)] * 2


def test_a_row_whose_reference_a_foreign_key_clears_is_touched(register: Database) -> None:
    Core(register).insert("outcome", {**ROWS["outcome"][0], "closed_by_id": "victoria"})
    forget(register)
    Core(register).delete("engagement", {"id": "victoria"})
    assert sorted(touches(register)) == [("engagement", "sacramento"), ("engagement", "victoria")]


@pytest.mark.scenario(52)
def test_a_change_that_is_rolled_back_leaves_no_touch(register: Database) -> None:
    class Undone(Exception):
        pass

    def undone() -> None:
        with register.writing() as connection:
            connection.execute(text("UPDATE engagement SET note = 'x'"))
            connection.execute(text("DELETE FROM outcome"))
            assert connection.execute(text("SELECT count(*) FROM touch")).scalar_one() == 3
            raise Undone

    with pytest.raises(Undone):
        undone()
    with another_program(register) as connection:
        connection.execute("UPDATE person SET note = 'x'")
        connection.rollback()
    assert touches(register) == []


@pytest.mark.scenario(52)
def test_a_part_of_a_transaction_that_is_rolled_back_takes_its_touches_with_it(register: Database) -> None:
    with register.writing() as connection:
        connection.execute(text("UPDATE person SET note = 'x'"))
        with connection.begin_nested() as savepoint:
            connection.execute(text("UPDATE topic SET note = 'x'"))
            savepoint.rollback()
    assert touches(register) == [("person", "newsom")]


def test_a_row_that_is_replaced_touches_the_one_it_replaced(sqlite_database: Database) -> None:
    fill(sqlite_database)
    Core(sqlite_database).insert("external_id", ROWS["external_id"][0])
    forget(sqlite_database)
    with sqlite_database.writing() as connection:
        connection.execute(
            text("INSERT OR REPLACE INTO external_id (system, key, position, engagement_id) VALUES ('', 'gg-1', 0, 'victoria')")
        )
    assert sorted(touches(sqlite_database)) == [("engagement", "sacramento"), ("engagement", "victoria")]


@pytest.mark.parametrize("entry", STALENESS, ids=lambda entry: entry.table)
def test_a_table_that_is_truncated_touches_whatever_was_in_it(postgres_database: Database, entry: Staleness) -> None:
    fill(postgres_database)
    row, _ = ROWS[entry.table]
    Core(postgres_database).insert(entry.table, row)
    forget(postgres_database)
    with another_program(postgres_database) as connection:
        connection.execute(f"TRUNCATE {entry.table} CASCADE")
        connection.commit()
    assert (entry.noun, row[entry.column]) in touches(postgres_database)


def test_a_touch_has_the_instant_of_the_change_in_utc(register: Database) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    Core(register).update("person", {"id": "newsom"}, {"note": "x"})
    with register.reading() as connection:
        (at,) = connection.execute(select(SQLModel.metadata.tables["touch"].c.at)).one()
    assert before <= at <= datetime.now(UTC) + timedelta(seconds=1)


def test_a_number_of_a_touch_is_never_used_again(register: Database) -> None:
    def numbers() -> list[int]:
        Core(register).update("person", {"id": "newsom"}, {"note": "x"})
        with register.reading() as connection:
            found = list(connection.execute(text("SELECT id FROM touch")).scalars())
        forget(register)
        return found

    assert numbers() < numbers() < numbers()


def test_every_table_that_feeds_a_search_document_has_a_line() -> None:
    record = records.expression("engagement", JsonSql(sqlite=True))
    read = {"engagement", *tables_in(record), *tables_in(str(dossiers._statement(True)))}
    assert {"participation", "person", "outcome_party", "person_name"} <= read
    assert read == {entry.table for entry in STALENESS}


def tables_in(sql: str) -> set[str]:
    return set(re.findall(r"\b(?:FROM|JOIN) ([a-z_]+)", sql))


def test_every_noun_that_is_touched_is_folded_into_documents() -> None:
    assert {entry.noun for entry in STALENESS} == {"engagement", *fold._DOCUMENTS_OF}
