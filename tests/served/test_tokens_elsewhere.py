"""A sync token is carried to another process that answers for the same register, and outlives a restart."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from service.app import create_app
from service.settings import Settings
from tests.served.conftest import until_there_is_an_index

pytestmark = pytest.mark.anyio

MEETING = {"kind": "meeting", "title_en": "Meeting with Premier Eby"}
WAIT = {"Prefer": "wait=10"}


@asynccontextmanager
async def process(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """An application with all that a process of its own has, on the register that is there."""
    app = create_app(settings)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://register.test") as client,
    ):
        yield client


@pytest.fixture
def register(settings: Settings, sqlite_template: Path) -> Settings:
    shutil.copy(sqlite_template, settings.data_dir / "register.db")
    return settings


@pytest.mark.scenario(67)
async def test_a_token_of_one_process_is_waited_for_by_another(register: Settings) -> None:
    outside = register.model_copy(update={"worker": "outside"})
    async with process(register) as keeping, process(outside) as serving:
        for writer, reader, expected in ((serving, keeping, 1), (keeping, serving, 2), (serving, serving, 3)):
            made = await writer.post("/v1/engagements", json=MEETING)
            asked = {"q": "eby", "sync_token": made.headers["Sync-Token"]}
            found = (await reader.get("/v1/search", params=asked, headers=WAIT)).json()
            assert (found["index"]["holds_token"], found["total"]) == (True, expected)


@pytest.mark.scenario(67)
async def test_a_token_of_a_process_that_has_no_worker_says_that_its_write_waits(register: Settings) -> None:
    async with process(register) as keeping:
        await until_there_is_an_index(keeping)
    # Nobody keeps it in step any more.
    async with process(register.model_copy(update={"worker": "outside"})) as serving:
        made = await serving.post("/v1/engagements", json=MEETING, headers={"Prefer": "wait=0"})
        assert made.headers["Search-Sync"] == "pending"
        token = made.headers["Sync-Token"]
        found = (await serving.get("/v1/search", params={"sync_token": token})).json()
        assert (found["index"]["holds_token"], found["index"]["in_step"]) == (False, False)

    async with process(register) as restarted:
        found = (await restarted.get("/v1/search", params={"q": "eby", "sync_token": token}, headers=WAIT)).json()
        assert (found["index"]["holds_token"], found["total"]) == (True, 1)
        later = await restarted.post("/v1/engagements", json=MEETING)
        assert int(later.headers["Sync-Token"]) > int(token), "numbers go on where they were"
