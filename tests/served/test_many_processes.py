"""Two API processes and two workers, each with its own folder as on its own host, on one PostgreSQL and one engine."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from threading import Event

import httpx
import pytest
from sqlalchemy import text

from service.database import Database
from service.mirror import status
from service.search.meilisearch import MeilisearchEngine
from tests.campaign.verdict import until_in_step, violations
from tests.meilisearch_double import MeilisearchDouble
from tests.packaging.started import free_port, serving

WRITES = 40
INDEX = "engagements"


@pytest.fixture
def double() -> Iterator[MeilisearchDouble]:
    with MeilisearchDouble() as double:
        yield double


@pytest.fixture
def environment(postgres_database: Database, double: MeilisearchDouble) -> dict[str, str]:
    mirror = {"name": "primary", "engine": "meilisearch", "url": double.url, "key": double.master_key, "index": INDEX}
    return {
        **os.environ,
        "ENGAGEMENTS_DATABASE_URL": postgres_database.url.render_as_string(),
        "ENGAGEMENTS_MIRRORS": json.dumps([mirror]),
        "ENGAGEMENTS_WORKER": "outside",
        "ENGAGEMENTS_LEASE_SECONDS": "3",
        "ENGAGEMENTS_DRAIN_SECONDS": "0.2",
        "ENGAGEMENTS_RETRY_SECONDS": "0.2",
        "ENGAGEMENTS_POLL_SECONDS": "0.05",
        "ENGAGEMENTS_LOG_LEVEL": "warning",
    }


@contextmanager
def working(environment: dict[str, str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker with a folder of its own, killed at the end of the block."""
    command = [sys.executable, "-m", "service", "worker"]
    with subprocess.Popen(command, env={**environment, "ENGAGEMENTS_DATA_DIR": str(folder)}) as worker:
        try:
            yield worker
        finally:
            worker.kill()


@contextmanager
def answering(environment: dict[str, str], folder: Path) -> Iterator[httpx.Client]:
    """A client of an API process of its own."""
    port = free_port()
    folder.mkdir()
    ours = {**environment, "ENGAGEMENTS_DATA_DIR": str(folder), "ENGAGEMENTS_PORT": str(port)}
    with (
        serving([sys.executable, "-m", "service", "serve"], cwd=Path.cwd(), env=ours, port=port, log=folder / "log"),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client,
    ):
        yield client


def holder(database: Database) -> str:
    with database.reading() as connection:
        return str(connection.execute(text("SELECT holder FROM lease")).scalar() or "")


@pytest.mark.slow
@pytest.mark.scenario(67)
def test_whatever_two_apis_wrote_is_in_the_index_though_one_of_two_workers_was_killed(
    environment: dict[str, str], postgres_database: Database, double: MeilisearchDouble, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        workers = [stack.enter_context(working(environment, tmp_path / f"worker-{n}")) for n in range(2)]
        apis = [stack.enter_context(answering(environment, tmp_path / f"api-{n}")) for n in range(2)]
        assert until_in_step(postgres_database, 60)
        first = holder(postgres_database)
        [held] = [worker for worker in workers if f"#{worker.pid}." in first]

        killed = Event()
        with ThreadPoolExecutor(2) as writers:
            writing = [writers.submit(write, client, n, killed) for n, client in enumerate(apis)]
            try:
                until_sent(double, 5)
                held.send_signal(signal.SIGKILL)
            finally:
                killed.set()
            titles = {title for each in writing for title in each.result(60)}
        assert until_in_step(postgres_database, 60), status.read(postgres_database)
        assert holder(postgres_database) not in ("", first)

        token = apis[0].post("/v1/engagements", json={"kind": "meeting", "title_en": "The last"}).headers["Sync-Token"]
        asked = {"q": "The last", "sync_token": token}
        found = apis[1].get("/v1/search", params=asked, headers={"Prefer": "wait=20"}).json()
        assert (found["index"]["holds_token"], "The last" in [hit["title_en"] for hit in found["items"]]) == (True, True)

    engine = MeilisearchEngine(double.url, double.master_key, INDEX)
    assert violations(postgres_database, engine) == {}
    engine.close()
    assert {each["titles"][0] for each in double.index(INDEX).documents.values()} == titles | {"The last"}
    assert status.read(postgres_database)[0].dead == 0
    assert_one_sender_at_a_time(postgres_database, double)


def write(client: httpx.Client, number: int, killed: Event) -> set[str]:
    """Record meetings and revise every other one, until the worker was killed and some more; gives their titles."""
    titles: set[str] = set()
    for n in count():
        if n >= WRITES // 2 and killed.is_set():
            break
        made = client.post("/v1/engagements", json={"kind": "meeting", "title_en": f"Meeting {number}-{n}"})
        assert made.status_code == 201, made.text
        title = made.json()["title_en"]
        if n % 2:
            title = f"Revised {number}-{n}"
            merge = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}
            revised = client.patch(f"/v1/engagements/{made.json()['id']}", content=json.dumps({"title_en": title}), headers=merge)
            assert revised.status_code == 200, revised.text
        titles.add(title)
    return titles


def sent(double: MeilisearchDouble) -> list[str]:
    """The batches that arrived, in their order."""
    return [request.query["customMetadata"] for request in double.requests if "customMetadata" in request.query]


def until_sent(double: MeilisearchDouble, batches: int) -> None:
    before, limit = len(sent(double)), time.monotonic() + 30
    while len(sent(double)) < before + batches:
        assert time.monotonic() < limit
        time.sleep(0.01)


def assert_one_sender_at_a_time(database: Database, double: MeilisearchDouble) -> None:
    """The epoch is raised with every change of hands, so those of the batches never go back where nobody sends out of turn."""
    with database.reading() as connection:
        rows = connection.execute(text("SELECT id, epoch FROM batch")).all()
    epochs = {str(batch): int(epoch) for batch, epoch in rows}
    arrived = [epochs[batch] for batch in sent(double) if batch in epochs]
    assert arrived == sorted(arrived)
    assert len(set(arrived)) >= 2, "some before the kill and some after it"
