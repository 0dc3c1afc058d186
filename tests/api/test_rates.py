"""Every answer tells a client how many requests are left to it, and one too many is refused with when to begin again."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from service.access import keys
from service.access.keyring import Keyring
from service.app import create_app
from service.database import Database
from service.settings import Settings
from tests.api.expectations import refused

pytestmark = pytest.mark.anyio


@pytest.fixture
def limited(sqlite_database: Database, tmp_path: Path) -> Iterator[FastAPI]:
    made = create_app(Settings(data_dir=tmp_path, worker="outside", requests_per_minute=3))
    made.state.database = sqlite_database
    url = sqlite_database.url.render_as_string()
    made.state.keyring = keyring = Keyring(url, on_loopback=True, open_reading=True)
    yield made
    keyring.close()


@pytest.fixture
async def client(limited: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(limited), base_url="http://register.test") as made:
        yield made


def made(app: FastAPI, name: str) -> dict[str, str]:
    with app.state.database.writing() as connection:
        key = keys.make(connection, name, "read", "public")
    app.state.keyring.take()
    return {"Authorization": f"Bearer {key}"}


async def test_a_key_is_counted_down_and_refused_with_when_to_begin_again(limited: FastAPI, client: httpx.AsyncClient) -> None:
    one, other = made(limited, "one"), made(limited, "other")
    for left in (2, 1, 0):
        answer = await client.get("/v1/engagements" if left else "/v1/engagements?county=US", headers=one)
        assert answer.headers["ratelimit-policy"] == '"default";q=3;w=60'
        assert answer.headers["ratelimit"].startswith(f'"default";r={left};t=')
    beyond = await client.get("/v1/engagements", headers=one)
    refused(beyond, 429, "too-many-requests")
    assert 1 <= int(beyond.headers["retry-after"]) <= 60
    assert beyond.headers["ratelimit"].startswith('"default";r=0;t=')
    assert (await client.get("/v1/engagements", headers=other)).status_code == 200
    assert (await client.get("/v1/engagements")).headers["ratelimit"].startswith('"default";r=2;')


async def test_what_is_open_and_whoever_is_on_the_machine_is_not_counted(limited: FastAPI, client: httpx.AsyncClient) -> None:
    for _ in range(5):
        assert "ratelimit" not in (await client.get("/v1/engagements")).headers
    made(limited, "one")
    for _ in range(5):
        assert (await client.get("/healthz")).status_code == 200
