"""Engines for several indexes of one server share its connections, and are otherwise each for itself."""

from datetime import UTC, datetime

import pytest

from service.search.beside import beside_name
from service.search.engine import IndexLost, Marker, Query
from service.search.meilisearch import MeilisearchEngine
from tests.meilisearch_double import MeilisearchDouble
from tests.search.meilisearch.samples import settled, three

BESIDE = beside_name("engagements", datetime(2026, 11, 25, tzinfo=UTC), "c0ffee")


def test_each_writes_to_its_own_index(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    other = on_double.beside(BESIDE)
    assert other.prepare().created
    assert settled(other, other.put("batch-1", three())).succeeded
    assert (on_double.count(), other.count()) == (0, 3)
    assert (on_double.index, other.index) == ("engagements", BESIDE)
    assert on_double.trace("batch-1", datetime.now(UTC)) is None
    assert len(double.index(BESIDE).documents) == 3


def test_they_share_their_connections(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    before = double.connections
    other = on_double.beside(BESIDE)
    for _ in range(3):
        other.prepare()
        on_double.prepare()
    assert double.connections == before == 1


def test_what_one_expects_the_other_does_not(on_double: MeilisearchEngine) -> None:
    on_double.expect("an index of long ago")
    other = on_double.beside(BESIDE)
    other.prepare()
    assert settled(other, other.put("batch-1", three())).succeeded
    with pytest.raises(IndexLost):
        on_double.put("batch-2", three())


@pytest.mark.parametrize("first", [0, 1])
def test_closing_one_leaves_the_other_its_connection(double: MeilisearchDouble, on_double: MeilisearchEngine, first: int) -> None:
    both = on_double, on_double.beside(BESIDE)
    both[1].prepare()
    both[first].close()
    both[first].close()
    assert both[1 - first].count() == 0
    assert double.connections == 1


def test_the_connections_end_with_the_last(on_double: MeilisearchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []
    monkeypatch.setattr(on_double._server.client, "close", lambda: closed.append("closed"))
    other = on_double.beside(BESIDE)
    on_double.close()
    assert closed == []
    other.close()
    assert closed == ["closed"]


def test_the_instance_has_one_marker(on_double: MeilisearchEngine) -> None:
    other = on_double.beside(BESIDE)
    marker = Marker("a register", "an instance", 1)
    other.write_marker(marker)
    assert on_double.read_marker() == marker
    assert on_double.beside(BESIDE).read_marker() == marker


def test_a_name_that_no_index_can_have_is_refused(on_double: MeilisearchEngine) -> None:
    with pytest.raises(ValueError, match="is named with"):
        on_double.beside("engagements/../keys")


@pytest.mark.anyio
async def test_a_searcher_asks_the_index_of_its_engine(on_double: MeilisearchEngine) -> None:
    other = on_double.beside(BESIDE)
    other.prepare()
    other.put("batch-1", three())
    for engine, total in ((on_double, 0), (other, 3)):
        searcher = engine.searcher()
        assert (await searcher.search(Query())).total == total
        await searcher.close()
