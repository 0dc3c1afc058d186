"""An engine that is down is said to be down: never an empty list, and never in the way of a write."""

import asyncio
import time
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
    return Settings(data_dir=tmp_path, mirrors=(nowhere,), poll_seconds=0.05, retry_seconds=0.2)


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://register.test") as made:
        yield made


@pytest.mark.scenario(68)
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


@pytest.mark.scenario(66)
async def test_a_write_that_waits_for_search_is_answered_in_time_and_says_that_it_cannot_be_found_yet(
    client: httpx.AsyncClient,
) -> None:
    begun = time.monotonic()
    meeting = {"kind": "meeting", "title_en": "Meeting with Premier Eby"}
    answer = await client.post("/v1/engagements", json=meeting, headers={"Prefer": "wait=1"})
    took = time.monotonic() - begun
    assert (answer.status_code, answer.headers["Preference-Applied"], answer.headers["Search-Sync"]) == (201, "wait=1", "pending")
    assert 1 <= took < 4
    assert int(answer.headers["Sync-Token"]) > 0
    assert (await client.get(f"/v1/engagements/{answer.json()['id']}")).json() == answer.json()


@pytest.mark.scenario(68)
async def test_with_the_breaker_open_searches_are_refused_the_same_way_and_the_figures_say_so(client: httpx.AsyncClient) -> None:
    await create(client, "engagements", kind="meeting", title_en="Meeting with Premier Eby")
    for _ in range(1_000):
        [mirror] = (await client.get("/v1/index")).json()["mirrors"]
        if mirror["breaker"] == "open":
            break
        await asyncio.sleep(0.02)
    assert (mirror["breaker"], mirror["state"], mirror["in_step"], mirror["pending"]) == ("open", "in-trouble", False, 1)
    answer = await client.get("/v1/search", params={"q": "eby"})
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/search-unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    figures = (await client.get("/metrics")).text.splitlines()
    assert 'mirror_breaker_open{mirror="primary"} 1.0' in figures
    assert 'mirror_in_step{mirror="primary"} 0.0' in figures
