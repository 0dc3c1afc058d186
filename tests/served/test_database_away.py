"""A PostgreSQL whose connections are cut, or which is busy or gone: what the API answers, and that it heals by itself."""

import asyncio
import threading
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from service.app import create_app
from service.database import Database
from service.settings import Settings
from tests.mirror.faults.steps import Steps
from tests.mirror.faults.test_failover import FAULTS, cut
from tests.served.conftest import create

pytestmark = pytest.mark.anyio

MEETING = {"kind": "meeting", "title_en": "Meeting with Premier Eby"}


@pytest.fixture
def settings(postgres_database: Database, tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, database_url=postgres_database.url.render_as_string(), poll_seconds=0.05)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    made = create_app(settings)
    async with made.router.lifespan_context(made):
        yield made


@pytest.mark.scenario(55)
async def test_connections_that_were_cut_while_nobody_used_them_are_not_noticed(
    client: httpx.AsyncClient, postgres_database: Database
) -> None:
    made = await create(client, "engagements", **MEETING)
    await until_found(client, 1)
    asked: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", f"/v1/engagements/{made['id']}", None),
        ("GET", "/v1/engagements", None),
        ("POST", "/v1/engagements", MEETING),
        ("GET", "/v1/search", None),
        ("GET", "/v1/index", None),
        ("GET", "/readyz", None),
    ]
    for method, path, body in asked:
        cut(postgres_database, None)
        answer = await client.request(method, path, json=body)
        assert answer.status_code in (200, 201), (path, answer.text)
    await until_found(client, 2)


@pytest.mark.scenario(55)
@pytest.mark.parametrize("name", FAULTS)
async def test_a_write_that_fails_at_any_step_says_so_and_leaves_nothing_half_done(
    app: FastAPI, client: httpx.AsyncClient, postgres_database: Database, name: str
) -> None:
    database: Database = app.state.database
    steps = StepsOfRequests(database, FAULTS[name])
    made = 0
    for number in count(1):
        with steps.one_goes_wrong(number):
            answer = await client.post("/v1/engagements", json=MEETING)
        made += answer.status_code == 201
        if not steps.went_wrong:
            break
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        # Whoever only was in somebody's way may come back sooner.
        assert answer.headers["Retry-After"] == ("1" if name == "serialization failure" else "5")
        assert (answer.json()["type"], answer.json()["status"]) == ("/problems/unavailable", 503)
        assert "Sync-Token" not in answer.headers
    assert number > 5
    with postgres_database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM engagement")).scalar() == made == 1
        assert connection.execute(text("SELECT count(*) FROM revision")).scalar() == made
    await until_found(client, made)


class StepsOfRequests(Steps):
    """The framework takes them in threads of its own; what looks how fresh the mirrors are has another."""

    def _counts(self) -> bool:
        return threading.current_thread().name != "freshness"


async def until_found(client: httpx.AsyncClient, total: int) -> None:
    for _ in range(500):
        answer = await client.get("/v1/search")
        if answer.status_code == 200 and answer.json()["total"] == total and answer.json()["index"]["in_step"]:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(answer.json())
