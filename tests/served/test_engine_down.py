"""An engine that is down is said to be down: never an empty list, and never in the way of a write."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service.settings import MirrorSettings, Settings
from tests.served.conftest import create

pytestmark = pytest.mark.anyio


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    # Nobody listens on the discard port of the loopback address.
    nowhere = MirrorSettings(name="primary", engine="meilisearch", url="http://127.0.0.1:9", index="engagements")
    return Settings(data_dir=tmp_path, mirrors=(nowhere,), poll_seconds=0.05, retry_seconds=0.5)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://register.test") as made:
        yield made


async def test_a_search_is_answered_with_503_and_when_to_try_again(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/search", params={"q": "newsom"})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    problem = answer.json()
    assert (problem["status"], problem["type"]) == (503, "/problems/search-unavailable")
    assert "items" not in problem


async def test_writes_and_reads_of_the_register_go_on(client: httpx.AsyncClient) -> None:
    made = await create(client, "engagements", kind="meeting", title_en="Meeting with Premier Eby")
    answer = await client.get(f"/v1/engagements/{made['id']}")
    assert answer.json()["title_en"] == "Meeting with Premier Eby"
    assert (await client.get("/healthz")).status_code == 200
    assert (await client.get("/readyz")).status_code == 200


async def test_the_index_says_what_is_wrong_and_what_is_pending(client: httpx.AsyncClient) -> None:
    import asyncio

    await create(client, "engagements", kind="meeting", title_en="Meeting with Premier Eby")
    for _ in range(200):
        state = (await client.get("/v1/index")).json()
        if state["mirrors"][0]["last_error"]:
            break
        await asyncio.sleep(0.02)
    [mirror] = state["mirrors"]
    assert state["in_step"] is False
    assert mirror["pending"] == 1
    assert mirror["last_error"]
    assert mirror["retry_at"]
