"""A real worker whose files cannot grow any more, as on a full disk, and which goes on by itself when there is room again."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.database import Database
from service.mirror import status
from service.register.verbs.journal import Actor
from service.search.engines import open_engine
from service.settings import Settings
from tests.campaign.verdict import until_in_step, violations
from tests.mirror.conftest import record_meeting

FULL = (4096, resource.RLIM_INFINITY)
"""Bytes that a file of the worker may have: fewer than the register has already, and than most files of an index."""
ROOM = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


@pytest.mark.scenario(54, 63)
def test_a_worker_on_a_full_disk_loses_nothing_and_goes_on_when_there_is_room(
    database: Database, tmp_path: Path, by: Actor
) -> None:
    """With SQLite it is the register that cannot be written to any more, with PostgreSQL elsewhere it is the index."""
    settings = Settings(data_dir=tmp_path, database_url=database.url.render_as_string(hide_password=False))
    with working(settings) as (worker, log):
        assert until_in_step(database, 30)
        record_meeting(database, by, "Before the disk was full")
        assert until_in_step(database, 30)
        resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, FULL)
        for n in range(3):
            record_meeting(database, by, f"Meeting {n}")
        until(lambda: any("cannot work" in line or "in trouble" in line for line in log))
        assert not status.read(database)[0].in_step
        resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, ROOM)
        assert until_in_step(database, 30), log
    engine = open_engine(settings.mirrors[0], settings.data_dir)
    assert violations(database, engine) == {}
    assert engine.count() == 4
    assert (status.read(database)[0].dead, status.read(database)[0].last_error) == (0, None)


@contextmanager
def working(settings: Settings) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """A worker process and the lines that it has logged; ended in good order."""
    ours = {
        "ENGAGEMENTS_DATA_DIR": str(settings.data_dir),
        "ENGAGEMENTS_DATABASE_URL": settings.database,
        "ENGAGEMENTS_RETRY_SECONDS": "0.5",
    }
    log: list[str] = []
    command = [sys.executable, "-m", "service", "worker"]
    with subprocess.Popen(command, env={**os.environ, **ours}, stderr=subprocess.PIPE, text=True) as worker:
        reader = threading.Thread(target=lambda: log.extend(worker.stderr or ()))
        reader.start()
        try:
            yield worker, log
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(20) == 0, log
            reader.join()


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.02)
