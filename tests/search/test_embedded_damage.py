"""Damage on the disk of the embedded engine: told as the protocol has it, whoever meets it, and mended by an index made anew."""

import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from service.search.embedded import EmbeddedEngine, damage, folders, writer
from service.search.engine import EngineDown, IndexLost, Marker, Query, Sort
from tests.search.corpus import CORPUS, EBY, NEWSOM, ask, found, put

SEGMENT_FILES = ("idx", "pos", "term", "store", "fast", "fieldnorm")

OF_ALL = Query(text="governor", facets=("kind", "people_facet", "years"), sort=(Sort("start_day"),))
READING: dict[str, Callable[[EmbeddedEngine], Any]] = {
    "count": lambda engine: engine.count(),
    "counts": lambda engine: engine.counts(),
    "marks": lambda engine: engine.marks(6),
    "fetch": lambda engine: engine.fetch([document["id"] for document in CORPUS]),
    "search": lambda engine: anyio.run(found, engine, "newsom"),
    "facets": lambda engine: anyio.run(ask, engine, OF_ALL),
}
WRITING: dict[str, Callable[[EmbeddedEngine], Any]] = {
    "put": lambda engine: engine.put("batch-1", [NEWSOM]),
    "drop": lambda engine: engine.drop("batch-2", ["eby"]),
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus, put in two batches so that there are two segments, in an index that nobody has open."""
    path = tmp_path_factory.mktemp("sound")
    engine = EmbeddedEngine(path)
    engine.prepare()
    put(engine, *CORPUS[:3])
    put(engine, *CORPUS[3:])
    engine.close()
    return path


@pytest.fixture
def home(sound: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    shutil.copytree(sound, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def engine(home: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(home)
    yield engine
    engine.close()


def only(home: Path, pattern: str) -> Path:
    return min(home.glob(pattern))


def flip(file: Path, seed: int) -> None:
    """Change one bit."""
    content = bytearray(file.read_bytes())
    at = random.Random(seed).randrange(8 * len(content))
    content[at // 8] ^= 1 << at % 8
    file.write_bytes(content)


def overwrite(file: Path, most: int = 10**6) -> None:
    """Change all that the checksum is of, or so many bytes, in the file that others have open; nothing else tells of it."""
    before, content = file.stat(), file.read_bytes()
    summed = len(content) - 8 - int.from_bytes(content[-8:-4], "little")
    with file.open("r+b") as handle:
        handle.write(b"\xff" * min(summed, most))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def mend(engine: EmbeddedEngine) -> None:
    """As the mirror does where a look shows nothing that can be used: an index is made and filled."""
    assert engine.look() is None
    assert engine.prepare().created
    assert put(engine, *CORPUS).succeeded
    assert anyio.run(found, engine, "newsom") == ["newsom"]
    assert sum(engine.counts().values()) == len(CORPUS)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("part", SEGMENT_FILES)
def test_a_bit_that_was_flipped_in_a_segment_is_always_seen(home: Path, engine: EmbeddedEngine, part: str, seed: int) -> None:
    flip(only(home, f"index-*/*.{part}"), seed)

    assert engine.look() is None
    for act in (*READING.values(), *WRITING.values()):
        with pytest.raises(EngineDown):
            act(engine)
    mend(engine)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["meta.json", ".managed.json", "index.json", "newest"])
def test_a_bit_that_was_flipped_in_a_list_ends_in_an_error_of_the_protocol_if_in_any(
    home: Path, engine: EmbeddedEngine, name: str, seed: int
) -> None:
    flip(only(home, f"index-*/{name}"), seed)

    for act in (*READING.values(), *WRITING.values()):
        try:
            act(engine)
        except (EngineDown, IndexLost):
            continue
    if engine.look() is None:
        mend(engine)
    assert put(engine, EBY).succeeded


def test_other_documents_than_those_that_were_removed_are_not_taken_for_them(home: Path, engine: EmbeddedEngine) -> None:
    """As many are left, so that no count tells."""
    put(engine, {**NEWSOM, "sync_generation": 2})
    engine.close()
    file = only(home, "index-*/*.del")
    content = bytearray(file.read_bytes())
    left = content[4]
    assert 0 < left < 0b111
    content[4] = (left << 1 | left >> 2) & 0b111
    file.write_bytes(content)

    mend(engine)


@pytest.mark.parametrize("part", [*SEGMENT_FILES, "json"])
@pytest.mark.parametrize("left", [0.0, 0.3, 0.9])
def test_a_file_that_was_cut_is_seen(home: Path, engine: EmbeddedEngine, part: str, left: float) -> None:
    file = only(home, "index-*/meta.json" if part == "json" else f"index-*/*.{part}")
    os.truncate(file, int(file.stat().st_size * left))

    for act in (*READING.values(), *WRITING.values()):
        with pytest.raises((EngineDown, IndexLost)):
            act(engine)
    mend(engine)


def test_a_sound_index_is_read_once_however_often_it_is_looked_at(
    home: Path, engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    check = damage._check

    def noted(file: Path) -> None:
        read.append(file.name)
        check(file)

    monkeypatch.setattr(damage, "_check", noted)
    for _ in range(3):
        assert engine.look() is not None
    assert len(read) == len(set(read)) == 2 * len(SEGMENT_FILES)

    touched = only(home, "index-*/*.store")
    os.utime(touched)
    assert engine.look() is not None
    assert read[2 * len(SEGMENT_FILES) :] == [touched.name]


@pytest.mark.parametrize("segment", [0, 1])
def test_damage_that_no_time_tells_of_is_looked_for_once_it_was_met(home: Path, engine: EmbeddedEngine, segment: int) -> None:
    assert engine.look() is not None
    assert engine.count() == len(CORPUS)
    overwrite(sorted(home.glob("index-*/*.store"))[segment], most=50)
    with pytest.raises(EngineDown):
        READING["fetch"](engine)

    mend(engine)


@pytest.mark.parametrize("act", [*READING.values(), *WRITING.values()], ids=[*READING, *WRITING])
def test_a_panic_of_tantivy_is_an_engine_that_is_down(
    home: Path, engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch, act: Callable[[EmbeddedEngine], Any]
) -> None:
    """Nothing but a panic can tell here: the checksums are not compared."""
    monkeypatch.setattr(folders, "checked", lambda folder, known: known)
    monkeypatch.setattr(writer, "checked", lambda folder, known: known)
    for file in home.glob("index-*/*.idx"):
        overwrite(file)

    with pytest.raises(EngineDown, match="Tantivy gave up"):
        act(engine)
    mend(engine)


def test_only_a_panic_is_made_an_error() -> None:
    for other in (KeyboardInterrupt, SystemExit, MemoryError, KeyError):
        with pytest.raises(other), damage.no_panic():
            raise other


def test_a_damaged_index_gives_its_place_to_one_that_was_built_beside_it(home: Path, engine: EmbeddedEngine) -> None:
    flip(only(home, "index-*/*.store"), seed=1)
    assert engine.look() is None
    built = engine.beside("engagements__20261125t044349_1f2e3d")
    built.prepare()
    put(built, *CORPUS)
    engine.exchange(built.index)

    assert anyio.run(found, engine, "newsom") == ["newsom"]
    assert built.look() is None
    built.clear()
    assert engine.others() == []
    assert len(list(home.glob("index-*"))) == 1


GARBAGE = (
    b"",
    b"{",
    b"[]",
    b"7",
    b"null",
    b'"engagements"',
    b"\xff\xfe",
    b"[" * 2_000,
    b'{"engagements": 7}',
    b'{"engagements": "../x"}',
)


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
@pytest.mark.parametrize("name", ["names.json", "index-*/index.json", "index-*/meta.json"])
def test_a_list_that_is_none_is_an_index_that_is_not_there(home: Path, engine: EmbeddedEngine, name: str, garbage: bytes) -> None:
    only(home, name).write_bytes(garbage)

    for act in READING.values():
        with pytest.raises(EngineDown):
            act(engine)
    for act in WRITING.values():
        with pytest.raises((EngineDown, IndexLost)):
            act(engine)
    mend(engine)
    assert len(list(home.glob("index-*"))) == 1


@pytest.mark.parametrize("garbage", GARBAGE, ids=range(len(GARBAGE)))
def test_a_newest_batch_that_cannot_be_read_is_none(home: Path, engine: EmbeddedEngine, garbage: bytes) -> None:
    only(home, "index-*/newest").write_bytes(garbage)

    state = engine.look()
    assert state is not None
    assert state.newest == ("engagements" if garbage == b'"engagements"' else None)
    assert put(engine, NEWSOM, batch="batch-after").succeeded
    assert engine.prepare().newest == "batch-after"


@pytest.mark.parametrize(
    "garbage",
    [
        *GARBAGE,
        b'{"register": "r", "instance": "i"}',
        b'{"register": "r", "instance": "i", "watermark": "41"}',
        b'{"register": "r", "instance": "i", "watermark": 41.5}',
        b'{"register": "r", "instance": "i", "watermark": true}',
        b'{"register": 7, "instance": "i", "watermark": 41}',
        b'{"register": "r", "instance": null, "watermark": 41}',
    ],
    ids=str,
)
def test_what_cannot_be_read_is_no_marker(home: Path, engine: EmbeddedEngine, garbage: bytes) -> None:
    marker = Marker("0197a000-register", "0197a000-instance", 41)
    engine.write_marker(marker)
    (home / "marker.json").write_bytes(garbage)

    assert engine.read_marker() is None
    engine.write_marker(marker)
    assert engine.read_marker() == marker


@pytest.mark.parametrize("name", ["names.json", "marker.json"])
def test_what_cannot_be_read_at_all_is_an_engine_that_is_down(home: Path, engine: EmbeddedEngine, name: str) -> None:
    (home / name).unlink(missing_ok=True)
    (home / name).mkdir()
    acts = [engine.read_marker] if name == "marker.json" else [engine.look, engine.prepare, engine.count, engine.clear]

    for act in acts:
        with pytest.raises(EngineDown):
            act()
