"""What the mirror may rely on when it looks who is there, whichever engine it looks at."""

from collections.abc import Callable
from typing import Any

import pytest

from service.search.document import BUCKETS, bucket
from service.search.engine import Engine, EngineDown, EngineRefused, IndexLost, IndexState, Marker, Query
from tests.search.corpus import CORPUS, EBY, NEWSOM, YOUNGKIN, ask, drop, engagement, put, settled

pytestmark = pytest.mark.anyio

MARKER = Marker("0197a000-register", "0197a000-instance", 41)

WRITES: dict[str, Callable[[Engine], Any]] = {
    "put": lambda engine: engine.put("batch-of-nobody", [EBY]),
    "drop": lambda engine: engine.drop("batch-of-nobody", ["newsom"]),
}
each_write = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)

QUESTIONS: dict[str, Callable[[Engine], Any]] = {
    "count": lambda engine: engine.count(),
    "fetch": lambda engine: engine.fetch(["newsom"]),
    "counts": lambda engine: engine.counts(),
    "marks": lambda engine: engine.marks(6),
}
each_question = pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)


def look(engine: Engine) -> IndexState:
    state = engine.look()
    assert state is not None
    return state


def test_looking_sees_what_preparing_saw_and_changes_nothing(engine: Engine) -> None:
    put(engine, *CORPUS)
    seen = look(engine)

    assert (seen.created, seen.documents, seen.newest) == (False, len(CORPUS), "batch-1")
    assert seen == look(engine) == engine.prepare()


def test_looking_makes_no_index(engine: Engine) -> None:
    engine.clear()

    assert engine.look() is None
    assert engine.look() is None
    assert engine.prepare().created


def test_the_identity_stays_while_the_content_changes(engine: Engine) -> None:
    identity = engine.prepare().identity
    put(engine, NEWSOM, EBY)
    drop(engine, "eby")

    assert look(engine).identity == identity != ""


def test_an_index_made_anew_has_another_identity(engine: Engine) -> None:
    before = engine.prepare().identity
    engine.clear()
    state = engine.prepare()

    assert state.created
    assert state.identity not in ("", before)
    assert look(engine).identity == state.identity


def test_the_newest_batch_is_the_last_that_was_written(engine: Engine) -> None:
    assert look(engine).newest is None
    put(engine, NEWSOM, batch="batch-1")
    assert look(engine).newest == "batch-1"
    drop(engine, "never-there", batch="batch-2")
    assert look(engine).newest == "batch-2"
    put(engine, NEWSOM, batch="batch-1")
    assert look(engine).newest == "batch-1"


def test_a_batch_that_failed_is_the_newest_all_the_same(engine: Engine) -> None:
    put(engine, NEWSOM)
    assert not put(engine, {"id": "no spaces, please"}, batch="batch-of-poison").succeeded

    assert look(engine).newest == "batch-of-poison"
    assert look(engine).documents == 1


def test_an_index_that_was_prepared_is_set_up_as_it_should_be(engine: Engine) -> None:
    assert engine.differences() == []
    put(engine, *CORPUS)
    assert engine.differences() == []


def test_every_document_is_counted_in_its_bucket_and_shows_its_marks_there(engine: Engine) -> None:
    documents = [engagement(f"d-{n}", f"Engagement {n}", sync_bucket=bucket(f"d-{n}")) for n in range(300)]
    put(engine, *documents)
    counts = engine.counts()
    marks = {number: engine.marks(number) for number in range(BUCKETS)}

    assert sum(counts.values()) == 300
    assert {number: len(found) for number, found in marks.items() if found} == {n: c for n, c in counts.items() if c}
    names = ("sync_generation", "sync_hash", "sync_bucket")
    for document in documents:
        assert marks[document["sync_bucket"]][document["id"]] == {name: document[name] for name in names}
    assert marks[7] == engine.fetch(list(marks[7]))


def test_counts_and_marks_follow_what_is_put_again_and_dropped(engine: Engine) -> None:
    assert {number for number, count in engine.counts().items() if count} == set()
    put(engine, *CORPUS)
    put(engine, {**NEWSOM, "sync_bucket": 63, "sync_hash": "another"}, batch="batch-2")
    drop(engine, "youngkin", batch="batch-3")

    assert {number: count for number, count in engine.counts().items() if count} == {3: 1, 4: 1, 10: 1, 63: 1}
    assert engine.marks(63) == {"newsom": {"sync_generation": 1, "sync_hash": "another", "sync_bucket": 63}}
    assert engine.marks(len("newsom")) == engine.marks(len("youngkin")) == engine.marks(0) == {}


@each_question
def test_an_index_that_is_not_there_is_never_taken_for_an_empty_one(engine: Engine, question: Callable[[Engine], Any]) -> None:
    put(engine, NEWSOM)
    engine.clear()

    with pytest.raises((EngineDown, EngineRefused)):
        question(engine)
    engine.prepare()
    question(engine)


@each_write
def test_what_is_expected_is_written_to(engine: Engine, write: Callable[[Engine], Any]) -> None:
    put(engine, NEWSOM)
    engine.expect(engine.prepare().identity)

    assert settled(engine, write(engine)).succeeded


@each_write
def test_an_index_that_is_gone_is_lost_and_not_made_anew_by_a_write(engine: Engine, write: Callable[[Engine], Any]) -> None:
    put(engine, NEWSOM)
    engine.clear()

    with pytest.raises(IndexLost):
        write(engine)
    assert engine.look() is None
    assert engine.prepare().created
    assert settled(engine, write(engine)).succeeded


@each_write
def test_another_index_than_was_expected_is_sent_nothing(engine: Engine, write: Callable[[Engine], Any]) -> None:
    engine.expect(engine.prepare().identity)
    engine.clear()
    anew = engine.prepare()
    engine.expect(anew.identity)
    put(engine, NEWSOM)
    engine.expect("content of long ago")

    with pytest.raises(IndexLost):
        write(engine)
    assert (look(engine).documents, look(engine).newest) == (1, "batch-1")
    engine.expect(None)
    assert settled(engine, write(engine)).succeeded


def test_clearing_may_be_repeated(engine: Engine) -> None:
    engine.clear()
    engine.clear()

    assert engine.prepare().created


def test_there_is_no_marker_until_one_is_left_and_it_is_replaced_whole(engine: Engine) -> None:
    assert engine.read_marker() is None
    for marker in (MARKER, MARKER, Marker("another register", "ein Gerät", 2**53 - 1), Marker("", "", 0), MARKER):
        engine.write_marker(marker)
        assert engine.read_marker() == marker


def test_the_marker_is_that_of_the_instance_whichever_index_is_there(engine: Engine) -> None:
    engine.clear()
    assert engine.read_marker() is None
    engine.write_marker(MARKER)

    assert engine.look() is None
    assert engine.read_marker() == MARKER
    engine.prepare()
    assert engine.read_marker() == MARKER
    engine.clear()
    assert engine.read_marker() == MARKER


async def test_the_marker_is_neither_counted_nor_found_nor_taken_for_an_index_or_a_write(engine: Engine) -> None:
    put(engine, NEWSOM, YOUNGKIN)
    engine.write_marker(MARKER)

    assert (look(engine).documents, look(engine).newest) == (2, "batch-1")
    assert sum(engine.counts().values()) == 2
    assert engine.others() == []
    assert (await ask(engine, Query(text="register"))).total == 0
