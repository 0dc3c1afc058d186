"""The register's API in this process, on a database of the test's own; nothing listens and nothing is mirrored."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service.access.keyring import Keyring
from service.app import create_app
from service.database import Database
from service.mirror.tokens import Tokens
from service.register.verbs.journal import Actor
from service.settings import Settings
from tests.api.office import Office, furnished

BODY_BOUND = 2 * 1024 * 1024


@pytest.fixture
def app(database: Database, tmp_path: Path) -> Iterator[FastAPI]:
    made = create_app(Settings(data_dir=tmp_path, worker="outside", max_body_bytes=BODY_BOUND))
    made.state.database = database
    made.state.tokens = Tokens(database)
    url = database.url.render_as_string(hide_password=False)
    made.state.keyring = keyring = Keyring(url, on_loopback=True, open_reading=False)
    database.before_commit.append(made.state.tokens.note)
    yield made
    keyring.close()


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    # A request that fails on our side is answered as it would be by a server, and not raised into the test.
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    # What is tested elsewhere than in `test_conditions` changes whatever is there.
    async with httpx.AsyncClient(transport=transport, base_url="http://register.test", headers={"If-Match": "*"}) as made:
        yield made


@pytest.fixture
async def reader(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who reads what needs no register: the documentation and its neighbours, of an application that was not started."""
    transport = httpx.ASGITransport(create_app(Settings(data_dir=tmp_path)), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://register.test") as made:
        yield made


@pytest.fixture
def office(database: Database, by: Actor) -> Office:
    return furnished(database, by)
