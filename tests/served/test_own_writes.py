"""A client that wants to find what it wrote waits for it, never longer than it says, and carries a token elsewhere."""

import asyncio
import time

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from service.settings import MirrorSettings, Settings
from tests.served.conftest import create

pytestmark = pytest.mark.anyio

MEETING = {"kind": "meeting", "title_en": "Meeting with Premier Eby"}


async def test_a_write_that_waits_can_be_found_as_soon_as_it_is_answered(client: httpx.AsyncClient) -> None:
    for n in range(3):
        answer = await client.post("/v1/engagements", json=MEETING, headers={"Prefer": "wait=10"})
        assert answer.status_code == 201
        assert answer.headers["Preference-Applied"] == "wait=10"
        assert answer.headers["Search-Sync"] == "indexed"
        found = await client.get("/v1/search", params={"q": "eby", "sync_token": answer.headers["Sync-Token"]})
        assert (found.json()["total"], found.json()["index"]["holds_token"]) == (n + 1, True)


async def test_every_write_has_a_token_that_grows_and_a_read_has_none(client: httpx.AsyncClient) -> None:
    first = await client.post("/v1/engagements", json=MEETING)
    second = await client.delete(f"/v1/engagements/{first.json()['id']}")
    assert int(second.headers["Sync-Token"]) > int(first.headers["Sync-Token"])
    assert "Search-Sync" not in second.headers
    assert "Sync-Token" not in (await client.get("/v1/engagements")).headers
    refused = await client.post("/v1/engagements", json={"kind": "nothing"}, headers={"Prefer": "wait=5"})
    assert (refused.status_code, "Sync-Token" in refused.headers) == (422, False)


async def test_a_search_waits_for_the_write_of_its_token(client: httpx.AsyncClient) -> None:
    made = await client.post("/v1/engagements", json=MEETING)
    found = await client.get(
        "/v1/search", params={"q": "eby", "sync_token": made.headers["Sync-Token"]}, headers={"Prefer": "respond-async, wait=10"}
    )
    assert (found.json()["total"], found.json()["index"]["holds_token"]) == (1, True)


@pytest.mark.scenario(66)
async def test_a_mirror_that_takes_nothing_in_keeps_nobody_longer_than_he_wants(app: FastAPI, client: httpx.AsyncClient) -> None:
    await client.post("/v1/engagements", json=MEETING, headers={"Prefer": "wait=10"})
    with app.state.database.writing() as connection:
        connection.execute(text("UPDATE lease SET holder = 'another', epoch = epoch + 1, expires_at = '2999-01-01'"))
    begun = time.monotonic()
    answer = await client.post("/v1/engagements", json=MEETING, headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.headers["Search-Sync"]) == (201, "pending")
    assert 1 <= time.monotonic() - begun < 5
    found = await client.get("/v1/search", params={"sync_token": answer.headers["Sync-Token"]})
    assert (found.status_code, found.json()["index"]["holds_token"]) == (200, False)
    with app.state.database.writing() as connection:
        connection.execute(text("DELETE FROM lease"))


async def test_a_token_that_is_none_is_refused_by_name(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/search", params={"sync_token": "yesterday"})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["parameter"] == "sync_token"


class TestWithAStandby:
    """The first mirror is a server that is not there, the second the embedded engine."""

    @pytest.fixture
    def settings(self, tmp_path_factory: pytest.TempPathFactory) -> Settings:
        nowhere = MirrorSettings(name="primary", engine="meilisearch", url="http://127.0.0.1:9")
        standby = MirrorSettings(name="standby", engine="embedded")
        folder = tmp_path_factory.mktemp("standby")
        return Settings(data_dir=folder, mirrors=(nowhere, standby), poll_seconds=0.05, retry_seconds=0.5)

    @pytest.mark.scenario(68)
    async def test_the_standby_answers_and_is_named(self, client: httpx.AsyncClient) -> None:
        await create(client, "engagements", **MEETING)
        for _ in range(500):  # Until the standby's index is built; each search notices that the first mirror is down.
            if (await client.get("/v1/search")).status_code == 200:
                break
            await asyncio.sleep(0.02)
        answer = await client.post("/v1/engagements", json=MEETING, headers={"Prefer": "wait=10"})
        assert answer.headers["Search-Sync"] == "indexed"
        found = (await client.get("/v1/search", params={"q": "eby"})).json()
        assert (found["total"], found["index"]["mirror"], found["index"]["engine"]) == (2, "standby", "embedded")
        state = (await client.get("/v1/index")).json()
        assert state["asked"] == "standby"
        assert {mirror["name"]: mirror["state"] == "in-step" for mirror in state["mirrors"]} == {
            "primary": False,
            "standby": True,
        }


async def test_the_figures_tell_what_was_indexed(client: httpx.AsyncClient, settings: Settings) -> None:
    await client.post("/v1/engagements", json=MEETING, headers={"Prefer": "wait=10"})
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    name = settings.mirrors[0].name
    figures = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    assert float(figures[f'mirror_documents{{mirror="{name}"}}']) == 1
    assert float(figures[f'mirror_in_step{{mirror="{name}"}}']) == 1
    assert float(figures[f'mirror_commit_to_searchable_seconds_count{{mirror="{name}"}}']) >= 1
    assert float(figures[f'mirror_batches_total{{mirror="{name}",result="done"}}']) >= 1
