"""A key for the indexes of one name and nothing else is enough for everything, and of its rights none is too many."""

import uuid
from collections.abc import Iterator

import httpx
import pytest

from service.search.engine import Query
from service.search.meilisearch import MeilisearchEngine, engine
from service.search.meilisearch.answers import KeyRefused
from tests.meilisearch_double import MeilisearchDouble
from tests.search.meilisearch.everything import everything
from tests.search.meilisearch.samples import three
from tests.search.meilisearch.servers import Server

RIGHTS = [
    *("documents.add", "documents.delete", "documents.get", "search", "stats.get", "tasks.get"),
    *("indexes.get", "indexes.create", "indexes.delete", "indexes.swap", "settings.get", "settings.update"),
]


@pytest.fixture
def scoped(server: Server) -> Iterator[MeilisearchEngine]:
    """An engine with a key that the server made for its indexes only."""
    asked = {"actions": RIGHTS, "indexes": [f"{server.index}*"], "expiresAt": None, "uid": str(uuid.uuid4())}
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.key}"}, trust_env=False) as operator:
        key = operator.post("/keys", json=asked).raise_for_status().json()
        engine = MeilisearchEngine(server.url, key["key"], server.index)
        yield engine
        engine.beside(f"{server.index}__marker").clear()
        engine.close()
        operator.delete(f"/keys/{key['uid']}")


def test_the_rights_that_are_named_are_enough(scoped: MeilisearchEngine) -> None:
    everything(scoped)


def test_the_version_is_not_for_such_a_key(scoped: MeilisearchEngine) -> None:
    assert scoped.prepare().version == "unknown"
    scoped.clear()


@pytest.mark.parametrize("right", RIGHTS)
def test_without_one_of_them_something_is_refused_and_the_operator_told(double: MeilisearchDouble, right: str) -> None:
    key = double.add_key([each for each in RIGHTS if each != right], ["engagements*"])
    with pytest.raises(KeyRefused):
        everything(MeilisearchEngine(double.url, key.value, "engagements"))


def test_the_rights_are_written_down_where_the_engine_is() -> None:
    assert engine.__doc__ is not None
    assert set(RIGHTS) <= set(engine.__doc__.split())


@pytest.mark.anyio
async def test_the_asking_half_may_have_a_key_of_its_own(double: MeilisearchDouble) -> None:
    writing = double.add_key([each for each in RIGHTS if each != "search"], ["engagements*"]).value
    asking = double.add_key(["search"], ["engagements"]).value
    engine = MeilisearchEngine(double.url, writing, "engagements", search_key=asking)
    engine.prepare()
    engine.put("batch-1", three())
    searcher = engine.searcher()
    assert (await searcher.search(Query())).total == 3
    await searcher.close()
    without = MeilisearchEngine(double.url, writing, "engagements").searcher()
    with pytest.raises(KeyRefused):
        await without.search(Query())
    await without.close()
    engine.close()
