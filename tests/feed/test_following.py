"""A follower that is killed and started again misses nothing, and sees no version before the one before it."""

import random
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import httpx
import pytest

from service.database import Database
from service.register.audience import OFFICE
from service.register.reading import changes
from service.register.reading.changes import BEGINNING
from service.register.topic import TopicShape
from service.register.verbs import recording, revising
from service.register.verbs.journal import Actor
from tests.feed.run import run, served
from tests.packaging.started import free_port, serving, stopped, surroundings

BY = Actor("test")


def follow(database: Database, done: Event) -> list[tuple[str, int]]:
    """Read the changes until nothing is left after the writing is done; gives the records and versions."""
    seen: list[tuple[str, int]] = []
    place, last = BEGINNING, False
    while True:
        found = changes.read(database, place, 3, audience=OFFICE)
        positions = [item["place"].position for item in found.items]
        assert positions == list(range(place.position + 1, place.position + 1 + len(positions)))
        seen += [(item["id"], item["version"]) for item in found.items]
        place = found.next
        if last and not found.items:
            return seen
        last = done.is_set()


def test_numbers_are_without_gaps_and_a_reader_sees_all_that_are_lower(database: Database) -> None:
    with database.writing() as connection:
        made = recording.record(connection, "topic", [TopicShape(label_en=f"topic {n}") for n in range(5)], by=BY)
    ids = [record["id"] for record in made]
    done = Event()

    def write(seed: int) -> None:
        chance = random.Random(seed)
        for n in range(40):
            wanted = sorted(chance.sample(ids, chance.randint(1, 3)))
            try:
                with database.writing() as connection:
                    for each in wanted:
                        revising.revise(connection, "topic", {each: {"note": f"{seed} {n}"}}, by=BY)
                    if chance.random() < 0.2:
                        raise RuntimeError("thought better of it")
            except RuntimeError:
                continue

    with ThreadPoolExecutor(8) as threads:
        followers = [threads.submit(follow, database, done) for _ in range(2)]
        for each in [threads.submit(write, seed) for seed in range(5)]:
            each.result(120)
        done.set()
        first, second = (each.result(60) for each in followers)
    assert first == second
    versions: dict[str, int] = {}
    for record_id, version in first:
        assert version == versions.get(record_id, 0) + 1
        versions[record_id] = version
    [(revisions,)] = database.ask("SELECT count(*) FROM revision", {})
    assert len(first) == revisions


@pytest.mark.slow
def test_a_follower_that_is_killed_ends_with_what_the_register_has(database: Database, tmp_path: Path) -> None:
    outcome = run(database.url.render_as_string(hide_password=False), tmp_path, kills=5)
    assert outcome.violations == []
    assert outcome.writes > 20
    assert outcome.taken > 20


@pytest.mark.slow
def test_a_service_that_is_told_to_stop_does_not_wait_for_its_listeners(sqlite_database: Database, tmp_path: Path) -> None:
    port = free_port()
    url = sqlite_database.url.render_as_string()
    environment = surroundings(ENGAGEMENTS_DATABASE_URL=url, ENGAGEMENTS_DATA_DIR=str(tmp_path), ENGAGEMENTS_PORT=str(port))
    command = [sys.executable, "-m", "service", "serve"]
    with serving(command, cwd=Path.cwd(), env=environment, port=port, log=tmp_path / "log") as process:
        base = f"http://127.0.0.1:{port}"
        with httpx.Client(timeout=30) as client, client.stream("GET", f"{base}/v1/changes/stream") as stream:
            assert stream.status_code == 200
            began = time.monotonic()
            assert stopped(process, signal.SIGTERM) == 0
            assert time.monotonic() - began < 8
            assert "".join(stream.iter_text()) == ""


@pytest.mark.slow
def test_a_stream_tells_of_a_change_as_it_is_committed(sqlite_database: Database, tmp_path: Path) -> None:
    with (
        served(sqlite_database.url.render_as_string(), tmp_path) as url,
        httpx.Client(base_url=url, timeout=30) as client,
        client.stream("GET", "/v1/changes/stream") as stream,
    ):
        client.post("/v1/topics", json={"label_en": "forestry"}).raise_for_status()
        lines = stream.iter_lines()
        assert "event: change" in [next(lines) for _ in range(4)]
