"""The engines that the contract is held to.

The embedded one always, Meilisearch where a disposable server is named, and for what is written its double as well, which
knows nothing of ranking.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.search.embedded import EmbeddedEngine
from service.search.engine import Engine
from tests.meilisearch_double import MeilisearchDouble
from tests.search.corpus import CORPUS, put
from tests.search.meilisearch.servers import leave_nothing

ENGINES = ("embedded", "meilisearch")


def opened(kind: str, folder: Path) -> Iterator[Engine]:
    """An engine with an empty index of its own, which is removed in the end with all that was made beside it."""
    with ENGINE_OF[kind](folder) as engine:
        try:
            engine.prepare()
            yield engine
            leave_nothing(engine)
        finally:
            engine.close()


@contextmanager
def embedded(folder: Path) -> Iterator[Engine]:
    yield EmbeddedEngine(folder)


@contextmanager
def double(folder: Path) -> Iterator[Engine]:
    from service.search.meilisearch import MeilisearchEngine

    with MeilisearchDouble() as server:
        yield MeilisearchEngine(server.url, server.master_key, "engagements")


@contextmanager
def disposable_server(folder: Path) -> Iterator[Engine]:
    url, key = os.environ.get("MEILISEARCH_URL"), os.environ.get("MEILISEARCH_KEY")
    if not url or not os.environ.get("MEILISEARCH_DISPOSABLE"):
        pytest.skip("no MEILISEARCH_URL of a real server with MEILISEARCH_DISPOSABLE=1")
    from service.search.meilisearch import MeilisearchEngine

    yield MeilisearchEngine(url, key, f"contract-{uuid.uuid4().hex}")


ENGINE_OF = {"embedded": embedded, "double": double, "meilisearch": disposable_server}


@pytest.fixture(params=ENGINE_OF)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty engine, for what is written."""
    yield from opened(request.param, tmp_path)


@pytest.fixture(params=ENGINES, scope="module")
def filled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine that holds the corpus, for what is only asked."""
    for engine in opened(request.param, tmp_path_factory.mktemp("filled")):
        verdict = put(engine, *CORPUS)
        assert verdict.succeeded, verdict
        yield engine
