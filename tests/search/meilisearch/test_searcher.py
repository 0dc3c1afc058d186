"""A search is answered, refused for what it asks, or the engine is down: nothing else, and never an empty list instead."""

import subprocess
import sys

import pytest

from service.search.engine import EngineDown, EngineRefused, OneOf, Query, Sort
from service.search.meilisearch import MeilisearchEngine
from tests.meilisearch_double import (
    BAD_GATEWAY_PAGE,
    CAPTIVE_PAGE,
    FORBIDDEN,
    OVERLOADED,
    Canned,
    CutAfter,
    CutBefore,
    CutMidway,
    Delay,
    Fault,
    MeilisearchDouble,
)
from tests.search.meilisearch.samples import NEWSOM, three

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "fault",
    [
        CutBefore(),
        CutAfter(),
        CutMidway(),
        Delay(1),
        BAD_GATEWAY_PAGE,
        CAPTIVE_PAGE,
        OVERLOADED,
        FORBIDDEN,
        Canned(200, b'{"hits":[]}', "application/json"),
        Canned(200, b'{"status":"available"}', "application/json"),
        Canned(302, b"", headers={"Location": "/login"}),
        Canned(500, b'{"code":"internal","message":"oh"}', "application/json"),
    ],
    ids=lambda fault: f"{type(fault).__name__}-{getattr(fault, 'status', '')}",
)
async def test_whatever_goes_wrong_the_engine_is_down_and_then_up_again(
    double: MeilisearchDouble, on_double: MeilisearchEngine, fault: Fault
) -> None:
    on_double.put("b", three())
    searcher = on_double.searcher()
    assert (await searcher.search(Query("newsom"))).total == 1
    # A cut that leaves no byte on a used connection is asked once more, so it has to happen twice to be noticed.
    double.fail_next("POST */search", fault, times=2 if isinstance(fault, CutBefore | CutAfter) else 1)
    with pytest.raises(EngineDown, match="Meilisearch"):
        await searcher.search(Query("newsom"))
    assert [card["id"] for card in (await searcher.search(Query("newsom"))).cards] == [NEWSOM]
    await searcher.close()


async def test_a_server_that_is_down_is_down(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    searcher = on_double.searcher()
    await searcher.search(Query())
    with double.down(), pytest.raises(EngineDown, match="cannot be reached"):
        await searcher.search(Query())
    assert (await searcher.search(Query())).total == 0
    await searcher.close()


async def test_an_overloaded_server_says_when_to_ask_again(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    searcher = on_double.searcher()
    double.fail_next("POST */search", OVERLOADED)
    with pytest.raises(EngineDown) as down:
        await searcher.search(Query())
    assert down.value.headers["Retry-After"] == "10"
    await searcher.close()


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (Query(facets=("titles",)), "invalid_search_facets"),
        (Query(sort=(Sort("titles"),)), "invalid_search_sort"),
        (Query(filters=(OneOf("titles", ("x",)),)), "invalid_search_filter"),
        (Query("lone \ud800 surrogate"), "invalid_search_q"),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_a_code(on_double: MeilisearchEngine, query: Query, code: str) -> None:
    searcher = on_double.searcher()
    with pytest.raises(EngineRefused) as refused:
        await searcher.search(query)
    assert (refused.value.code, refused.value.status) == (code, 400)
    await searcher.close()


async def test_an_index_that_is_missing_is_an_engine_that_is_down(on_double: MeilisearchEngine) -> None:
    on_double.clear()
    searcher = on_double.searcher()
    with pytest.raises(EngineDown, match="index_not_found"):
        await searcher.search(Query())
    await searcher.close()


async def test_a_key_for_searching_is_enough(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    on_double.put("b", three())
    searcher = MeilisearchEngine(double.url, double.add_key(["search"], ["engagements*"]).value, "engagements").searcher()
    assert (await searcher.search(Query("eby"))).total == 1
    await searcher.close()


def test_asking_loads_neither_the_client_nor_requests() -> None:
    program = (
        "import sys; from service.search.meilisearch import MeilisearchEngine;"
        "MeilisearchEngine('http://search:7700', 'key', 'engagements').searcher();"
        "print(sorted({'meilisearch', 'requests', 'urllib3'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == "[]"
