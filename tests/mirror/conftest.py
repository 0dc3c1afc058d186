"""A keeper on a migrated database and an engine in memory; each test drives the rounds itself."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from service.database import Database
from service.mirror import ledger, status
from service.mirror.keeper import Keeper
from service.mirror.lease import HostLock, Lease
from service.mirror.patience import Patience
from service.mirror.status import MirrorStatus
from service.register.engagement import EngagementShape
from service.register.person import PersonShape
from service.register.verbs import recording
from service.register.verbs.journal import Actor
from service.settings import MirrorSettings
from tests.mirror.memory_engine import MemoryEngine

MIRROR = MirrorSettings(name="primary", engine="meilisearch", url="http://127.0.0.1:7700")
PATIENCE = Patience(settle=5, drain=0, retry=0.01, verify=(3600.0, 7200.0), probe=3600)

NewKeeper = Callable[..., Keeper]


@pytest.fixture
def engine() -> MemoryEngine:
    return MemoryEngine()


@pytest.fixture
def lease(database: Database, tmp_path: Path) -> Iterator[Lease]:
    ledger.enroll(database, (MIRROR,))
    with Lease(database, MIRROR.name, 30, HostLock(tmp_path / "mirror.lock")) as held:
        yield held


@pytest.fixture
def keeper(database: Database, engine: MemoryEngine, lease: Lease) -> Keeper:
    """A keeper whose mirror has an index, in step with a register in which there is nothing."""
    made = keep(database, engine, lease)
    assert settle(made).in_step
    engine.instance.requests.clear()
    return made


def keep(database: Database, engine: MemoryEngine, lease: Lease, patience: Patience = PATIENCE) -> Keeper:
    return Keeper(database, engine, lease, patience, lambda _seconds: False)


def settle(keeper: Keeper, cycles: int = 400) -> MirrorStatus:
    """Run rounds until the mirror is in step and at rest, or as many as are allowed; gives the status."""
    for _ in range(cycles):
        keeper.retry_at = 0.0
        if not keeper.cycle() and is_at_rest(keeper):
            break
    return state(keeper)


def is_at_rest(keeper: Keeper) -> bool:
    seen = state(keeper)
    return seen.in_step and seen.build.state == "idle" and not seen.build.wanted


def look_again(keeper: Keeper) -> None:
    """Let the next round look who is there."""
    keeper._look_at = 0.0


def state(keeper: Keeper) -> MirrorStatus:
    return next(mirror for mirror in status.read(keeper.database) if mirror.name == keeper.mirror)


def record_meeting(database: Database, by: Actor, title: str = "Meeting with Governor Newsom", **fields: Any) -> str:
    with database.writing() as connection:
        made = recording.record(connection, "engagement", [EngagementShape(kind="meeting", title_en=title, **fields)], by=by)
    return str(made[0]["id"])


def record_person(database: Database, by: Actor, **names: Any) -> str:
    with database.writing() as connection:
        return str(recording.record(connection, "person", [PersonShape(**names)], by=by)[0]["id"])


def all_are_due(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE ledger SET due_at = NULL"))
