"""The folder of the embedded engine: one process writes, any number read, and nothing in it is beyond being made anew."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.search.embedded import EmbeddedEngine, EmbeddedSearcher
from service.search.engine import EngineDown, EngineRefused, IndexLost, OutcomeUnknown, Query, Ticket
from tests.search.corpus import CORPUS, EBY, NEWSOM, ask, engagement, found, put

pytestmark = pytest.mark.anyio

WRITER = """
import sys
from pathlib import Path
from service.search.embedded import EmbeddedEngine
from tests.search.corpus import engagement

engine = EmbeddedEngine(Path(sys.argv[1]))
engine.prepare()
number = 0
for line in sys.stdin:
    for _ in range(int(line)):
        engine.put("batch", [engagement(f"e{number}", f"Engagement number {number}")])
        number += 1
    print(number, flush=True)
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path)
    engine.prepare()
    yield engine
    engine.close()


@pytest.fixture
def other_writer(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that writes as many documents as a line on its standard input says, and answers with their number."""
    script = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def written(process: subprocess.Popen[str], documents: int) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{documents}\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def folder_of(home: Path) -> Path:
    (folder,) = (path for path in home.iterdir() if path.is_dir())
    return folder


async def test_commits_of_another_process_are_seen_by_the_next_question(
    tmp_path: Path, other_writer: subprocess.Popen[str]
) -> None:
    assert written(other_writer, 1) == 1
    reader = EmbeddedEngine(tmp_path, writable=False)
    searcher = reader.searcher()
    for expected in range(2, 6):
        assert written(other_writer, 1) == expected
        assert (await searcher.search(Query(text="engagement"))).total == expected
        assert reader.count() == expected
    await searcher.close()
    reader.close()


def test_while_another_process_writes_this_one_is_told_so(tmp_path: Path, other_writer: subprocess.Popen[str]) -> None:
    assert written(other_writer, 1) == 1
    engine = EmbeddedEngine(tmp_path)

    assert engine.prepare().documents == 1
    with pytest.raises(EngineDown, match="Another process"):
        engine.put("batch-1", [NEWSOM])
    engine.close()


def test_a_writer_that_is_killed_leaves_its_acknowledged_documents_and_no_lock(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    for _ in range(5):
        script = [sys.executable, "-c", WRITER, str(tmp_path)]
        with subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            acknowledged = written(process, 3)
            assert process.stdin is not None
            process.stdin.write("1000\n")
            process.stdin.flush()
            time.sleep(0.05)
            os.kill(process.pid, signal.SIGKILL)
        state = engine.prepare()
        assert not state.created
        assert state.documents >= acknowledged
        assert put(engine, NEWSOM).succeeded
        engine.close()


@pytest.mark.parametrize("suffix", ["meta.json", ".store", ".term", ".idx", ".fast", ".pos"])
@pytest.mark.parametrize("harm", ["emptied", "overwritten", "removed"])
async def test_an_index_that_cannot_be_read_is_made_anew(tmp_path: Path, suffix: str, harm: str) -> None:
    engine = EmbeddedEngine(tmp_path)
    engine.prepare()
    put(engine, *CORPUS)
    engine.close()
    for file in folder_of(tmp_path).iterdir():
        if file.name.endswith(suffix):
            damage(file, harm)
    state = engine.prepare()

    assert (state.created, state.documents) == (True, 0)
    assert put(engine, *CORPUS).succeeded
    assert await found(engine, "newsom") == ["newsom"]
    engine.close()


def damage(file: Path, harm: str) -> None:
    if harm == "removed":
        file.unlink()
    else:
        file.write_bytes(b"" if harm == "emptied" else b"\x00" * file.stat().st_size)


def test_indexes_of_other_schemas_are_removed_and_nothing_else(tmp_path: Path) -> None:
    stale, foreign = tmp_path / "engagements-0123456789abcdef", tmp_path / "register.db"
    stale.mkdir(parents=True)
    (stale / "meta.json").write_text("{}")
    foreign.write_text("not ours")
    engine = EmbeddedEngine(tmp_path)

    assert engine.prepare().created
    assert not stale.exists()
    assert foreign.read_text() == "not ours"


async def test_an_engine_that_only_reads_makes_nothing_and_writes_nothing(tmp_path: Path) -> None:
    reader = EmbeddedEngine(tmp_path / "index", writable=False)

    with pytest.raises(EngineDown):
        reader.prepare()
    with pytest.raises(EngineRefused):
        reader.put("batch-1", [NEWSOM])
    with pytest.raises(EngineDown):
        await ask(reader, Query())
    assert not (tmp_path / "index").exists()


async def test_a_searcher_opened_before_the_index_was_there_finds_it_once_it_is(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    searcher = engine.searcher()
    assert isinstance(searcher, EmbeddedSearcher)
    with pytest.raises(EngineDown):
        await searcher.search(Query())
    engine.prepare()
    put(engine, NEWSOM)

    assert (await searcher.search(Query())).total == 1
    engine.close()


async def test_an_open_searcher_survives_that_the_index_is_cleared_and_made_anew(engine: EmbeddedEngine) -> None:
    searcher = engine.searcher()
    put(engine, *CORPUS)
    assert (await searcher.search(Query())).total == len(CORPUS)
    engine.clear()
    with pytest.raises(EngineDown):
        await searcher.search(Query())
    engine.prepare()
    put(engine, EBY)

    assert [card["id"] for card in (await searcher.search(Query(text="eby"))).cards] == ["eby"]


async def test_the_folder_removed_under_a_running_engine_is_down_and_then_made_anew(
    tmp_path: Path, engine: EmbeddedEngine
) -> None:
    put(engine, NEWSOM)
    shutil.rmtree(folder_of(tmp_path))
    with pytest.raises(IndexLost):
        engine.put("batch-2", [EBY])
    with pytest.raises(EngineDown):
        engine.count()

    assert engine.prepare().created
    assert put(engine, EBY).succeeded
    assert await found(engine) == ["eby"]


def test_where_no_index_can_be_made_the_engine_is_down(tmp_path: Path) -> None:
    occupied = tmp_path / "occupied"
    occupied.write_text("a file, not a folder")

    with pytest.raises(EngineDown):
        EmbeddedEngine(occupied).prepare()


def test_a_ticket_of_an_earlier_process_is_not_settled(tmp_path: Path) -> None:
    first = EmbeddedEngine(tmp_path)
    first.prepare()
    ticket = first.put("batch-of-before", [NEWSOM])
    first.close()
    second = EmbeddedEngine(tmp_path)

    with pytest.raises(OutcomeUnknown):
        second.settle(ticket)
    second.put("batch-of-now", [EBY])
    with pytest.raises(OutcomeUnknown):
        second.settle(Ticket(ticket.uid, "batch-of-before"))
    second.close()


@pytest.mark.scenario(46)
@pytest.mark.parametrize(
    "poison",
    [
        {"years": ["2024"]},
        {"years": [2**70]},
        {"titles": ["lone \ud800 surrogate"]},
        {"card": {"title": "\udfff"}},
        {"kind": "x" * 70_000},
        {"kind": 7},
        {"in_scope": "yes"},
    ],
    ids=lambda poison: "-".join(poison),
)
def test_values_of_the_wrong_kind_fail_the_batch_with_a_reason(engine: EmbeddedEngine, poison: dict[str, object]) -> None:
    verdict = put(engine, NEWSOM, {**engagement("poison", "Poison"), **poison})

    assert (verdict.succeeded, verdict.code) == (False, "invalid_document")
    assert "poison" in verdict.message
    assert engine.count() == 0


@pytest.mark.scenario(63)
def test_a_batch_that_does_not_fit_on_the_disk_is_not_acknowledged(tmp_path: Path) -> None:
    script = f"""
import resource, signal
from pathlib import Path
from service.search.embedded import EmbeddedEngine
from service.search.engine import EngineDown, OutcomeUnknown
from tests.search.corpus import CORPUS, engagement, put

engine = EmbeddedEngine(Path({str(tmp_path)!r}))
engine.prepare()
put(engine, *CORPUS)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
try:
    engine.put("too-big", [engagement(f"e{{n}}", f"word{{n}} " * 50) for n in range(2_000)])
    print("acknowledged")
except (EngineDown, OutcomeUnknown) as error:
    print(type(error).__name__)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(engine.count(), put(engine, engagement("after", "After the disk was full")).succeeded, engine.count())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120)

    assert done.stdout.split() == ["EngineDown", str(len(CORPUS)), "True", str(len(CORPUS) + 1)]
