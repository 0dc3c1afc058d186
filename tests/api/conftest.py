"""The register's API in this process, on a database of the test's own; nothing listens and nothing is mirrored."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service.app import create_app
from service.database import Database
from service.mirror.tokens import Tokens
from service.register.verbs.journal import Actor
from service.settings import Settings
from tests.api.office import Office, furnished

BODY_BOUND = 2 * 1024 * 1024


@pytest.fixture
def app(database: Database, tmp_path: Path) -> FastAPI:
    made = create_app(Settings(data_dir=tmp_path, worker="outside", max_body_bytes=BODY_BOUND))
    made.state.database = database
    made.state.tokens = Tokens(database)
    database.before_commit.append(made.state.tokens.note)
    return made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    # A request that fails on our side is answered as it would be by a server, and not raised into the test.
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://register.test") as made:
        yield made


@pytest.fixture
def office(database: Database, by: Actor) -> Office:
    return furnished(database, by)
