"""`kill -9` at any moment: the service starts again and loses neither a committed change nor its place in the sync."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service import schema
from service.database import Database
from service.mirror import status
from service.register.engagement import EngagementShape
from service.register.verbs import recording, revising
from service.register.verbs.journal import Actor
from service.search import question
from service.search.engines import open_searcher
from service.settings import Settings

KILLS = 6
SEED = 20260601


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path)


@pytest.mark.anyio
async def test_a_worker_killed_at_random_moments_ends_in_step_with_every_change(settings: Settings, by: Actor) -> None:
    chance = random.Random(SEED)
    database = Database(settings.database)
    schema.upgrade(database)
    expected: dict[str, str] = {}
    for kill in range(KILLS):
        worker = _start_worker(settings)
        until = time.monotonic() + chance.uniform(0.7, 1.4)
        while time.monotonic() < until:
            _change(database, by, chance, expected)
        worker.send_signal(signal.SIGKILL)
        worker.wait(10)
        assert worker.returncode == -signal.SIGKILL, f"the worker ended by itself before kill {kill}"
    worker = _start_worker(settings)
    try:
        _until_in_step(database)
        await _assert_found_exactly(settings, expected)
    finally:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(10) == 0
        database.dispose()


def _start_worker(settings: Settings) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "ENGAGEMENTS_DATA_DIR": str(settings.data_dir), "ENGAGEMENTS_LOG_LEVEL": "error"}
    return subprocess.Popen([sys.executable, "-m", "service", "worker"], env=environment, stderr=subprocess.DEVNULL)


def _change(database: Database, by: Actor, chance: random.Random, expected: dict[str, str]) -> None:
    title = f"Meeting {chance.getrandbits(48):012x}"
    with database.writing() as connection:
        if not expected or chance.random() < 0.6:
            engagement = recording.record(connection, "engagement", [EngagementShape(kind="meeting", title_en=title)], by=by)[0][
                "id"
            ]
        else:
            engagement = chance.choice(sorted(expected))
            if chance.random() < 0.3:
                revising.withdraw(connection, "engagement", [engagement], by=by)
                title = ""
            else:
                revising.revise(connection, "engagement", {engagement: {"title_en": title}}, by=by)
    if title:
        expected[engagement] = title
    else:
        del expected[engagement]


def _until_in_step(database: Database, seconds: float = 30) -> None:
    limit = time.monotonic() + seconds
    while not (mirrors := status.read(database)) or not mirrors[0].in_step:
        assert time.monotonic() < limit, f"not in step after {seconds} s: {mirrors}"
        time.sleep(0.05)


async def _assert_found_exactly(settings: Settings, expected: dict[str, str]) -> None:
    searcher = open_searcher(settings.mirrors[0], settings.data_dir)
    found: dict[str, str] = {}
    while True:
        answer = await searcher.search(question.to_query(question.Question(offset=len(found), limit=100)))
        found |= {card["id"]: card["title_en"] for card in answer.cards}
        if not answer.cards:
            break
    await searcher.close()
    assert len(expected) > 20
    assert found == expected
