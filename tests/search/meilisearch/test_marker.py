"""The marker by which the mirror knows an instance again: left on it, read from it, and never taken for what it is not."""

import time
from typing import Any

import pytest

from service.search.engine import EngineDown, EngineRefused, Marker, Query
from service.search.meilisearch import MeilisearchEngine
from tests.meilisearch_double import (
    BAD_GATEWAY_PAGE,
    FORBIDDEN,
    OVERLOADED,
    Canned,
    CutAfter,
    CutBefore,
    CutMidway,
    Delay,
    Fault,
    Late,
    MeilisearchDouble,
    TaskFails,
)
from tests.search.meilisearch.samples import settled, three

MARKER = Marker("0197a000-register", "0197a000-instance", 41)
WRITES = "POST /indexes/engagements__marker/documents"


def test_there_is_none_until_one_is_left(engine: MeilisearchEngine) -> None:
    assert engine.read_marker() is None
    engine.write_marker(MARKER)
    assert engine.read_marker() == MARKER


def test_it_is_replaced_whole_and_may_be_left_again(engine: MeilisearchEngine) -> None:
    later = Marker("another register", "ein Gerät", 2**53 - 1)
    for marker in (MARKER, MARKER, later, MARKER):
        engine.write_marker(marker)
        assert engine.read_marker() == marker


@pytest.mark.anyio
async def test_it_is_neither_counted_nor_found_nor_taken_for_an_index_beside(engine: MeilisearchEngine) -> None:
    settled(engine, engine.put("batch-1", three()))
    engine.write_marker(MARKER)
    state = engine.look()
    assert state is not None
    assert (state.documents, state.newest) == (3, "batch-1")
    assert engine.counts() == {7: 3}
    assert engine.others() == []
    searcher = engine.searcher()
    assert (await searcher.search(Query("register"))).total == 0
    await searcher.close()


def test_it_stays_when_the_index_is_removed(engine: MeilisearchEngine) -> None:
    engine.write_marker(MARKER)
    engine.clear()
    assert engine.read_marker() == MARKER


def test_it_needs_no_index_to_be_left_on_the_instance(double: MeilisearchDouble) -> None:
    engine = MeilisearchEngine(double.url, double.master_key, "engagements")
    engine.write_marker(MARKER)
    assert engine.look() is None
    assert engine.read_marker() == MARKER
    assert double.index("engagements__marker").primary_key == "id"
    engine.close()


@pytest.mark.parametrize(
    "changed",
    [
        {"register": None},
        {"register": 7},
        {"instance": ["an instance"]},
        {"watermark": "41"},
        {"watermark": 41.5},
        {"watermark": True},
        {"watermark": None},
    ],
    ids=str,
)
def test_what_cannot_be_read_is_no_marker(
    double: MeilisearchDouble, on_double: MeilisearchEngine, changed: dict[str, Any]
) -> None:
    on_double.write_marker(MARKER)
    double.index("engagements__marker").documents["marker"].update(changed)
    assert on_double.read_marker() is None
    on_double.write_marker(MARKER)
    assert on_double.read_marker() == MARKER


def test_an_index_without_the_document_holds_no_marker(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    on_double.write_marker(MARKER)
    double.index("engagements__marker").documents.clear()
    assert on_double.read_marker() is None


@pytest.mark.parametrize("fault", [CutBefore(), BAD_GATEWAY_PAGE, OVERLOADED, FORBIDDEN, Canned(404, b"no such page")])
def test_a_marker_that_cannot_be_asked_for_is_not_a_missing_one(
    double: MeilisearchDouble, on_double: MeilisearchEngine, fault: Fault
) -> None:
    on_double.write_marker(MARKER)
    double.fail_next("GET */documents/marker", fault)
    with pytest.raises(EngineDown):
        on_double.read_marker()


@pytest.mark.parametrize(
    ("fault", "there"),
    [
        (CutBefore(), False),
        (CutAfter(), True),
        (CutMidway(), True),
        (Delay(1), True),
        (BAD_GATEWAY_PAGE, False),
        (OVERLOADED, False),
        (Late(), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_one_whose_answer_was_lost_is_an_engine_that_is_down_and_may_be_left_again(
    double: MeilisearchDouble, on_double: MeilisearchEngine, fault: Fault, there: bool
) -> None:
    double.fail_next(WRITES, fault)
    with pytest.raises(EngineDown):
        on_double.write_marker(MARKER)
    assert on_double.read_marker() == (MARKER if there else None)
    on_double.write_marker(MARKER)
    double.deliver_late()
    assert on_double.read_marker() == MARKER


def test_it_is_waited_for() -> None:
    with MeilisearchDouble(auto=False) as stalled:
        engine = MeilisearchEngine(stalled.url, stalled.master_key, "engagements", settings_seconds=0.1)
        began = time.monotonic()
        with pytest.raises(EngineDown, match="still busy"):
            engine.write_marker(MARKER)
        assert time.monotonic() - began >= 0.1
        engine.close()


@pytest.mark.parametrize(("code", "error"), [("no_space_left_on_device", EngineDown), ("invalid_document_id", EngineRefused)])
def test_a_task_that_failed_left_nothing(
    double: MeilisearchDouble, on_double: MeilisearchEngine, code: str, error: type[Exception]
) -> None:
    double.fail_next(WRITES, TaskFails(code))
    with pytest.raises(error, match=code):
        on_double.write_marker(MARKER)
    assert on_double.read_marker() is None


def test_the_success_of_another_task_under_the_same_number_is_not_believed(
    double: MeilisearchDouble, on_double: MeilisearchEngine
) -> None:
    """As after an older copy was put back: the number of our task is that of one that succeeded long ago."""
    succeeded = on_double.put("batch-1", three()).uid
    double.fail_next(WRITES, Canned(202, b'{"taskUid":%d}' % succeeded, "application/json"))
    with pytest.raises(EngineDown, match="not there"):
        on_double.write_marker(MARKER)
