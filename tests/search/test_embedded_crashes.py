"""The embedded engine is killed, or its disk is full, at any step: what was there stays, or what was meant is there."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from service.search.embedded import EmbeddedEngine
from service.search.engine import EngineDown, IndexState, Marker, OutcomeUnknown
from tests.search.corpus import CORPUS, EBY, NEWSOM, found, put

BESIDE = "engagements__20261125t044349_1f2e3d"
MARKER = Marker("0197a000-register", "0197a000-instance", 41)

SCRIPT = f"""
import sys
from pathlib import Path
from service.search.embedded import EmbeddedEngine
from service.search.engine import Marker
from tests.search.corpus import EBY
from tests.search.killing import killed_at_each_step

def engine(home):
    return EmbeddedEngine(home)

ACTS = {{
    "make": lambda home: engine(home).prepare(),
    "make beside": lambda home: engine(home).beside({BESIDE!r}).prepare(),
    "exchange": lambda home: engine(home).exchange({BESIDE!r}),
    "clear": lambda home: engine(home).clear(),
    "mark": lambda home: engine(home).write_marker(Marker("0197a000-register", "0197a000-instance", 42)),
    "put": lambda home: engine(home).put("batch-after", [EBY]),
}}
print(killed_at_each_step(Path(sys.argv[1]), Path(sys.argv[2]), ACTS[sys.argv[3]]))
"""


def killed(act: str, before: Path, homes: Path) -> list[Path]:
    """What a process left behind that was killed at the first step, at the second, …, and at none in the end."""
    script = [sys.executable, "-c", SCRIPT, str(before), str(homes), act]
    steps = int(subprocess.run(script, stdout=subprocess.PIPE, text=True, check=True, timeout=120).stdout)
    return [homes / str(step) for step in range(steps + 1)]


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """Two indexes, of which the one beside the live one holds EBY, and a marker."""
    home = tmp_path / "before"
    engine = EmbeddedEngine(home)
    beside = engine.beside(BESIDE)
    for each in (engine, beside):
        each.prepare()
    put(engine, NEWSOM, batch="batch-old")
    put(beside, EBY, batch="batch-new")
    engine.write_marker(MARKER)
    beside.close()
    engine.close()
    return home


def seen(home: Path) -> tuple[IndexState | None, IndexState | None]:
    """What is under both names."""
    engine = EmbeddedEngine(home)
    return engine.look(), engine.beside(BESIDE).look()


def folders(home: Path) -> int:
    return len(list(home.glob("index-*")))


def test_killed_while_an_index_is_made_there_is_none_or_an_empty_one(tmp_path: Path) -> None:
    (tmp_path / "before").mkdir()
    looks = []
    for home in killed("make", tmp_path / "before", tmp_path / "homes"):
        engine = EmbeddedEngine(home)
        seen = engine.look()
        looks.append(seen is not None)
        state = engine.prepare()
        assert (state.created, state.documents) == (seen is None, 0)
        assert folders(home) == 1
        if seen is not None:
            assert put(engine, *CORPUS).succeeded
            assert anyio.run(found, engine, "newsom") == ["newsom"]
            engine.close()
    assert len(looks) > 8
    assert looks == sorted(looks)
    assert (looks[0], looks[-1]) == (False, True)


def test_killed_while_an_index_is_made_beside_another_that_one_stays(before: Path, tmp_path: Path) -> None:
    live = EmbeddedEngine(before)
    live.beside(BESIDE).clear()
    state = live.look()
    live.close()
    for home in killed("make beside", before, tmp_path / "homes"):
        engine = EmbeddedEngine(home)
        assert engine.look() == state
        assert folders(home) <= 2
        assert engine.prepare() == state
        assert folders(home) == 1 + len(engine.others())
        assert engine.beside(BESIDE).prepare().documents == 0
        assert (folders(home), engine.count()) == (2, 1)


def test_killed_while_indexes_are_exchanged_both_have_changed_places_or_neither(before: Path, tmp_path: Path) -> None:
    was = seen(before)
    after = [seen(home) for home in killed("exchange", before, tmp_path / "homes")]

    assert set(after) == {was, was[::-1]}
    assert (after[0], after[-1]) == (was, was[::-1])
    assert after == sorted(after, key=lambda each: each != was)


def test_killed_while_an_index_is_removed_it_is_there_or_what_it_left_is_collected(before: Path, tmp_path: Path) -> None:
    was = seen(before)
    left = set()
    for home in killed("clear", before, tmp_path / "homes"):
        live, beside = seen(home)
        assert live in (was[0], None)
        assert beside == was[1]
        left.add((live is None, folders(home)))
        EmbeddedEngine(home).beside(BESIDE).prepare()
        assert folders(home) == (1 if live is None else 2)
    assert left == {(False, 2), (True, 2), (True, 1)}


def test_killed_while_a_marker_is_left_it_is_the_old_one_or_the_new_one(before: Path, tmp_path: Path) -> None:
    markers = [EmbeddedEngine(home).read_marker() for home in killed("mark", before, tmp_path / "homes")]

    assert {marker and marker.watermark for marker in markers} == {41, 42}


def test_killed_while_a_batch_is_written_it_is_in_whole_or_not_at_all(before: Path, tmp_path: Path) -> None:
    states = set()
    for home in killed("put", before, tmp_path / "homes"):
        engine = EmbeddedEngine(home)
        state = engine.look()
        assert state is not None
        states.add((state.documents, state.newest))
        assert put(engine, EBY, batch="batch-again").succeeded
        assert (engine.count(), engine.prepare().newest) == (2, "batch-again")
        engine.close()
    assert states == {(1, "batch-old"), (2, "batch-old"), (2, "batch-after")}


class FullDisk:
    """Lets the nth attempt to bring something to the disk fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 10**9
        sync = os.fsync

        def fsync(handle: int) -> None:
            self.left -= 1
            if self.left == 0:
                raise OSError(errno.ENOSPC, "No space left on device")
            sync(handle)

        monkeypatch.setattr(os, "fsync", fsync)


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> FullDisk:
    return FullDisk(monkeypatch)


@pytest.fixture
def engine(before: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(before)
    yield engine
    engine.close()


def failing(full_disk: FullDisk, act: Callable[[], Any]) -> Iterator[type[Exception]]:
    """The error of each attempt: that of the first thing that is brought to the disk fails, of the second, until none does."""
    for number in range(1, 20):
        full_disk.left = number
        try:
            act()
        except (EngineDown, OutcomeUnknown) as error:
            full_disk.left = 10**9
            yield type(error)
        else:
            assert full_disk.left > 0
            return
    raise AssertionError("it has no end")


def test_where_the_disk_is_full_an_index_is_made_later(tmp_path: Path, full_disk: FullDisk) -> None:
    engine = EmbeddedEngine(tmp_path / "index")
    errors = list(failing(full_disk, engine.prepare))

    assert errors == [EngineDown] * 4
    full_disk.left = 10**9
    assert engine.prepare().documents == 0
    assert folders(tmp_path / "index") == 1
    assert put(engine, NEWSOM).succeeded
    engine.close()


def test_where_the_disk_is_full_it_is_told_whether_an_exchange_happened(
    before: Path, engine: EmbeddedEngine, full_disk: FullDisk
) -> None:
    was = seen(before)
    full_disk.left = 1
    with pytest.raises(EngineDown):
        engine.exchange(BESIDE)
    assert seen(before) == was
    full_disk.left = 2
    with pytest.raises(OutcomeUnknown):
        engine.exchange(BESIDE)
    assert seen(before) == was[::-1]


def test_where_the_disk_is_full_the_marker_is_left_later(engine: EmbeddedEngine, full_disk: FullDisk) -> None:
    later = Marker("0197a000-register", "0197a000-instance", 42)
    for _ in failing(full_disk, lambda: engine.write_marker(later)):
        assert engine.read_marker() in (MARKER, later)

    assert engine.read_marker() == later


def test_where_the_disk_is_full_an_index_is_removed_later(before: Path, engine: EmbeddedEngine, full_disk: FullDisk) -> None:
    assert list(failing(full_disk, engine.clear)) == [EngineDown, EngineDown]
    assert engine.look() is None
    full_disk.left = 10**9
    engine.beside(BESIDE).prepare()
    assert (folders(before), engine.others()) == (1, [BESIDE])


def test_a_batch_whose_number_cannot_be_written_is_an_unknown_outcome(
    engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", no_space)
        with pytest.raises(OutcomeUnknown):
            engine.put("batch-after", [EBY])
    state = engine.look()
    assert state is not None
    assert (state.documents, state.newest) == (2, "batch-old")
    assert put(engine, EBY, batch="batch-again").succeeded
    assert engine.prepare().newest == "batch-again"
