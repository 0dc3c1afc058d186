"""The gate: which requests need a key, and what each key allows."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from service.access import keys
from service.access.client import Scope
from service.access.keyring import Keyring
from service.database import Database
from tests.api.expectations import refused
from tests.api.office import Office

pytestmark = pytest.mark.anyio

OPEN = ("/healthz", "/readyz", "/openapi.json", "/docs")


@pytest.fixture
def made(app: FastAPI, database: Database) -> dict[str, str]:
    """A key of each scope, which sees what is internal."""
    with database.writing() as connection:
        scopes: tuple[Scope, ...] = ("read", "write", "admin")
        made = {scope: keys.make(connection, f"{scope} key", scope, "internal") for scope in scopes}
    app.state.keyring.take()
    return {str(scope): key for scope, key in made.items()}


@pytest.fixture
async def anybody(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://register.test") as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def operations(app: FastAPI) -> list[tuple[str, str]]:
    document: dict[str, Any] = app.openapi()
    unknown = "01a2072e-ce22-70f0-89c5-5923ef79b856"
    return [
        (method.upper(), path.replace("{id}", unknown).replace("{part_id}", unknown).replace("{version}", "1"))
        for path, methods in document["paths"].items()
        for method in methods
        if path.startswith("/v1/") or path == "/metrics"
    ]


async def test_without_a_key_nothing_of_the_register_is_told(
    app: FastAPI, anybody: httpx.AsyncClient, made: dict[str, str], office: Office
) -> None:
    for method, path in [*operations(app), ("HEAD", "/v1/engagements"), ("GET", "/v1/nothing")]:
        answer = await anybody.request(method, path)
        assert answer.status_code == 401, (method, path)
        assert answer.headers["www-authenticate"].startswith("Bearer")
    refused(await anybody.get("/v1/engagements", headers=bearer("engk_a_b")), 401, "unauthorized")
    for path in OPEN:
        assert (await anybody.get(path)).status_code == 200, path


async def test_a_key_that_reads_changes_nothing(
    app: FastAPI, anybody: httpx.AsyncClient, made: dict[str, str], office: Office
) -> None:
    for method, path in operations(app):
        if method != "GET":
            answer = await anybody.request(method, path, headers=bearer(made["read"]))
            assert refused(answer, 403, "forbidden")["detail"].endswith("this one has read"), (method, path)
    assert (await anybody.get("/v1/engagements", headers=bearer(made["read"]))).status_code == 200


async def test_how_the_mirrors_are_is_told_to_an_admin_only(anybody: httpx.AsyncClient, made: dict[str, str]) -> None:
    for path in ("/v1/index", "/metrics"):
        refused(await anybody.get(path, headers=bearer(made["write"])), 403, "forbidden")


async def test_a_change_is_kept_under_the_name_of_the_key(
    anybody: httpx.AsyncClient, made: dict[str, str], office: Office
) -> None:
    headers = bearer(made["write"])
    topic = await anybody.post("/v1/topics", json={"label_en": "forestry"}, headers=headers)
    assert topic.status_code == 201
    history = await anybody.get(f"{topic.headers['location']}/revisions", headers=headers)
    assert history.json()["items"][0]["actor"] == "write key"


async def test_whoever_brings_no_key_reads_what_is_public_where_that_is_open(
    app: FastAPI, anybody: httpx.AsyncClient, made: dict[str, str], office: Office, database: Database
) -> None:
    app.state.keyring.close()
    url = database.url.render_as_string(hide_password=False)
    app.state.keyring = Keyring(url, on_loopback=False, open_reading=True)
    app.state.keyring.take()
    listed = await anybody.get("/v1/engagements?total=exact")
    assert (listed.status_code, listed.json()["total"]) == (200, 3)
    refused(await anybody.get(f"/v1/engagements/{office.visit}"), 404)
    refused(await anybody.post("/v1/topics", json={"label_en": "forestry"}), 403, "forbidden")
    assert (await anybody.get("/v1/engagements?total=exact", headers=bearer(made["read"]))).json()["total"] == 4
    app.state.keyring.close()


async def test_the_same_idempotency_key_of_two_clients_is_two_keys(
    anybody: httpx.AsyncClient, made: dict[str, str], office: Office
) -> None:
    once = {"Idempotency-Key": "1"}
    first = await anybody.post("/v1/topics", json={"label_en": "forestry"}, headers={**once, **bearer(made["write"])})
    second = await anybody.post("/v1/topics", json={"label_en": "fishery"}, headers={**once, **bearer(made["admin"])})
    assert (first.status_code, second.status_code) == (201, 201)
