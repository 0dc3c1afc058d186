"""The migrations lead from nothing to the tables of the code, and back, on both databases; the triggers come and go with them."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Integer, MetaData, Table, inspect, text

from service import schema
from service.database import Database
from service.errors import Unavailable
from service.mirror import capture
from service.register.topic import TopicShape
from service.register.verbs import recording
from service.register.verbs.journal import Actor
from tests import postgres

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database in which there is nothing yet."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/empty.db")
        yield database
        database.dispose()
        return
    server = request.getfixturevalue("postgres_session")
    with postgres.database_copy(postgres.named(server, "template1")) as url:
        database = Database(url)
        yield database
        database.dispose()


def objects(database: Database) -> dict[str, list[Any]]:
    """Everything that there is in the database, by kind."""
    with database.reading() as connection:
        if database.is_sqlite:
            rows = connection.execute(text("SELECT type, name || ' ' || coalesce(sql, '') FROM sqlite_master ORDER BY name"))
        else:
            rows = connection.execute(
                text(
                    "SELECT 'table', table_name || ' ' || column_name || ' ' || data_type FROM information_schema.columns"
                    " WHERE table_schema = 'public'"
                    " UNION ALL SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal"
                    " UNION ALL SELECT 'function', proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
                    " UNION ALL SELECT 'index', indexdef FROM pg_indexes WHERE schemaname = 'public'"
                    " UNION ALL SELECT 'constraint', conname || pg_get_constraintdef(oid) FROM pg_constraint"
                    " WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2"
                )
            )
        found: dict[str, list[Any]] = {}
        for kind, name in rows:
            found.setdefault(kind, []).append(name)
        return found


def test_an_empty_database_is_brought_to_the_tables_of_the_code(empty: Database) -> None:
    assert schema.current(empty) is None
    schema.upgrade(empty)
    assert schema.current(empty) == schema.head()
    assert schema.differences(empty) == []
    assert set(inspect(empty.engine).get_table_names()) == {*schema.METADATA.tables, "alembic_version"}
    capture.check(empty)
    schema.require_current(empty)


def test_down_to_nothing_and_up_again(empty: Database) -> None:
    schema.upgrade(empty)
    there = objects(empty)
    assert there["trigger"]
    assert empty.is_sqlite or there["function"]
    schema.downgrade(empty, "base")
    assert inspect(empty.engine).get_table_names() == ["alembic_version"]
    left = objects(empty)
    assert "trigger" not in left
    assert "function" not in left
    assert schema.current(empty) is None
    schema.upgrade(empty)
    assert objects(empty) == there
    assert schema.differences(empty) == []
    capture.check(empty)


def test_a_second_upgrade_does_nothing(empty: Database) -> None:
    schema.upgrade(empty)
    record_topic(empty, "Climate")
    before = objects(empty)
    schema.upgrade(empty)
    assert objects(empty) == before
    with empty.reading() as connection:
        assert connection.execute(text("SELECT label_en FROM topic")).scalar_one() == "Climate"


def record_topic(database: Database, label: str) -> None:
    with database.writing() as connection:
        recording.record(connection, "topic", [TopicShape(label_en=label)], by=Actor("test"))


def test_an_upgrade_puts_back_triggers_that_were_lost(database: Database) -> None:
    with database.writing() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("DROP TRIGGER touch_person_by_person_update")
        else:
            connection.exec_driver_sql("ALTER TABLE person DISABLE TRIGGER touch_person_by_person")
    with pytest.raises(Unavailable, match="engagements migrate"):
        capture.check(database)
    schema.upgrade(database)
    capture.check(database)


def test_two_that_migrate_at_once_do_it_one_after_the_other(empty: Database) -> None:
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(lambda _: schema.upgrade(empty), range(3)))
    assert schema.differences(empty) == []
    capture.check(empty)


def test_a_database_that_was_not_migrated_says_which_migration_it_needs(empty: Database) -> None:
    with pytest.raises(
        Unavailable, match=f"stands at migration none, this version needs {schema.head()}: run `engagements migrate`"
    ):
        schema.require_current(empty)
    schema.upgrade(empty)
    with empty.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(Unavailable, match="stands at migration 0000"):
        schema.require_current(empty)


def test_the_newest_migration_is_the_one_that_alembic_takes_for_it() -> None:
    scripts = ScriptDirectory.from_config(schema._config(None))
    assert scripts.get_heads() == [schema.head()]


def test_a_new_migration_is_the_newest_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "versions").mkdir()
    for script in (CHECKOUT / "migrations" / "versions").glob("*.py"):
        shutil.copy(script, tmp_path / "versions")
    shutil.copy(CHECKOUT / "migrations" / "script.py.mako", tmp_path)
    shutil.copy(CHECKOUT / "migrations" / "env.py", tmp_path)
    monkeypatch.setattr(schema, "resource", lambda _name: tmp_path)
    command.revision(schema._config(None), "a field more", rev_id="9999")
    assert schema.head() == "9999"


def test_a_migration_on_sqlite_leaves_foreign_keys_on(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/register.db", pool_size=1)
    schema.upgrade(database)
    schema.downgrade(database, "base")
    schema.upgrade(database)
    for _ in range(3):
        with database.writing() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    database.dispose()


def test_a_migration_that_would_leave_a_reference_to_nothing_is_not_kept(sqlite_database: Database) -> None:
    record_topic(sqlite_database, "Climate")
    before = objects(sqlite_database)
    with (
        pytest.raises(Unavailable, match="would leave a reference without its record"),
        schema._migrating(sqlite_database) as connection,
    ):
        connection.execute(text("INSERT INTO engagement_topic VALUES ('nothing', 'nobody', 0)"))
    assert objects(sqlite_database) == before
    with sqlite_database.writing() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        assert connection.execute(text("SELECT count(*) FROM engagement_topic")).scalar_one() == 0


def test_a_migration_that_fails_keeps_nothing(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(Exception):
        pass

    def fails(_connection: object) -> None:
        raise Interrupted

    monkeypatch.setattr(capture, "install", fails)
    with pytest.raises(Interrupted):
        schema.upgrade(empty)
    assert inspect(empty.engine).get_table_names() == []
    monkeypatch.undo()
    schema.upgrade(empty)
    assert schema.differences(empty) == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ("ALTER TABLE topic ADD COLUMN colour TEXT", "colour"),
        ("DROP INDEX ix_person_name_en", "ix_person_name_en"),
        ("CREATE TABLE gossip (id TEXT)", "gossip"),
    ],
)
def test_a_database_that_somebody_changed_is_told_from_the_code(database: Database, changed: str, told: str) -> None:
    with database.writing() as connection:
        connection.execute(text(changed))
    assert any(told in difference for difference in schema.differences(database))


def test_a_code_without_its_migration_is_a_difference(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = MetaData()
    Table(
        "engagement",
        newer,
        Column("id", Integer, primary_key=True),
        CheckConstraint("mode IN ('in-person', 'remote', 'hybrid', 'written', 'telepathic')", name="ck_engagement_mode"),
    )
    monkeypatch.setattr(schema, "METADATA", newer)
    told = [difference for difference in schema.differences(database) if "ck_engagement_mode" in difference]
    assert len(told) == 1
    there, code = told[0].split(" in the database, ")
    assert "telepathic" in code
    assert "telepathic" not in there


def test_every_constraint_has_a_name_by_which_a_later_migration_can_find_it() -> None:
    for table in schema.METADATA.sorted_tables:
        for constraint in table.constraints:
            if isinstance(constraint, CheckConstraint | ForeignKeyConstraint):
                assert constraint.name, f"{table.name}: {constraint}"


def test_alembics_own_command_line_finds_the_database_of_the_settings(tmp_path: Path) -> None:
    def alembic(*arguments: str) -> str:
        program = [sys.executable, "-m", "alembic", *arguments]
        environment = {"ENGAGEMENTS_DATA_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(program, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    alembic("upgrade", "head")
    assert schema.head() in alembic("current")
    alembic("check")
    database = Database(f"sqlite:///{tmp_path}/register.db")
    capture.check(database)
    database.dispose()
