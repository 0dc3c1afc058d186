"""The worker as a whole: its threads, what it does while changes cannot be captured, and that it stops when told."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from service import schema
from service.database import Database
from service.mirror import status
from service.mirror.worker import Worker
from service.register.verbs.journal import Actor
from service.settings import Settings
from tests.mirror.conftest import record_meeting


def in_step(database: Database) -> bool:
    return all(mirror.in_step for mirror in status.read(database))


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_there_is_an_index_as_soon_as_the_worker_has_started(sqlite_database: Database, tmp_path: Path) -> None:
    from service.search.engines import open_engine

    settings = Settings(data_dir=tmp_path)
    with Worker(settings):
        assert open_engine(settings.mirrors[0], tmp_path).count() == 0
        until(lambda: in_step(sqlite_database))


@pytest.mark.scenario(57)
def test_while_a_trigger_is_missing_nothing_is_synced_and_nothing_is_said_to_be_in_step(
    sqlite_database: Database, by: Actor, tmp_path: Path
) -> None:
    with sqlite_database.writing() as connection:
        connection.execute(text("DROP TRIGGER touch_engagement_by_engagement_insert"))
    with Worker(Settings(data_dir=tmp_path)):
        record_meeting(sqlite_database, by)
        until(lambda: bool(status.read(sqlite_database)[0].last_error))
        [mirror] = status.read(sqlite_database)
        assert "touch_engagement_by_engagement_insert" in (mirror.last_error or "")
        assert not mirror.in_step

    schema.upgrade(sqlite_database)
    with Worker(Settings(data_dir=tmp_path)):
        until(lambda: in_step(sqlite_database))
        [mirror] = status.read(sqlite_database)
        assert (mirror.last_error, mirror.documents) == (None, 1), "what passed unseen meanwhile is in the index too"


def test_a_change_is_indexed_without_waiting_for_the_next_look(sqlite_database: Database, by: Actor, tmp_path: Path) -> None:
    with Worker(Settings(data_dir=tmp_path, poll_seconds=60)) as worker:
        until(lambda: in_step(sqlite_database))
        sqlite_database.on_commit.append(worker.wake)
        record_meeting(sqlite_database, by)
        until(lambda: in_step(sqlite_database), seconds=5)
        assert status.read(sqlite_database)[0].documents == 1


def test_it_stops_at_once_when_it_is_told(sqlite_database: Database, tmp_path: Path) -> None:
    worker = Worker(Settings(data_dir=tmp_path, poll_seconds=60))
    worker.start()
    begun = time.monotonic()
    worker.stop()
    assert time.monotonic() - begun < 5
    assert in_step(sqlite_database)
