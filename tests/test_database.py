"""What a transaction is here: a read sees one moment, a write is kept whole or not at all, and nobody is told too early."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import text

from service.database import Database, ping, server_version
from service.errors import Unavailable
from service.register.topic import TopicShape
from service.register.verbs import recording
from service.register.verbs.journal import Actor
from tests.postgres import connected

BY = Actor("test")
HOW_MANY = text("SELECT count(*) FROM topic")


def record_topic(database: Database, label: str) -> None:
    with database.writing() as connection:
        recording.record(connection, "topic", [TopicShape(label_en=label)], by=BY)


def how_many(database: Database) -> int:
    with database.reading() as connection:
        return int(connection.execute(HOW_MANY).scalar_one())


def test_a_read_sees_one_moment_however_long_it_lasts(database: Database) -> None:
    with database.reading() as connection:
        assert connection.execute(HOW_MANY).scalar_one() == 0
        record_topic(database, "Climate")
        assert connection.execute(HOW_MANY).scalar_one() == 0
    assert how_many(database) == 1


def test_what_is_written_through_a_read_is_not_kept(database: Database) -> None:
    record_topic(database, "Climate")
    with database.reading() as connection:
        connection.execute(text("UPDATE topic SET label_en = 'Weather'"))
    with database.reading() as connection:
        assert connection.execute(text("SELECT label_en FROM topic")).scalar_one() == "Climate"


def test_a_write_is_seen_by_others_only_when_it_is_committed(database: Database) -> None:
    with database.writing() as connection:
        recording.record(connection, "topic", [TopicShape(label_en="Climate")], by=BY)
        assert how_many(database) == 0
    assert how_many(database) == 1


def test_who_waits_for_commits_is_called_after_the_commit_and_not_after_a_failure(database: Database) -> None:
    seen: list[int] = []
    database.on_commit.append(lambda: seen.append(how_many(database)))
    record_topic(database, "Climate")
    with pytest.raises(Unavailable), database.writing():
        raise Unavailable("in the middle")
    record_topic(database, "Energy")
    assert seen == [1, 2]


def test_a_database_says_what_it_is(database: Database) -> None:
    ping(database)
    assert server_version(database).startswith("SQLite 3." if database.is_sqlite else "PostgreSQL 1")


def test_a_sqlite_file_is_made_where_it_is_missing_and_opened_as_we_need_it(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/경기 도/register.db")
    with database.reading() as connection:
        pragmas = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("journal_mode", "foreign_keys")}
        pragmas |= {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("synchronous", "recursive_triggers")
        }
    database.dispose()
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "recursive_triggers": 1}
    assert (tmp_path / "경기 도" / "register.db").exists()


def test_a_write_on_sqlite_waits_for_its_turn_at_the_beginning(sqlite_database: Database) -> None:
    """A transaction that reads first and writes later could not wait at all."""
    other = sqlite3.connect(str(sqlite_database.url.database), timeout=0)
    with sqlite_database.writing() as connection:
        connection.execute(HOW_MANY)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")
    other.close()


def test_postgresql_speaks_utc_whatever_the_servers_own_zone_is(postgres_database: Database) -> None:
    with postgres_database.reading() as connection:
        assert connection.execute(text("SHOW timezone")).scalar_one() == "UTC"
        assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "repeatable read"
    with postgres_database.writing() as connection:
        assert connection.execute(text("SHOW transaction_isolation")).scalar_one() == "read committed"


@pytest.mark.parametrize(
    "url",
    ["postgresql+psycopg://nobody@127.0.0.1:1/nothing?connect_timeout=2", "postgresql+psycopg://nobody@/nothing?host=/nowhere"],
)
def test_a_database_that_is_not_there_is_unavailable_and_worth_another_try(url: str) -> None:
    database = Database(url)
    with pytest.raises(Unavailable, match="The database does not answer") as refused:
        ping(database)
    database.dispose()
    assert refused.value.headers == {"Retry-After": "5"}
    assert "\n" not in refused.value.detail


def test_a_pool_that_is_used_up_is_unavailable(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Database(str(sqlite_database.url), pool_size=1)
    monkeypatch.setattr(small.engine.pool, "_timeout", 0.05)
    with small.reading(), small.reading(), pytest.raises(Unavailable, match="Every connection to the database is in use"):
        ping(small)
    ping(small)
    small.dispose()


@pytest.mark.scenario(55)
def test_no_connection_is_kept_to_a_server_that_takes_no_writes(postgres_database: Database) -> None:
    """A standby that took the database's place answers every read, and would keep its connections for ever."""
    name = postgres_database.url.database

    def operator(statement: str) -> None:
        with connected(str(postgres_database.url)) as connection:
            connection.execute("SET default_transaction_read_only = off")
            connection.execute(f"ALTER DATABASE {name} {statement}")

    operator("SET default_transaction_read_only = on")
    with pytest.raises(Unavailable, match="takes no writes") as refused:
        record_topic(postgres_database, "Climate")
    assert refused.value.headers == {"Retry-After": "5"}
    operator("RESET default_transaction_read_only")
    record_topic(postgres_database, "Climate")
    assert how_many(postgres_database) == 1
