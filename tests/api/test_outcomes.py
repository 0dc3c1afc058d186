"""GET /v1/outcomes: what was promised in all engagements."""

from typing import Any

import httpx
import pytest

from service.api.members import EngagementOutcome
from service.api.pages import OutcomePage
from tests.api.expectations import answered, faults, refused
from tests.api.office import UNKNOWN, Office

pytestmark = pytest.mark.anyio

CLIMATE, EXCHANGE, HYDROGEN = "Climate cooperation", "Start-up exchange", "Hydrogen"


async def titles(client: httpx.AsyncClient, query: Any) -> list[str]:
    page = answered(await client.get("/v1/outcomes", params=query), OutcomePage)
    return [item["title_en"] for item in page["items"]]


async def test_each_tells_of_its_engagement(client: httpx.AsyncClient, office: Office) -> None:
    page = answered(await client.get("/v1/outcomes", params={"kind": "investment", "total": "exact"}), OutcomePage)
    (outcome,) = page["items"]
    assert page["total"] == 1
    assert outcome["engagement"] == {
        "id": office.visit,
        "kind": "visit",
        "title_en": "Visit of Premier Eby",
        "title_ko": None,
        "when": "2023-10~",
        "when_start": "2023-10-01",
        "when_end": "2023-10-31",
    }
    assert outcome["amount"] == {"currency": "CAD", "amount": "12.50"}
    assert answered(await client.get(f"/v1/outcomes/{outcome['id']}"), EngagementOutcome) == outcome


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([], [HYDROGEN, EXCHANGE, CLIMATE]),
        ([("sort", "recorded_at")], [CLIMATE, EXCHANGE, HYDROGEN]),
        ([("kind", "mou"), ("kind", "agreement")], [EXCHANGE, CLIMATE]),
        ([("status", "signed")], [HYDROGEN]),
        ([("status", "signed"), ("kind", "mou")], []),
        ([("due_before", "2025-07-01")], [EXCHANGE]),
        ([("due_before", "2025-06-30")], []),
        ([("expires_before", "2026-12-02")], [CLIMATE]),
        ([("expires_before", "2026-12-01")], []),
    ],
)
async def test_they_are_narrowed_down(
    client: httpx.AsyncClient, office: Office, query: list[tuple[str, str]], expected: list[str]
) -> None:
    assert await titles(client, query) == expected


async def test_they_are_narrowed_down_by_a_party(client: httpx.AsyncClient, office: Office) -> None:
    assert await titles(client, {"organization": office.california}) == [CLIMATE]
    assert await titles(client, {"organization": office.british_columbia}) == []
    assert faults(await client.get("/v1/outcomes", params={"organization": UNKNOWN}))["organization"]["code"] == "unknown_id"


@pytest.mark.parametrize(
    ("expires_on", "first_day"),
    [
        ("2027-03-15", "2027-03-15"),
        ("2027-03~", "2027-03-01"),
        ("2027-03-XX", "2027-03-01"),
        ("2027", "2027-01-01"),
        ("2027-XX", "2027-01-01"),
        ("2027?", "2027-01-01"),
        ("2027%", "2027-01-01"),
        ("202X", "2020-01-01"),
        ("20XX", "2000-01-01"),
        ("2027-03/2028", "2027-03-01"),
        ("2027-03-05/..", "2027-03-05"),
    ],
)
async def test_an_uncertain_day_counts_from_the_first_one_that_it_can_be(
    client: httpx.AsyncClient, office: Office, expires_on: str, first_day: str
) -> None:
    body = {"kind": "mou", "title_en": "Uncertain", "expires_on": expires_on}
    await client.post(f"/v1/engagements/{office.undated}/outcomes", json=body)
    assert "Uncertain" not in await titles(client, {"expires_before": first_day})
    assert "Uncertain" in await titles(client, {"expires_before": first_day[:8] + f"{int(first_day[8:]) + 1:02}"})


async def test_what_is_open_at_the_start_may_expire_at_any_time(client: httpx.AsyncClient, office: Office) -> None:
    body = {"kind": "mou", "title_en": "Open", "expires_on": "../2027"}
    await client.post(f"/v1/engagements/{office.undated}/outcomes", json=body)
    assert "Open" in await titles(client, {"expires_before": "1900-01-01"})


async def test_what_expires_soonest_comes_first_and_what_has_no_day_last(client: httpx.AsyncClient, office: Office) -> None:
    for title, day in (("Later", "2030"), ("Sooner", "2025-01-05")):
        await client.post(
            f"/v1/engagements/{office.undated}/outcomes", json={"kind": "mou", "title_en": title, "expires_on": day}
        )
    expected = ["Sooner", CLIMATE, "Later", EXCHANGE, HYDROGEN]
    assert await titles(client, {"sort": "expires_on"}) == expected
    found: list[str] = []
    query: dict[str, Any] = {"sort": "expires_on", "limit": 2}
    for _ in range(3):
        page = (await client.get("/v1/outcomes", params=query)).json()
        found += [item["title_en"] for item in page["items"]]
        query["cursor"] = page["next_cursor"]
    assert found == expected


async def test_those_of_a_withdrawn_engagement_go_with_it(client: httpx.AsyncClient, office: Office) -> None:
    (outcome,) = (await client.get("/v1/outcomes", params={"kind": "investment"})).json()["items"]
    await client.delete(f"/v1/engagements/{office.visit}")
    assert await titles(client, {}) == [EXCHANGE, CLIMATE]
    refused(await client.get(f"/v1/outcomes/{outcome['id']}"), 410, "withdrawn")


async def test_an_unknown_id_is_404(client: httpx.AsyncClient) -> None:
    refused(await client.get(f"/v1/outcomes/{UNKNOWN}"), 404, "not-found")


@pytest.mark.parametrize("day", ["2026", "2026-02-30", "soon", "2026-12-01T00:00:00"])
async def test_what_is_no_day_is_refused(client: httpx.AsyncClient, day: str) -> None:
    assert faults(await client.get("/v1/outcomes", params={"due_before": day}))["due_before"]["value"] == day
