"""Two indexes exchange their content, asked for once; what became of it is seen from what is where, never guessed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from service.search.beside import beside_name
from service.search.engine import EngineDown, EngineRefused, IndexState, OutcomeUnknown, Query
from service.search.meilisearch import MeilisearchEngine
from service.search.meilisearch.answers import KeyRefused
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
from tests.search.meilisearch.samples import document, settled, three

BESIDE = beside_name("engagements", datetime(2026, 11, 25, tzinfo=UTC), "c0ffee")
SWAP = "POST /swap-indexes"


@pytest.fixture
def live(double: MeilisearchDouble) -> Iterator[MeilisearchEngine]:
    """An engine with short patience that holds three documents, beside an index that holds one."""
    engine = MeilisearchEngine(double.url, double.master_key, "engagements", read_seconds=0.3, exchange_seconds=0.2)
    yield filled(engine)
    engine.close()


def filled(engine: MeilisearchEngine, beside: str = BESIDE) -> MeilisearchEngine:
    engine.prepare()
    other = engine.beside(beside)
    other.prepare()
    assert settled(engine, engine.put("old", three())).succeeded
    assert settled(other, other.put("new", [document("rebuilt")])).succeeded
    other.close()
    return engine


def swaps(double: MeilisearchDouble) -> int:
    return sum(each.path == "/swap-indexes" for each in double.requests)


def identities(double: MeilisearchDouble) -> tuple[str, str]:
    return double.index("engagements").created_at, double.index(BESIDE).created_at


def seen(engine: MeilisearchEngine) -> IndexState | None:
    """What is there, but for the history of the queue."""
    state = engine.look()
    return state and replace(state, newest=None)


def test_content_settings_and_identity_change_places(engine: MeilisearchEngine) -> None:
    name = beside_name(engine.index, datetime.now(UTC), "c0ffee")
    filled(engine, name)
    other = engine.beside(name)
    before, rebuilt = seen(engine), seen(other)
    assert before is not None
    assert rebuilt is not None
    assert (before.documents, rebuilt.documents) == (3, 1)
    engine.exchange(name)
    assert (seen(engine), seen(other)) == (rebuilt, before)
    assert engine.differences() == other.differences() == []
    engine.exchange(name)
    assert (seen(engine), seen(other)) == (before, rebuilt)
    other.close()


def test_where_there_is_no_index_the_other_takes_its_name(engine: MeilisearchEngine) -> None:
    name = beside_name(engine.index, datetime.now(UTC), "c0ffee")
    filled(engine, name)
    other = engine.beside(name)
    rebuilt = seen(other)
    engine.clear()
    engine.exchange(name)
    assert (seen(engine), seen(other)) == (rebuilt, None)
    other.close()


def test_the_newest_batch_goes_with_the_content(engine: MeilisearchEngine) -> None:
    name = beside_name(engine.index, datetime.now(UTC), "c0ffee")
    filled(engine, name)
    other = engine.beside(name)
    engine.exchange(name)
    assert [state and state.newest for state in (engine.look(), other.look())] == ["new", "old"]
    engine.clear()
    engine.exchange(name)
    assert [state and state.newest for state in (engine.look(), other.look())] == ["old", None]
    settled(engine, engine.put("newer", three()))
    assert [state and state.newest for state in (engine.look(), other.look())] == ["newer", None]
    other.close()


@pytest.mark.anyio
async def test_an_open_searcher_finds_the_new_content(engine: MeilisearchEngine) -> None:
    name = beside_name(engine.index, datetime.now(UTC), "c0ffee")
    filled(engine, name)
    searcher = engine.searcher()
    assert (await searcher.search(Query())).total == 3
    engine.exchange(name)
    assert [card["id"] for card in (await searcher.search(Query())).cards] == ["rebuilt"]
    await searcher.close()


@pytest.mark.parametrize("here", [True, False])
def test_an_index_that_is_not_there_is_not_asked_for(double: MeilisearchDouble, live: MeilisearchEngine, here: bool) -> None:
    if not here:
        live.clear()
    with pytest.raises(EngineRefused) as refused:
        live.exchange("engagements__20261125t000000_000000")
    assert (refused.value.code, swaps(double)) == ("index_not_found", 0)


@pytest.mark.parametrize(
    "fault",
    [CutAfter(), CutMidway(), Delay(0.6), Canned(504, b"", effect=True), Canned(200, b"{}", "application/json", effect=True)],
)
def test_one_that_happened_is_seen_though_its_answer_was_lost(
    double: MeilisearchDouble, live: MeilisearchEngine, fault: Fault
) -> None:
    before = identities(double)
    double.fail_next(SWAP, fault)
    live.exchange(BESIDE)
    assert identities(double) == before[::-1]
    assert swaps(double) == 1, "a second one would undo the first"


@pytest.mark.parametrize("fault", [CutBefore(), BAD_GATEWAY_PAGE, Late()])
def test_one_that_is_not_seen_to_happen_is_an_unknown_outcome(
    double: MeilisearchDouble, live: MeilisearchEngine, fault: Fault
) -> None:
    before = identities(double)
    double.fail_next(SWAP, fault)
    with pytest.raises(OutcomeUnknown):
        live.exchange(BESIDE)
    assert (identities(double), swaps(double)) == (before, 1)
    assert double.deliver_late() == (1 if isinstance(fault, Late) else 0)
    assert identities(double) == (before[::-1] if isinstance(fault, Late) else before)


def test_renaming_whose_answer_was_lost_is_seen_as_well(double: MeilisearchDouble, live: MeilisearchEngine) -> None:
    rebuilt = identities(double)[1]
    live.clear()
    double.fail_next(SWAP, CutAfter())
    live.exchange(BESIDE)
    assert double.index("engagements").created_at == rebuilt
    assert (BESIDE in double.indexes, swaps(double)) == (False, 1)


@pytest.mark.parametrize(("fault", "error"), [(OVERLOADED, EngineDown), (FORBIDDEN, KeyRefused)])
def test_one_that_was_turned_away_did_not_happen(
    double: MeilisearchDouble, live: MeilisearchEngine, fault: Fault, error: type[Exception]
) -> None:
    before = identities(double)
    double.fail_next(SWAP, fault)
    with pytest.raises(error):
        live.exchange(BESIDE)
    assert (identities(double), swaps(double)) == (before, 1)


def test_a_server_that_is_down_was_asked_for_nothing(double: MeilisearchDouble, live: MeilisearchEngine) -> None:
    with double.down(), pytest.raises(EngineDown):
        live.exchange(BESIDE)
    assert swaps(double) == 0


def test_a_task_that_is_seen_to_fail_is_told_with_its_code(double: MeilisearchDouble, live: MeilisearchEngine) -> None:
    double.fail_next(SWAP, TaskFails("no_space_left_on_device", "the disk is full"))
    with pytest.raises(EngineRefused, match="the disk is full") as refused:
        live.exchange(BESIDE)
    assert refused.value.code == "no_space_left_on_device"


def test_a_task_that_was_canceled_did_not_happen(double: MeilisearchDouble, live: MeilisearchEngine) -> None:
    double.fail_next(SWAP, TaskFails("canceled"))
    with pytest.raises(EngineRefused):
        live.exchange(BESIDE)


def test_a_task_that_still_waits_may_still_happen(double: MeilisearchDouble, live: MeilisearchEngine) -> None:
    before = identities(double)
    double.auto = False
    with pytest.raises(OutcomeUnknown):
        live.exchange(BESIDE)
    assert identities(double) == before
    double.run()
    assert identities(double) == before[::-1]


def test_a_failure_that_the_key_may_not_see_is_an_unknown_outcome(double: MeilisearchDouble, live: MeilisearchEngine) -> None:
    before = identities(double)
    key = double.add_key(["*"], ["engagements*"])
    double.fail_next(SWAP, TaskFails("internal"))
    scoped = MeilisearchEngine(double.url, key.value, live.index, exchange_seconds=0.2)
    with pytest.raises(OutcomeUnknown):
        scoped.exchange(BESIDE)
    assert identities(double) == before
    scoped.exchange(BESIDE)
    assert identities(double) == before[::-1]
    scoped.close()


@pytest.mark.parametrize("path", ["/indexes/engagements", "/tasks/*"])
@pytest.mark.parametrize("fault", [CutBefore(), BAD_GATEWAY_PAGE, FORBIDDEN])
def test_once_it_was_asked_for_a_look_that_fails_does_not_say_that_nothing_was_sent(
    double: MeilisearchDouble, live: MeilisearchEngine, path: str, fault: Fault
) -> None:
    double.auto = False
    if path.startswith("/indexes"):
        double.fail_next("GET /indexes/engagements", Delay(0))  # the look before it is asked for
    double.fail_next(f"GET {path}", fault, times=200)
    with pytest.raises(OutcomeUnknown):
        live.exchange(BESIDE)
    assert swaps(double) == 1


def test_looks_that_fail_for_a_while_are_followed_by_one_that_sees_it(double: MeilisearchDouble, live: MeilisearchEngine) -> None:
    before = identities(double)
    double.fail_next("GET /indexes/engagements", Delay(0))  # the look before it is asked for
    double.fail_next("GET /indexes/engagements", CutBefore(), times=3)
    live.exchange(BESIDE)
    assert identities(double) == before[::-1]


@pytest.mark.parametrize("pairs", [[], [["engagements", "another"]], [[BESIDE, "engagements"]]])
def test_the_failure_of_another_task_under_the_same_number_says_nothing(
    double: MeilisearchDouble, live: MeilisearchEngine, pairs: list[list[str]]
) -> None:
    failed = {"uid": 1, "status": "failed", "finishedAt": "2026-11-25T00:00:00Z", "error": {"code": "internal"}}
    task = {**failed, "details": {"swaps": [{"indexes": pair, "rename": False} for pair in pairs]}}
    double.auto = False
    double.fail_next("GET /tasks/*", Canned(200, json.dumps(task).encode(), "application/json"), times=200)
    with pytest.raises(OutcomeUnknown):
        live.exchange(BESIDE)
