"""A write goes to the index that it was meant for or nowhere, whatever an operator or a restored backup did meanwhile."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from service.search.beside import beside_name
from service.search.engine import EngineDown, IndexLost
from service.search.meilisearch import MeilisearchEngine
from tests.meilisearch_double import BAD_GATEWAY_PAGE, Canned, CutBefore, Fault, MeilisearchDouble
from tests.meilisearch_double.world import Index
from tests.search.meilisearch.samples import EBY, settled, three

Write = Callable[[MeilisearchEngine], Any]

WRITES: dict[str, Write] = {
    "put": lambda engine: engine.put("batch-1", three()),
    "drop": lambda engine: engine.drop("batch-1", [EBY]),
}
each_write = pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)


def sent(double: MeilisearchDouble) -> list[str]:
    return [each.path for each in double.requests if each.method != "GET"]


@each_write
def test_what_is_expected_is_written_to(engine: MeilisearchEngine, write: Write) -> None:
    engine.expect(engine.prepare().identity)
    assert settled(engine, write(engine)).succeeded


@each_write
def test_an_index_that_is_not_there_is_lost(double: MeilisearchDouble, on_double: MeilisearchEngine, write: Write) -> None:
    del double.indexes["engagements"]
    with pytest.raises(IndexLost, match="there is no index engagements"):
        write(on_double)
    assert sent(double) == []


@each_write
def test_an_index_that_was_made_anew_under_us_is_lost(engine: MeilisearchEngine, write: Write) -> None:
    engine.expect(engine.prepare().identity)
    engine.clear()
    anew = engine.prepare()
    with pytest.raises(IndexLost, match="expected"):
        write(engine)
    engine.expect(anew.identity)
    assert settled(engine, write(engine)).succeeded


@each_write
@pytest.mark.parametrize("primary_key", ["id", "number", None])
def test_an_index_of_somebody_else_in_place_of_ours_is_sent_nothing(
    double: MeilisearchDouble, on_double: MeilisearchEngine, write: Write, primary_key: str | None
) -> None:
    on_double.expect(double.index("engagements").created_at)
    double.indexes["engagements"] = Index(primary_key)
    with pytest.raises(IndexLost):
        write(on_double)
    assert sent(double) == []


@each_write
def test_an_index_that_was_exchanged_is_another(engine: MeilisearchEngine, write: Write) -> None:
    engine.expect(engine.prepare().identity)
    other = engine.beside(beside_name(engine.index, datetime.now(UTC), "000001"))
    other.prepare()
    engine.exchange(other.index)
    with pytest.raises(IndexLost):
        write(engine)
    other.close()


@each_write
def test_who_expects_nothing_takes_any_index_that_is_there(
    double: MeilisearchDouble, on_double: MeilisearchEngine, write: Write
) -> None:
    on_double.expect("an index of long ago")
    on_double.expect(None)
    double.indexes["engagements"] = Index("id")
    assert settled(on_double, write(on_double)).succeeded


@each_write
def test_an_index_that_the_server_misses_when_it_is_written_to_is_lost(
    double: MeilisearchDouble, on_double: MeilisearchEngine, write: Write
) -> None:
    gone = Canned(404, b'{"code":"index_not_found","message":"no"}', "application/json")
    double.fail_next("POST */documents*", gone)
    with pytest.raises(IndexLost):
        write(on_double)


@each_write
@pytest.mark.parametrize("fault", [CutBefore(), BAD_GATEWAY_PAGE], ids=["cut", "proxy"])
def test_an_index_that_cannot_be_seen_is_sent_nothing(
    double: MeilisearchDouble, on_double: MeilisearchEngine, write: Write, fault: Fault
) -> None:
    double.fail_next("GET /indexes/engagements", fault)
    with pytest.raises(EngineDown):
        write(on_double)
    assert sent(double) == []
