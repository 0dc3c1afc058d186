"""/healthz and /readyz."""

import httpx
import pytest
from fastapi import FastAPI

from service import schema
from service.database import Database
from tests.api.expectations import refused

pytestmark = pytest.mark.anyio


async def test_a_process_on_a_migrated_database_is_alive_and_ready(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).json() == {"status": "ok"}
    assert (await client.get("/readyz")).json() == {"status": "ok"}


async def test_without_its_migrations_it_is_alive_and_not_ready(client: httpx.AsyncClient, database: Database) -> None:
    schema.downgrade(database, "base")
    assert (await client.get("/healthz")).status_code == 200
    assert "engagements migrate" in refused(await client.get("/readyz"), 503, "unavailable")["detail"]


async def test_being_alive_asks_nothing_of_the_database(client: httpx.AsyncClient, app: FastAPI) -> None:
    del app.state.database
    assert (await client.get("/healthz")).status_code == 200
