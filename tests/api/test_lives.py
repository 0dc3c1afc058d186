"""Withdrawal, restoration and the history of every noun."""

from typing import Any

import httpx
import pytest

from service.api.pages import RevisionPage
from service.api.records import Engagement, RevisionWithRecord
from tests.api.expectations import answered, faults, refused
from tests.api.office import UNKNOWN, Office

pytestmark = pytest.mark.anyio

NEW: dict[str, dict[str, Any]] = {
    "/v1/engagements": {"kind": "call", "title_en": "Call with Premier Eby"},
    "/v1/people": {"name_en": "Glenn Youngkin"},
    "/v1/organizations": {"name_en": "Commonwealth of Virginia"},
    "/v1/topics": {"label_en": "batteries", "label_ko": "이차전지"},
    "/v1/sources": {"title": "Press release of 23 April"},
}


@pytest.fixture(params=list(NEW))
async def record(request: pytest.FixtureRequest, client: httpx.AsyncClient) -> str:
    """The path of a new record of each noun."""
    where: str = (await client.post(request.param, json=NEW[request.param])).headers["location"]
    return where


async def test_a_withdrawn_record_is_gone_and_comes_back_as_it_was(client: httpx.AsyncClient, record: str) -> None:
    before = (await client.get(record)).json()
    withdrawn = await client.post(f"{record}/withdraw", json={"reason": "Recorded twice"})
    assert (withdrawn.status_code, withdrawn.json()["version"]) == (200, 2)
    assert "Recorded twice" in refused(await client.get(record), 410, "withdrawn")["detail"]
    restored = await client.post(f"{record}/restore", json={"reason": "It was another one"})
    assert restored.status_code == 200
    after = (await client.get(record)).json()
    assert restored.json() == after
    assert after | {"version": 1, "revised_at": before["revised_at"]} == before
    assert after["version"] == 3


async def test_no_body_is_needed(client: httpx.AsyncClient, record: str) -> None:
    assert (await client.post(f"{record}/withdraw")).status_code == 200
    assert (await client.post(f"{record}/restore")).status_code == 200


async def test_delete_withdraws_and_deletes_nothing(client: httpx.AsyncClient, record: str) -> None:
    deleted = await client.delete(record, params={"reason": "Recorded twice"})
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert "Recorded twice" in refused(await client.get(record), 410, "withdrawn")["detail"]
    refused(await client.delete(record), 410, "withdrawn")
    assert (await client.post(f"{record}/restore")).status_code == 200


async def test_what_is_not_withdrawn_cannot_be_restored(client: httpx.AsyncClient, record: str) -> None:
    refused(await client.post(f"{record}/restore"), 409, "conflict")


async def test_a_withdrawn_record_is_in_no_list(client: httpx.AsyncClient, record: str) -> None:
    listing = record.rsplit("/", 1)[0]
    assert len((await client.get(listing)).json()["items"]) == 1
    await client.delete(record)
    assert (await client.get(listing, params={"total": "exact"})).json() == {"items": [], "next_cursor": None, "total": 0}


async def test_a_reason_is_text(client: httpx.AsyncClient, record: str) -> None:
    assert "#/reason" in faults(await client.post(f"{record}/withdraw", json={"reason": ""}))
    assert "did you mean 'reason'?" in faults(await client.post(f"{record}/withdraw", json={"reasn": "x"}))["#/reasn"]["detail"]
    assert "reason" in faults(await client.delete(record, params={"reason": ""}))
    assert (await client.get(record)).status_code == 200


@pytest.mark.parametrize(
    "holder", ["people/newsom", "organizations/california", "topics/climate", "sources/release", "engagements/trip"]
)
async def test_what_an_engagement_refers_to_cannot_be_withdrawn(client: httpx.AsyncClient, office: Office, holder: str) -> None:
    noun, name = holder.split("/")
    where = f"/v1/{noun}/{getattr(office, name)}"
    assert office.meeting in refused(await client.post(f"{where}/withdraw"), 409, "conflict")["detail"]
    assert (await client.get(where)).status_code == 200


async def test_the_history_tells_each_step_newest_first(client: httpx.AsyncClient, office: Office) -> None:
    where = f"/v1/engagements/{office.visit}"
    await client.patch(where, json={"status": "held"})
    await client.post(f"{where}/withdraw", json={"reason": "Never took place"})
    page = answered(await client.get(f"{where}/revisions"), RevisionPage)
    assert [(each["version"], each["verb"], each["actor"], each["reason"]) for each in page["items"]] == [
        (3, "withdraw", "api", "Never took place"),
        (2, "revise", "api", None),
        (1, "record", "test", None),
    ]
    assert page["items"][1]["changes"] == [{"field": "status", "before": "planned", "after": "held"}]


async def test_each_version_can_be_read_as_it_was(client: httpx.AsyncClient, office: Office) -> None:
    where = f"/v1/engagements/{office.visit}"
    before = (await client.get(where)).json()
    await client.patch(where, json={"status": "held"})
    await client.delete(where)
    first = answered(await client.get(f"{where}/revisions/1"), RevisionWithRecord)
    assert first["record"] == before
    Engagement.model_validate(first["record"])
    assert (await client.get(f"{where}/revisions/2")).json()["record"]["status"] == "held"


async def test_the_history_is_paged(client: httpx.AsyncClient, office: Office) -> None:
    where = f"/v1/people/{office.eby}"
    for note in ("one", "two", "three", "four"):
        await client.patch(where, json={"note": note})
    found: list[int] = []
    query: dict[str, Any] = {"limit": 2}
    for _ in range(3):
        page = (await client.get(f"{where}/revisions", params=query)).json()
        found += [each["version"] for each in page["items"]]
        query["cursor"] = page["next_cursor"]
    assert found == [5, 4, 3, 2, 1]
    assert query["cursor"] is None
    other = await client.get(f"/v1/people/{office.kim}/revisions", params={"cursor": (await cursor_of(client, where))})
    assert "cursor" in faults(other)


async def cursor_of(client: httpx.AsyncClient, where: str) -> str:
    cursor: str = (await client.get(f"{where}/revisions", params={"limit": 1})).json()["next_cursor"]
    return cursor


@pytest.mark.parametrize("version", ["0", "2", "-1", "x", "99999999999999999999", "1.5"])
async def test_a_version_that_never_was_is_404(client: httpx.AsyncClient, office: Office, version: str) -> None:
    refused(await client.get(f"/v1/people/{office.eby}/revisions/{version}"), 404, "not-found")


async def test_what_was_never_recorded_has_no_history(client: httpx.AsyncClient) -> None:
    refused(await client.get(f"/v1/people/{UNKNOWN}/revisions"), 404, "not-found")
    refused(await client.get(f"/v1/people/{UNKNOWN}/revisions/1"), 404, "not-found")
