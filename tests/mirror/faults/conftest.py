"""A scene on the double, and one on a real server too where the environment names a disposable one."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.database import Database
from service.register.verbs.journal import Actor
from tests.meilisearch_double import MeilisearchDouble
from tests.mirror.faults.scene import Scene
from tests.search.meilisearch.servers import Server


@pytest.fixture
def double() -> Iterator[MeilisearchDouble]:
    with MeilisearchDouble() as double:
        yield double


@pytest.fixture
def scene(sqlite_database: Database, double: MeilisearchDouble, tmp_path: Path, by: Actor) -> Iterator[Scene]:
    """A mirror in step on the double. What an engine or the way to it does is the same to either database."""
    made = Scene(sqlite_database, Server(double.url, double.master_key, "engagements"), tmp_path, by, double)
    yield made
    made.close()


@pytest.fixture
def on_either(database: Database, double: MeilisearchDouble, tmp_path: Path, by: Actor) -> Iterator[Scene]:
    """A mirror in step on the double, once for each database."""
    made = Scene(database, Server(double.url, double.master_key, "engagements"), tmp_path, by, double)
    yield made
    made.close()


@pytest.fixture(params=["double", "real"])
def anywhere(request: pytest.FixtureRequest, sqlite_database: Database, tmp_path: Path, by: Actor) -> Iterator[Scene]:
    """A mirror in step on the double and on a real server, for what an operator does with a client of his own."""
    index = f"test_{uuid.uuid4().hex}"
    if request.param == "double":
        double: MeilisearchDouble = request.getfixturevalue("double")
        server = Server(double.url, double.master_key, index)
    elif (url := os.environ.get("MEILISEARCH_URL")) and os.environ.get("MEILISEARCH_DISPOSABLE"):
        server = Server(url, os.environ.get("MEILISEARCH_KEY"), index)
    else:
        pytest.skip("no MEILISEARCH_URL of a real server with MEILISEARCH_DISPOSABLE=1")
    made = Scene(sqlite_database, server, tmp_path, by)
    yield made
    made.close()
