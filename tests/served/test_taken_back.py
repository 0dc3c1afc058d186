"""What was withdrawn, merged or closed to readers is not found from its commit on, however far the mirror is."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text

from service.mirror import retraction
from tests.served.conftest import Json, Search, create, titles

pytestmark = pytest.mark.anyio


@pytest.fixture
async def frozen(app: FastAPI, client: httpx.AsyncClient, search: Search) -> AsyncIterator[list[Json]]:
    """Three meetings that can be found, and a mirror that from now on takes nothing in, because another holds its lease."""
    made = [await create(client, "engagements", kind="meeting", title_en=f"Meeting {n}", countries=["US"]) for n in range(3)]
    assert (await search())["total"] == 3
    with app.state.database.writing() as connection:
        connection.execute(text("UPDATE lease SET holder = 'another', epoch = epoch + 1, expires_at = '2999-01-01'"))
    yield made
    with app.state.database.writing() as connection:
        connection.execute(text("DELETE FROM lease"))


async def ask(client: httpx.AsyncClient) -> Json:
    answer = await client.get("/v1/search", params={"facets": "country"})
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


async def test_a_withdrawn_record_leaves_hits_total_and_facets_at_its_commit(
    client: httpx.AsyncClient, frozen: list[Json]
) -> None:
    withdrawn = frozen[0]["id"]
    assert (await client.delete(f"/v1/engagements/{withdrawn}")).status_code == 204
    body = await ask(client)
    assert sorted(titles(body)) == ["Meeting 1", "Meeting 2"]
    assert (body["total"], body["total_exact"], body["facets"]["country"][0]["count"]) == (2, True, 2)
    assert (body["index"]["left_out"], body["index"]["in_step"]) == (1, False)


async def test_a_record_that_fewer_may_see_leaves_until_the_mirror_knows(client: httpx.AsyncClient, frozen: list[Json]) -> None:
    answer = await client.patch(
        f"/v1/engagements/{frozen[0]['id']}",
        json={"visibility": "confidential"},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert answer.status_code == 200, answer.text
    assert (await ask(client))["total"] == 2


async def test_a_merged_record_leaves(client: httpx.AsyncClient, frozen: list[Json]) -> None:
    merged, survivor = frozen[0]["id"], frozen[1]["id"]
    assert (await client.post(f"/v1/engagements/{merged}/merge", json={"into": survivor})).status_code == 200
    assert merged not in [hit["id"] for hit in (await ask(client))["items"]]


async def test_a_record_that_is_revised_otherwise_stays(client: httpx.AsyncClient, frozen: list[Json]) -> None:
    answer = await client.patch(
        f"/v1/engagements/{frozen[0]['id']}",
        json={"title_en": "New", "visibility": "public"},
        headers={"Content-Type": "application/merge-patch+json"},
    )
    assert answer.status_code == 200, answer.text
    body = await ask(client)
    assert (body["total"], body["index"]["left_out"]) == (3, 0)


async def test_more_than_a_filter_can_leave_out_is_not_shown_and_its_total_not_called_exact(
    client: httpx.AsyncClient, frozen: list[Json], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retraction, "MOST", 1)
    for each in frozen[:2]:
        assert (await client.delete(f"/v1/engagements/{each['id']}")).status_code == 204
    body = await ask(client)
    assert titles(body) == ["Meeting 2"]
    assert body["total_exact"] is False


async def test_nothing_is_left_out_any_more_once_the_mirror_has_dropped_it(
    app: FastAPI, client: httpx.AsyncClient, search: Search
) -> None:
    made = await create(client, "engagements", kind="meeting", title_en="Meeting")
    await search()
    assert (await client.delete(f"/v1/engagements/{made['id']}")).status_code == 204
    # What is left out is read when a search begins, and how fresh it is when it ends; the next one begins in step.
    await search()
    body = await search()
    assert (body["total"], body["index"]["left_out"]) == (0, 0)
    again = await client.post(f"/v1/engagements/{made['id']}/restore")
    assert again.status_code == 200
    assert (await search())["total"] == 1
