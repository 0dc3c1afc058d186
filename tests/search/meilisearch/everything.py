"""One pass through all that the protocol offers, for whoever wants to know what it needs or how it is said."""

from datetime import UTC, datetime, timedelta

import anyio

from service.search.beside import beside_name
from service.search.engine import Answer, Marker, OneOf, Query, Sort
from service.search.meilisearch import MeilisearchEngine
from tests.search.meilisearch.samples import EBY, NEWSOM, SHENYANG, settled, three


def everything(engine: MeilisearchEngine) -> None:
    """From no index to none, with each verb used and its outcome looked at."""
    began = datetime.now(UTC) - timedelta(minutes=1)
    assert engine.look() is None
    made = engine.prepare()
    engine.expect(made.identity)
    assert settled(engine, engine.put("batch-1", three())).documents == 3
    ticket = engine.drop("batch-2", [EBY])
    assert settled(engine, ticket).succeeded
    assert engine.trace("batch-2", began) == ticket
    _look_around(engine, made.identity)
    marker = Marker("a register", "an instance", 7)
    engine.write_marker(marker)
    assert engine.read_marker() == marker
    _rebuild(engine)
    assert anyio.run(_ask, engine).total == 2
    engine.clear()
    assert engine.look() is None


def _look_around(engine: MeilisearchEngine, identity: str) -> None:
    state = engine.look()
    assert state is not None
    assert (state.documents, state.identity, state.newest) == (2, identity, "batch-2")
    assert engine.differences() == []
    assert engine.count() == 2
    assert engine.counts() == {7: 2}
    assert engine.marks(7) == engine.fetch([NEWSOM, EBY, SHENYANG])


def _rebuild(engine: MeilisearchEngine) -> None:
    """A new index takes the place of the old; then the old one comes back by renaming."""
    rebuilt = engine.beside(beside_name(engine.index, datetime.now(UTC), "c0ffee"))
    identity = rebuilt.prepare().identity
    assert settled(rebuilt, rebuilt.put("batch-3", three())).succeeded
    assert engine.others() == [rebuilt.index]
    engine.exchange(rebuilt.index)
    engine.expect(identity)
    assert (engine.count(), rebuilt.count()) == (3, 2)
    engine.clear()
    engine.exchange(rebuilt.index)
    assert (engine.count(), engine.others()) == (2, [])
    rebuilt.close()


async def _ask(engine: MeilisearchEngine) -> Answer:
    searcher = engine.searcher()
    query = Query("governor", filters=(OneOf("in_scope", (True,)),), facets=("kind",), sort=(Sort("start_day"),), match="last")
    assert (await searcher.search(query)).facets == {"kind": {"meeting": 1}}
    answer = await searcher.search(Query(limit=0))
    await searcher.close()
    return answer
