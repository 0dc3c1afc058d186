"""Servers to speak with: the double always, a real one where the environment names a disposable one."""

import os
import uuid
from collections.abc import Iterator

import pytest

from service.search.meilisearch import MeilisearchEngine
from tests.meilisearch_double import MeilisearchDouble
from tests.search.meilisearch.servers import Server, leave_nothing


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, bool]]:
    """Both event loops, because the service may run on either."""
    return "asyncio", {"use_uvloop": request.param}


@pytest.fixture
def double() -> Iterator[MeilisearchDouble]:
    with MeilisearchDouble() as double:
        yield double


@pytest.fixture(params=["double", "real"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The double and, where there is one, a real server: what is promised on the first has to hold on the second."""
    index = f"test-{uuid.uuid4().hex}"
    if request.param == "double":
        with MeilisearchDouble() as double:
            yield Server(double.url, double.master_key, index)
    elif (url := os.environ.get("MEILISEARCH_URL")) and os.environ.get("MEILISEARCH_DISPOSABLE"):
        yield Server(url, os.environ.get("MEILISEARCH_KEY"), index)
    else:
        pytest.skip("no MEILISEARCH_URL of a real server with MEILISEARCH_DISPOSABLE=1")


@pytest.fixture
def engine(server: Server) -> Iterator[MeilisearchEngine]:
    """An engine whose index is made; whatever was made beside it is removed in the end."""
    engine = MeilisearchEngine(server.url, server.key, server.index)
    engine.prepare()
    yield engine
    leave_nothing(engine)
    engine.close()


@pytest.fixture
def on_double(double: MeilisearchDouble) -> Iterator[MeilisearchEngine]:
    """An engine on the double of the same test, with its index made and short patience."""
    engine = MeilisearchEngine(
        double.url, double.master_key, "engagements", read_seconds=0.5, total_seconds=2, search_seconds=0.5
    )
    engine.prepare()
    double.requests.clear()
    yield engine
    engine.close()
