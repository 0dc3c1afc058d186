"""Several processes at the folder of the embedded engine, and people who put it back to an older copy or take it away."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.search.embedded import EmbeddedEngine, placing
from service.search.engine import EngineDown, IndexLost, IndexState, Marker, Query
from tests.search.corpus import CORPUS, EBY, LODZ, NEWSOM, YOUNGKIN, put

pytestmark = pytest.mark.anyio

BESIDE = "engagements__20261125t044349_1f2e3d"
MARKER = Marker("0197a000-register", "0197a000-instance", 41)

AT_ONCE = """
import sys
from pathlib import Path
from service.search.embedded import EmbeddedEngine
from tests.search.corpus import engagement, put

engine = EmbeddedEngine(Path(sys.argv[1]))
sys.stdin.readline()

def content(round):
    return [engagement(f"e{n}", f"Engagement {round}", kind=str(round), card={"round": round}) for n in range(3)]

def exchange(times):
    "Two contents that change places again and again."
    for _ in range(times):
        engine.exchange(sys.argv[3])

def rebuild(times):
    "A new index each time, filled, put in the place of the former one, which is removed."
    for round in range(2, times + 2):
        built = engine.beside(f"engagements__20261125t044349_{round:06x}")
        built.prepare()
        put(built, *content(round))
        engine.exchange(built.index)
        built.clear()

def make(times):
    "An index beside the others each time, and what has no name is removed."
    for number in range(times):
        engine.beside(f"engagements__20261125t044349_{int(sys.argv[3]):02x}{number:04x}").prepare()

{"exchange": exchange, "rebuild": rebuild, "make": make}[sys.argv[2]](int(sys.argv[4]))
"""


def started(home: Path, what: str, name: str, times: int) -> "subprocess.Popen[str]":
    """A process that does this as often as it is said to, once it is let go."""
    script = [sys.executable, "-c", AT_ONCE, str(home), what, name, str(times)]
    return subprocess.Popen(script, stdin=subprocess.PIPE, text=True)


def let_go(*processes: "subprocess.Popen[str]") -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path / "index")
    engine.prepare()
    yield engine
    engine.close()


@pytest.fixture
def home(engine: EmbeddedEngine, tmp_path: Path) -> Path:
    return tmp_path / "index"


def look(engine: EmbeddedEngine) -> IndexState:
    state = engine.look()
    assert state is not None
    return state


def of_round(number: int) -> list[dict[str, object]]:
    return [{**document, "kind": str(number), "card": {"round": number}} for document in (NEWSOM, EBY, YOUNGKIN)]


@pytest.mark.parametrize(("what", "times"), [("exchange", 60), ("rebuild", 5)])
async def test_while_another_process_exchanges_each_search_sees_one_content_whole(
    engine: EmbeddedEngine, home: Path, what: str, times: int
) -> None:
    built = engine.beside(BESIDE)
    built.prepare()
    put(engine, *of_round(0))
    put(built, *of_round(1))
    built.close()
    engine.close()
    reader = EmbeddedEngine(home, writable=False)
    searcher = reader.searcher()
    rounds: set[int] = set()
    with started(home, what, BESIDE, times) as process:
        let_go(process)
        while process.poll() is None:
            answer = await searcher.search(Query(facets=("kind",)))
            (seen,) = {card["round"] for card in answer.cards}
            assert (answer.total, len(answer.cards), answer.facets) == (3, 3, {"kind": {str(seen): 3}})
            assert reader.count() == 3
            rounds.add(seen)
    assert process.returncode == 0
    assert {0, 1 if what == "exchange" else times + 1} <= rounds | {(await searcher.search(Query())).cards[0]["round"]}
    await searcher.close()


def test_indexes_that_several_processes_make_at_once_are_all_there(engine: EmbeddedEngine, home: Path) -> None:
    put(engine, NEWSOM)
    processes = [started(home, "make", str(number), 8) for number in range(3)]
    let_go(*processes)
    for _ in range(8):
        assert engine.prepare().documents == 1
    assert [process.wait(60) for process in processes] == [0, 0, 0]

    assert len(engine.others()) == 24
    assert all(engine.beside(name).look() is not None for name in engine.others())
    assert len(list(home.glob("index-*"))) == 25


def test_the_second_writer_is_told_so_and_has_its_turn_when_the_first_is_closed(engine: EmbeddedEngine, home: Path) -> None:
    put(engine, NEWSOM)
    second = EmbeddedEngine(home)

    assert second.prepare().documents == 1
    with pytest.raises(EngineDown, match="Another process"):
        second.put("batch-2", [EBY])
    with pytest.raises(EngineDown, match="Another process"):
        second.drop("batch-2", ["newsom"])
    engine.close()
    assert put(second, EBY).succeeded
    assert engine.count() == 2
    second.close()


def test_a_process_that_was_stopped_while_it_changed_names_is_not_waited_for_for_ever(
    engine: EmbeddedEngine, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine.beside(BESIDE).prepare()
    monkeypatch.setattr(placing, "_PATIENCE", 0.05)
    holder = os.open(home, os.O_RDONLY)
    fcntl.flock(holder, fcntl.LOCK_EX)
    for act in (engine.clear, engine.prepare, engine.beside(f"{BESIDE}0").prepare, lambda: engine.exchange(BESIDE)):
        with pytest.raises(EngineDown):
            act()
    assert put(engine, NEWSOM).succeeded
    os.close(holder)

    engine.exchange(BESIDE)
    assert engine.count() == 0


def test_an_index_that_was_removed_has_no_file_open_any_more(engine: EmbeddedEngine, home: Path) -> None:
    built = engine.beside(BESIDE)
    built.prepare()
    put(engine, NEWSOM)
    put(built, EBY)
    engine.exchange(BESIDE)
    assert (engine.count(), built.count()) == (1, 1)
    removed = {folder.name for folder in home.glob("index-*")}
    built.clear()
    removed -= {folder.name for folder in home.glob("index-*")}

    (folder,) = removed
    assert [each for each in open_files() if folder in each] == []
    assert put(engine, LODZ).succeeded


def open_files() -> list[str]:
    """The files that this process has open, or in its memory."""
    opened = [str(handle.readlink()) for handle in Path("/proc/self/fd").iterdir() if handle.is_symlink()]
    return [*opened, *Path("/proc/self/maps").read_text().splitlines()]


def backup(home: Path) -> Path:
    """A copy of the folder as it is now."""
    kept = home.with_name("kept")
    shutil.copytree(home, kept)
    return kept


def restore(home: Path, kept: Path) -> None:
    shutil.rmtree(home)
    shutil.copytree(kept, home)


def restore_in_place(home: Path, kept: Path) -> None:
    """As a tool does that leaves the folders and removes what is too much in them."""
    for file in [each for each in home.rglob("*") if each.is_file()]:
        file.unlink()
    shutil.copytree(kept, home, dirs_exist_ok=True)


@pytest.mark.parametrize("put_back", [restore, restore_in_place])
@pytest.mark.parametrize("writing", [True, False], ids=["writer open", "nobody writes"])
async def test_an_older_copy_is_known_by_its_newest_batch_and_its_marker(
    engine: EmbeddedEngine, home: Path, put_back: Callable[[Path, Path], None], writing: bool
) -> None:
    put(engine, NEWSOM, EBY, batch="batch-1")
    engine.write_marker(MARKER)
    before = look(engine)
    kept = backup(home)
    put(engine, *CORPUS, batch="batch-2")
    engine.write_marker(Marker(MARKER.register, MARKER.instance, 42))
    searcher = engine.searcher()
    assert (await searcher.search(Query())).total == len(CORPUS)
    if not writing:
        engine.close()
    put_back(home, kept)

    assert look(engine) == before
    assert engine.read_marker() == MARKER
    assert (await searcher.search(Query())).total == 2
    if writing:
        with pytest.raises(IndexLost):
            engine.put("batch-3", [YOUNGKIN])
    assert put(engine, YOUNGKIN, batch="batch-4").succeeded
    assert (look(engine).documents, look(engine).newest, look(engine).identity) == (3, "batch-4", before.identity)
    assert (await searcher.search(Query())).total == 3
    await searcher.close()


def test_the_folder_of_another_register_is_another_content(engine: EmbeddedEngine, home: Path, tmp_path: Path) -> None:
    foreign = EmbeddedEngine(tmp_path / "foreign")
    foreign.prepare()
    put(foreign, *CORPUS)
    foreign.write_marker(MARKER)
    foreign.close()
    mine = look(engine).identity
    engine.expect(mine)
    put(engine, NEWSOM)
    restore(home, tmp_path / "foreign")

    with pytest.raises(IndexLost):
        engine.put("batch-2", [EBY])
    assert look(engine).identity not in ("", mine)
    assert engine.read_marker() == MARKER
    assert engine.count() == len(CORPUS)


def wipe(home: Path) -> None:
    shutil.rmtree(home)


def empty(home: Path) -> None:
    shutil.rmtree(home)
    home.mkdir()


@pytest.mark.parametrize("remove", [wipe, empty])
async def test_a_folder_that_is_wiped_while_it_is_read_and_written_is_down_until_it_is_made_anew(
    engine: EmbeddedEngine, home: Path, remove: Callable[[Path], None]
) -> None:
    put(engine, *CORPUS)
    engine.write_marker(MARKER)
    searcher = engine.searcher()
    assert (await searcher.search(Query())).total == len(CORPUS)
    identity = look(engine).identity
    remove(home)

    with pytest.raises(EngineDown):
        await searcher.search(Query())
    for question in (engine.count, engine.counts, lambda: engine.marks(6), lambda: engine.fetch(["newsom"])):
        with pytest.raises(EngineDown):
            question()
    with pytest.raises(IndexLost):
        engine.put("batch-2", [EBY])
    with pytest.raises(IndexLost):
        engine.drop("batch-2", ["eby"])
    assert engine.look() is None
    assert engine.read_marker() is None
    assert engine.others() == []
    engine.clear()
    assert engine.prepare().identity != identity
    assert put(engine, EBY).succeeded
    assert [card["id"] for card in (await searcher.search(Query())).cards] == ["eby"]
    await searcher.close()
