"""A register, a mirror on a server that speaks HTTP, a worker that keeps it, and what everybody does to them.

The worker is the real keeper with the real adapter. A test drives its rounds, so that what happens between two of them is
no matter of luck; where a test needs a process that can be killed or stopped, it starts one (`lives.py`).
"""

import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx
import orjson
from sqlalchemy import text

from service.database import Database
from service.mirror import ledger, status, tally
from service.mirror.contents import contents
from service.mirror.keeper import Keeper
from service.mirror.lease import HostLock, Lease
from service.mirror.patience import Patience
from service.mirror.status import MirrorStatus
from service.register.verbs import revising
from service.register.verbs.journal import Actor
from service.search.meilisearch import MeilisearchEngine
from tests.meilisearch_double import MeilisearchDouble
from tests.mirror.conftest import MIRROR, look_again, record_meeting
from tests.search.meilisearch.servers import Server

PATIENCE: Final = Patience(settle=0.5, drain=0.3, retry=0.02, verify=(0.1, 0.3), probe=0.0)
"""Shortened, so that a test meets each of them; who is there is looked at in every round."""

TIMEOUTS: Final[dict[str, Any]] = {"connect_seconds": 0.5, "read_seconds": 0.4, "total_seconds": 0.6, "exchange_seconds": 0.5}
SECONDS: Final = 30.0
"""In this time the mirror is in step again once the fault is over; it takes a fraction of it on an idle machine."""


def _pause(seconds: float) -> bool:
    """Nobody stops this worker, so it waits as long as it wants."""
    time.sleep(seconds)
    return False


class Clock:
    """In place of the module `time`, where a test lets the minutes pass."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def monotonic(self) -> float:
        return self.now


class Scene:
    """One register and one mirror of it. `changed` and `others` are engagements to be written to."""

    def __init__(
        self, database: Database, server: Server, folder: Path, by: Actor, double: MeilisearchDouble | None = None
    ) -> None:
        self.database = database
        self.server = server
        self.folder = folder
        self.by = by
        self.double = double
        ledger.enroll(database, (MIRROR,))
        self.operator = httpx.Client(
            base_url=server.url, headers={"Authorization": f"Bearer {server.key}"} if server.key else {}, trust_env=False
        )
        # Nobody meddles with the server yet, so it need not be looked at in every round.
        self.start(patience=replace(PATIENCE, probe=3600))
        self.changed = record_meeting(database, by, "Before")
        self.others = [record_meeting(database, by, f"Meeting {n}") for n in range(5)]
        self.settle()
        self.keeper.patience = PATIENCE
        look_again(self.keeper)

    # The worker.

    def start(self, *, key: str | None = None, patience: Patience = PATIENCE, **timeouts: float) -> None:
        """Start a worker in this process; what a former one left open is its business now."""
        bounds = TIMEOUTS | timeouts
        self.engine = MeilisearchEngine(self.server.url, key or self.server.key, self.server.index, **bounds)
        self.lease = Lease(self.database, MIRROR.name, 30, HostLock(self.folder / f"mirror-{MIRROR.name}.lock"))
        self.keeper = Keeper(self.database, self.engine, self.lease, patience, _pause)

    def die(self) -> None:
        """What the operating system does when the worker's process ends, however it ends: its lock is free."""
        self.lease._ended.set()
        self.lease.lock.release()
        self.engine.close()

    def close(self) -> None:
        self.die()
        for index in self.operator.get("/indexes", params={"limit": 1000}).json()["results"]:
            if index["uid"].startswith(self.server.index):
                self.operator.delete(f"/indexes/{index['uid']}")
        self.operator.close()

    def round(self) -> bool:
        """One round of the keeper, whatever pause it wanted; true when there may be more to do."""
        self.keeper.retry_at = 0.0
        return self.keeper.cycle()

    def rounds_until(self, true: Callable[[], bool], seconds: float = SECONDS) -> None:
        """Rounds, until this is so."""
        until = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < until, f"not so after {seconds} s: {self.status}"
            if not self.round():
                time.sleep(0.002)

    def settle(self) -> MirrorStatus:
        """Rounds, with the keeper's own pauses, until everything is in step and nothing is left to be looked at again."""
        until = time.monotonic() + SECONDS
        while self.keeper.cycle() or not self.is_at_rest:
            assert time.monotonic() < until, f"not in step after {SECONDS} s: {self.status}"
            time.sleep(0.002)
        return self.status

    # The register.

    def edit(self, title: str = "After") -> None:
        """Of everything a little: a document changes, one goes, one comes."""
        with self.database.writing() as connection:
            revising.revise(connection, "engagement", {self.changed: {"title_en": title}}, by=self.by)
            revising.withdraw(connection, "engagement", [self.others.pop()], by=self.by)
        self.others.insert(0, record_meeting(self.database, self.by, f"{title}, too"))

    def operate(self, method: str, path: str, body: Any = None) -> None:
        """What somebody else does to the server with a client of his own; returns when its task has ended."""
        answer = self.operator.request(method, path, json=body).raise_for_status()
        until = time.monotonic() + SECONDS
        while self.operator.get(f"/tasks/{answer.json()['taskUid']}").json()["status"] != "succeeded":
            assert time.monotonic() < until
            time.sleep(0.01)

    # What is seen.

    @property
    def status(self) -> MirrorStatus:
        return next(each for each in status.read(self.database) if each.name == MIRROR.name)

    @property
    def is_at_rest(self) -> bool:
        seen = self.status
        return seen.in_step and seen.build.state == "idle" and not seen.build.wanted and not self.looks_left

    @property
    def looks_left(self) -> int:
        """How many documents are yet to be looked at again, because a late write may change them."""
        with self.database.reading() as connection:
            return int(connection.execute(text("SELECT count(*) FROM ledger WHERE verify_at IS NOT NULL")).scalar_one())

    def counted(self, name: str, label: str = "") -> float:
        """A count of the sync's own, as /metrics shows it."""
        with self.database.reading() as connection:
            return tally.read(connection).get((MIRROR.name, name, label), 0.0)

    def batches(self, *states: str) -> list[str]:
        """The ids of the batches in these states, or of all, oldest first."""
        with self.database.reading() as connection:
            rows = connection.execute(text("SELECT id, state FROM batch ORDER BY prepared_at, id")).all()
        return [batch for batch, state in rows if not states or state in states]

    def sent(self) -> list[str]:
        """The batches that came to the double, in the order in which they came."""
        assert self.double is not None
        return [each.query["customMetadata"] for each in self.double.requests if "customMetadata" in each.query]

    def counted_requests(self, path: str) -> int:
        """How many requests for this path came to the double since the scene began."""
        assert self.double is not None
        return sum(each.path == path for each in self.double.requests)

    def held(self) -> dict[str, dict[str, Any]]:
        """Every document of the mirror as the server gives it."""
        asked = self.operator.get(f"/indexes/{self.server.index}/documents", params={"limit": 1000}).raise_for_status().json()
        assert asked["total"] == len(asked["results"])
        return {document["id"]: document for document in asked["results"]}

    def wanted(self) -> dict[str, dict[str, Any]]:
        """Every document as the register's rows make it."""
        with self.database.reading() as connection:
            ids = list(connection.execute(text("SELECT id FROM engagement")).scalars())
        built, unbuilt = contents(self.database, ids)
        assert unbuilt == {}
        return {document_id: json.loads(orjson.dumps(document)) for document_id, document in built.items()}

    def assert_mirrored(self, *, dead: int = 0) -> None:
        """Every document of the mirror equals the register's, and so says the status."""
        seen, held = self.status, self.held()
        for document in held.values():
            document.pop("sync_generation")
        assert held == self.wanted()
        assert (seen.in_step, seen.documents, seen.dead, seen.open_batches) == (True, len(held), dead, 0)
        assert (seen.last_error, seen.retry_at, seen.breaker, seen.doubt) == (None, None, "closed", None)
