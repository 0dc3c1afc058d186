"""A POST with an Idempotency-Key is done once, however often it is sent, and always answered with the same bytes."""

import asyncio
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from service.database import Database
from service.errors import StillRunning
from service.register import replies
from service.register.table import now
from tests.api.expectations import refused
from tests.api.office import Office

pytestmark = pytest.mark.anyio

TOPIC = {"label_en": "forestry"}
KEY = {"Idempotency-Key": "feed-2024-06-04-0017"}


async def count(client: httpx.AsyncClient, path: str = "/v1/topics") -> int:
    total: int = (await client.get(path, params={"total": "exact", "limit": 1})).json()["total"]
    return total


async def test_a_retry_makes_nothing_and_gets_the_stored_bytes(client: httpx.AsyncClient) -> None:
    first = await client.post("/v1/topics", json=TOPIC, headers=KEY)
    assert first.status_code == 201
    assert "idempotency-replayed" not in first.headers
    revised = await client.patch(
        first.headers["location"], json={"label_ko": "임업"}, headers={"Content-Type": "application/merge-patch+json"}
    )
    assert revised.json()["version"] == 2
    again = await client.post("/v1/topics", json=TOPIC, headers={"Idempotency-Key": f'"{KEY["Idempotency-Key"]}"'})
    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["idempotency-replayed"] == "true"
    for header in ("location", "etag", "content-type"):
        assert again.headers[header] == first.headers[header]
    assert await count(client) == 1


async def test_another_body_or_path_under_the_same_key_is_refused(client: httpx.AsyncClient) -> None:
    await client.post("/v1/topics", json=TOPIC, headers=KEY)
    refused(await client.post("/v1/topics", json={"label_en": "fishery"}, headers=KEY), 422, "idempotency-key-reused")
    refused(await client.post("/v1/people", json={"name_en": "David Eby"}, headers=KEY), 422, "idempotency-key-reused")
    assert await count(client) == 1
    assert await count(client, "/v1/people") == 0


async def test_what_was_refused_may_be_tried_again_under_its_key(client: httpx.AsyncClient) -> None:
    refused(await client.post("/v1/topics", json={"label_en": ""}, headers=KEY), 422)
    assert (await client.post("/v1/topics", json=TOPIC, headers=KEY)).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "é", '""'])
async def test_a_malformed_key_is_refused_by_name(client: httpx.AsyncClient, key: str) -> None:
    headers = [(b"idempotency-key", key.encode("latin-1")), (b"content-type", b"application/json")]
    body = refused(await client.post("/v1/topics", content=b'{"label_en": "forestry"}', headers=headers), 422)
    assert body["errors"][0]["parameter"] == "Idempotency-Key"
    assert await count(client) == 0


async def test_every_post_takes_a_key(client: httpx.AsyncClient, office: Office) -> None:
    meeting = f"/v1/engagements/{office.meeting}"
    posts = [
        (f"{meeting}/participations", {"side": "host", "headcount": 3}),
        (f"{meeting}/outcomes", {"kind": "mou", "title_en": "Ports"}),
        (f"{meeting}/citations", {"source": office.release}),
        (f"{meeting}/assertions", {"field": "when", "value": "2024-05-09"}),
        (f"/v1/engagements/{office.undated}/withdraw", {"reason": "twice"}),
        (f"/v1/engagements/{office.undated}/restore", None),
        (f"/v1/people/{office.newsom}/merge", {"into": office.eby}),
        (f"/v1/people/{office.newsom}/unmerge", None),
    ]
    for n, (path, body) in enumerate(posts):
        key = {"Idempotency-Key": f"key-{n}"}
        first = await client.post(path, json=body, headers=key)
        assert first.status_code in (200, 201), (path, first.text)
        again = await client.post(path, json=body, headers=key)
        assert (again.status_code, again.content) == (first.status_code, first.content), path
        assert again.headers["idempotency-replayed"] == "true", path


async def test_of_many_at_once_one_is_done(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.post("/v1/topics", json=TOPIC, headers=KEY) for _ in range(30)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = {answer.content for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    for answer in answers:
        if answer.status_code == 409:
            refused(answer, 409, "idempotency-key-running")
            assert answer.headers["retry-after"] == "1"
    assert await count(client) == 1


async def test_another_process_that_works_on_the_key_is_met_in_the_database(postgres_database: Database) -> None:
    attempt = replies.Attempt("", "key", "fingerprint")
    with postgres_database.writing() as one:
        assert replies.find(one, attempt) is None
        with pytest.raises(StillRunning), postgres_database.writing() as other:
            replies.find(other, attempt)


async def test_a_key_is_free_again_after_its_time(client: httpx.AsyncClient, database: Database) -> None:
    first = await client.post("/v1/topics", json=TOPIC, headers=KEY)
    with database.writing() as connection:
        long_ago = now() - timedelta(hours=replies.KEPT_HOURS, minutes=1)
        connection.execute(text("UPDATE idempotent_reply SET at = :at").bindparams(at=long_ago))
    again = await client.post("/v1/topics", json={"label_en": "fishery"}, headers=KEY)
    assert again.status_code == 201
    assert again.json()["id"] != first.json()["id"]
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM idempotent_reply")).scalar() == 1


async def test_an_answer_is_kept_with_its_write_or_not_at_all(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(replies, "keep", fail)
        refused(await client.post("/v1/topics", json=TOPIC, headers=KEY), 500)
    assert await count(client) == 0
    assert (await client.post("/v1/topics", json=TOPIC, headers=KEY)).status_code == 201
