"""The whole service in this process: the real application with its mirror inside, on SQLite and either engine.

With Meilisearch the same tests run against a real server, where `MEILISEARCH_URL` names one, in an index of their own.
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from service.app import create_app
from service.search.engines import open_engine
from service.settings import MirrorSettings, Settings

Json = dict[str, Any]
Search = Callable[..., Awaitable[Json]]


@pytest.fixture(params=["embedded", "meilisearch"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    if request.param == "embedded":
        yield Settings(data_dir=tmp_path, poll_seconds=0.05)
        return
    url, key = os.environ.get("MEILISEARCH_URL"), os.environ.get("MEILISEARCH_KEY")
    if not url:
        pytest.skip("MEILISEARCH_URL names no server")
    index = f"test_{uuid4().hex}"
    mirror = MirrorSettings(name="meilisearch", engine="meilisearch", url=url, key=SecretStr(key) if key else None, index=index)
    yield Settings(data_dir=tmp_path, poll_seconds=0.05, mirrors=(mirror,))
    open_engine(mirror, tmp_path).clear()


@pytest.fixture
async def app(settings: Settings, sqlite_template: Path) -> AsyncIterator[FastAPI]:
    shutil.copy(sqlite_template, settings.data_dir / "register.db")
    made = create_app(settings)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    # What is changed here is changed whatever its version; `tests/api/test_conditions.py` tells versions apart.
    transport, headers = httpx.ASGITransport(app), {"If-Match": "*"}
    async with httpx.AsyncClient(transport=transport, base_url="http://register.test", headers=headers) as made:
        yield made


@pytest.fixture
async def search(client: httpx.AsyncClient) -> Search:
    """Search once everything that was committed can be found; fails after fifteen seconds."""
    await until_there_is_an_index(client)

    async def ask(q: str = "", **parameters: Any) -> Json:
        for _ in range(1500):
            answer = await client.get("/v1/search", params={"q": q, **parameters})
            assert answer.status_code == 200, answer.text
            body: Json = answer.json()
            if body["index"]["in_step"]:
                return body
            await asyncio.sleep(0.01)
        raise AssertionError(f"not in step after fifteen seconds: {body['index']}")

    return ask


async def create(client: httpx.AsyncClient, path: str, **body: Any) -> Json:
    """Record something over HTTP; gives the record."""
    answer = await client.post(f"/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def titles(page: Json) -> list[str]:
    return [hit["title_en"] or hit["title_ko"] for hit in page["items"]]


async def refused(client: httpx.AsyncClient, path: str) -> Json:
    """What is wrong with the one parameter for which a request is refused."""
    answer = await client.get(path)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    [fault] = answer.json()["errors"]
    said: Json = fault
    return said


async def until_there_is_an_index(client: httpx.AsyncClient) -> None:
    """A start waits for the first index for a moment only; a server that has other work needs longer to make it."""
    for _ in range(1500):
        if (await client.get("/v1/search")).status_code == 200:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("no index after fifteen seconds")
