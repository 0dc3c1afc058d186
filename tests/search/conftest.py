"""The engines that the contract is held to: the embedded one always, Meilisearch where a disposable server is named."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.search.embedded import EmbeddedEngine
from service.search.engine import Engine
from tests.search.corpus import CORPUS, put

ENGINES = ("embedded", "meilisearch")


def opened(kind: str, folder: Path) -> Iterator[Engine]:
    """An engine with an empty index of its own, which is removed in the end."""
    engine = EmbeddedEngine(folder) if kind == "embedded" else disposable_server()
    try:
        engine.prepare()
        yield engine
        engine.clear()
    finally:
        engine.close()


def disposable_server() -> Engine:
    url, key = os.environ.get("MEILISEARCH_URL"), os.environ.get("MEILISEARCH_KEY")
    if not url or not os.environ.get("MEILISEARCH_DISPOSABLE"):
        pytest.skip("no MEILISEARCH_URL of a real server with MEILISEARCH_DISPOSABLE=1")
    from service.search.meilisearch import MeilisearchEngine

    return MeilisearchEngine(url, key, f"contract-{uuid.uuid4().hex}")


@pytest.fixture(params=ENGINES)
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
