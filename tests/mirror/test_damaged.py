"""The disk under the embedded engine fails: the keeper notices, and builds the index anew instead of trying for ever."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.database import Database
from service.mirror import ledger
from service.mirror.keeper import Keeper
from service.mirror.lease import HostLock, Lease
from service.register.verbs.journal import Actor
from service.search.embedded import EmbeddedEngine
from tests.mirror.conftest import MIRROR, PATIENCE, look_again, record_meeting, settle

TITLES = ("Meeting with Governor Newsom", "Meeting with Premier Eby", "Call with Governor Youngkin")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def engine(home: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(home)
    yield engine
    engine.close()


@pytest.fixture
def in_step(sqlite_database: Database, engine: EmbeddedEngine, tmp_path: Path, by: Actor) -> Iterator[Keeper]:
    """A keeper that has mirrored three meetings, the last one in a batch and so in a segment of its own."""
    ledger.enroll(sqlite_database, (MIRROR,))
    with Lease(sqlite_database, MIRROR.name, 30, HostLock(tmp_path / "mirror.lock")) as held:
        made = Keeper(sqlite_database, engine, held, PATIENCE, lambda _seconds: False)
        for titles in (TITLES[:2], TITLES[2:]):
            for title in titles:
                record_meeting(sqlite_database, by, title)
            assert settle(made).in_step
        assert engine.count() == len(TITLES)
        yield made
        made.let_go()


def damage(home: Path, segment: int) -> None:
    """Overwrite what one segment stores of its documents, so that no number, size or time of the file tells of it."""
    files = sorted(home.glob("index-*/*.store"))
    assert len(files) == 2
    before = files[segment].stat()
    with files[segment].open("r+b") as handle:
        handle.write(b"\xff" * 40)
    os.utime(files[segment], ns=(before.st_atime_ns, before.st_mtime_ns))


each_segment = pytest.mark.parametrize("segment", [0, 1])


def mended(keeper: Keeper, engine: EmbeddedEngine, identity: str) -> bool:
    state = engine.look()
    marks = [key for bucket in engine.counts() for key in engine.marks(bucket)]
    return settle(keeper).in_step and state is not None and state.identity != identity and len(marks) == len(TITLES)


def identity(engine: EmbeddedEngine) -> str:
    state = engine.look()
    assert state is not None
    return state.identity


@each_segment
def test_damage_that_was_there_at_the_start_is_built_anew(
    in_step: Keeper, engine: EmbeddedEngine, home: Path, segment: int
) -> None:
    before = identity(engine)
    in_step.let_go()
    damage(home, segment)
    in_step.engine = in_step.rebuild.engine = again = EmbeddedEngine(home)
    look_again(in_step)

    assert settle(in_step).in_step
    assert mended(in_step, again, before)


@each_segment
def test_damage_that_an_audit_meets_is_built_anew(in_step: Keeper, engine: EmbeddedEngine, home: Path, segment: int) -> None:
    before = identity(engine)
    damage(home, segment)
    ledger.change(in_step.database, MIRROR.name, doubt="somebody was at the disk")

    settle(in_step)
    assert mended(in_step, engine, before)
