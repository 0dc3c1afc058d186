"""The triggers are what is declared, or nothing is synced: each one that is not is named, and migrating puts it back."""

from typing import Any

import pytest
from sqlalchemy import text

from service.database import Database
from service.errors import Unavailable
from service.mirror import capture
from service.mirror.capture import STALENESS

NOTHING = "RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
ON_UPDATE = "CREATE TRIGGER touch_person_by_person_update AFTER UPDATE"
AS_DECLARED = (
    "INSERT INTO touch (noun, key, at) SELECT 'person', key, strftime('%Y-%m-%d %H:%M:%f000', 'now')"
    " FROM (SELECT OLD.id AS key UNION SELECT NEW.id AS key) WHERE key IS NOT NULL;"
)


def install(database: Database) -> None:
    with database.writing() as connection:
        capture.install(connection)


def triggers(database: Database) -> list[tuple[Any, ...]]:
    with database.reading() as connection:
        question = (
            "SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger' ORDER BY name"
            if database.is_sqlite
            else "SELECT t.tgname, c.relname, pg_get_triggerdef(t.oid), p.prosrc FROM pg_trigger t"
            " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal ORDER BY 1, 2"
        )
        return [tuple(row) for row in connection.execute(text(question))]


def test_installing_again_changes_nothing(database: Database) -> None:
    before = triggers(database)
    # One more is the register's own, which numbers its changes.
    assert len(before) == len(STALENESS) * (3 if database.is_sqlite else 2) + 2 + 1
    install(database)
    install(database)
    assert triggers(database) == before
    capture.check(database)


def test_installing_removes_what_a_former_version_left(database: Database) -> None:
    before = triggers(database)
    with database.writing() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("CREATE TRIGGER touch_former AFTER INSERT ON person BEGIN SELECT 1; END")
        else:
            connection.exec_driver_sql(f"CREATE FUNCTION touch_former() {NOTHING}")
            connection.exec_driver_sql(
                "CREATE TRIGGER touch_former AFTER INSERT ON person FOR EACH ROW EXECUTE FUNCTION touch_former()"
            )
    assert triggers(database) != before
    install(database)
    assert triggers(database) == before


def test_triggers_of_others_are_left_alone(database: Database) -> None:
    with database.writing() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("CREATE TRIGGER touchy AFTER INSERT ON person BEGIN SELECT 1; END")
        else:
            connection.exec_driver_sql(
                "CREATE FUNCTION touchy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$"
            )
            connection.exec_driver_sql("CREATE TRIGGER touchy AFTER INSERT ON person FOR EACH ROW EXECUTE FUNCTION touchy()")
    install(database)
    assert "touchy" in [trigger[0] for trigger in triggers(database)]
    capture.check(database)


SPOILED_ON_SQLITE = {
    "dropped": "SELECT 1",
    "altered": f"{ON_UPDATE} ON person BEGIN INSERT INTO touch (noun, key, at) VALUES ('person', 'x', '2023-10-31'); END",
    "on another table": f"{ON_UPDATE} ON topic BEGIN {AS_DECLARED} END",
    "on fewer columns": f"{ON_UPDATE} OF note ON person BEGIN {AS_DECLARED} END",
    "under a condition": f"{ON_UPDATE} ON person WHEN NEW.note <> OLD.note BEGIN {AS_DECLARED} END",
}


@pytest.mark.scenario(57)
@pytest.mark.parametrize("how", SPOILED_ON_SQLITE)
def test_a_trigger_that_is_not_what_it_should_be_is_named_on_sqlite(sqlite_database: Database, how: str) -> None:
    with sqlite_database.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER touch_person_by_person_update")
        connection.exec_driver_sql(SPOILED_ON_SQLITE[how])
    with pytest.raises(Unavailable, match=r"Triggers are missing or changed: touch_person_by_person_update\. Nothing is synced"):
        capture.check(sqlite_database)
    install(sqlite_database)
    capture.check(sqlite_database)


DROP = "DROP TRIGGER touch_person_by_person ON person"
MADE = "CREATE TRIGGER touch_person_by_person AFTER"
CALL = "EXECUTE FUNCTION touch_person_by_person()"
WHOLE = "INSERT OR UPDATE OR DELETE ON"
ONE, BOTH = "touch_person_by_person", "touch_person_by_person, touch_person_by_person_truncate"

SPOILED_ON_POSTGRESQL = {
    "dropped": (ONE, [DROP]),
    "dropped for TRUNCATE": (f"{ONE}_truncate", ["DROP TRIGGER touch_person_by_person_truncate ON person"]),
    "dropped with its function": (BOTH, ["DROP FUNCTION touch_person_by_person() CASCADE"]),
    "disabled": (ONE, ["ALTER TABLE person DISABLE TRIGGER touch_person_by_person"]),
    "enabled for replicas only": (ONE, ["ALTER TABLE person ENABLE REPLICA TRIGGER touch_person_by_person"]),
    "disabled with all of its table": (BOTH, ["ALTER TABLE person DISABLE TRIGGER USER"]),
    "altered": (BOTH, [f"CREATE OR REPLACE FUNCTION touch_person_by_person() {NOTHING}"]),
    "for fewer events": (ONE, [DROP, f"{MADE} INSERT ON person FOR EACH ROW {CALL}"]),
    "under a condition": (
        ONE,
        [DROP, f"{MADE} {WHOLE} person FOR EACH ROW WHEN (pg_trigger_depth() = 9) {CALL}"],
    ),
    "on fewer columns": (ONE, [DROP, f"{MADE} INSERT OR UPDATE OF note OR DELETE ON person FOR EACH ROW {CALL}"]),
    "on another table": (ONE, [DROP, f"{MADE} {WHOLE} organization FOR EACH ROW {CALL}"]),
}


@pytest.mark.scenario(57)
@pytest.mark.parametrize("how", SPOILED_ON_POSTGRESQL)
def test_a_trigger_that_is_not_what_it_should_be_is_named_on_postgresql(postgres_database: Database, how: str) -> None:
    named, statements = SPOILED_ON_POSTGRESQL[how]
    with postgres_database.writing() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    with pytest.raises(Unavailable, match=f"Triggers are missing or changed: {named}\\. Nothing is synced"):
        capture.check(postgres_database)
    install(postgres_database)
    capture.check(postgres_database)


def test_every_missing_trigger_is_named(database: Database) -> None:
    with database.writing() as connection:
        capture.remove(connection)
        assert len(capture.missing(connection)) == len(STALENESS) * (3 if database.is_sqlite else 2) + 2
