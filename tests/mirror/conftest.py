"""A sender on a migrated database and an engine in memory; each test drives the cycles itself."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service.database import Database
from service.mirror import ledger, status
from service.mirror.lease import HostLock, Lease
from service.mirror.sender import Patience, Sender
from service.mirror.status import MirrorStatus
from service.register.engagement import EngagementShape
from service.register.person import PersonShape
from service.register.verbs import recording
from service.register.verbs.journal import Actor
from service.settings import MirrorSettings
from tests.mirror.memory_engine import MemoryEngine

MIRROR = MirrorSettings(name="primary", engine="meilisearch", url="http://127.0.0.1:7700")

Cycles = Callable[[], int]


@pytest.fixture
def engine() -> MemoryEngine:
    return MemoryEngine()


@pytest.fixture
def lease(database: Database, tmp_path: Path) -> Iterator[Lease]:
    ledger.enroll(database, (MIRROR,))
    with Lease(database, MIRROR.name, 30, HostLock(tmp_path / "mirror.lock")) as held:
        yield held


@pytest.fixture
def sender(database: Database, engine: MemoryEngine, lease: Lease) -> Sender:
    return Sender(database, engine, lease, Patience(settle=5, drain=0, retry=0.01), lambda _seconds: False)


def settle(sender: Sender, cycles: int = 60) -> MirrorStatus:
    """Run cycles until the mirror is in step, or as many as are allowed; gives the status."""
    for _ in range(cycles):
        sender.retry_at = 0.0
        if not sender.cycle() and state(sender).in_step:
            break
    return state(sender)


def state(sender: Sender) -> MirrorStatus:
    return next(mirror for mirror in status.read(sender.database) if mirror.name == sender.mirror)


def record_meeting(database: Database, by: Actor, title: str = "Meeting with Governor Newsom", **fields: Any) -> str:
    with database.writing() as connection:
        made = recording.record(connection, "engagement", [EngagementShape(kind="meeting", title_en=title, **fields)], by=by)
    return str(made[0]["id"])


def record_person(database: Database, by: Actor, **names: Any) -> str:
    with database.writing() as connection:
        return str(recording.record(connection, "person", [PersonShape(**names)], by=by)[0]["id"])
