"""GET /v1/engagements."""

import base64
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from service.api.pages import EngagementPage
from service.database import Database
from service.register.verbs import recording
from service.register.verbs.journal import Actor
from tests.api.expectations import answered, faults
from tests.api.office import UNKNOWN, Office, engagement

pytestmark = pytest.mark.anyio

Query = list[tuple[str, str]]


async def titles(client: httpx.AsyncClient, query: Any) -> list[str]:
    page = answered(await client.get("/v1/engagements", params=query), EngagementPage)
    return [item["title_en"] for item in page["items"]]


TRIP, MEETING, VISIT, LETTER = (
    "Trip to North America",
    "Meeting with Governor Newsom",
    "Visit of Premier Eby",
    "Letter without a date",
)


async def test_a_summary_tells_who_took_part_and_which_organizations(client: httpx.AsyncClient, office: Office) -> None:
    page = answered(await client.get("/v1/engagements", params={"kind": "meeting"}), EngagementPage)
    (summary,) = page["items"]
    assert summary["people"] == [
        {"id": office.newsom, "name_en": "Gavin Newsom", "name_ko": "개빈 뉴섬", "office": "Governor", "side": "host"},
        {"id": office.kim, "name_en": "Kim Dong-yeon", "name_ko": "김동연", "office": "지사", "side": "counterpart"},
    ]
    assert [each["id"] for each in summary["organizations"]] == [office.california]
    assert summary["parent_id"] == office.trip
    assert summary["external_ids"] == ["gg-2024-05-07", "press:7"]
    assert page["total"] is None
    assert page["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([], [MEETING, TRIP, VISIT, LETTER]),
        ([("country", "US")], [MEETING, TRIP]),
        ([("country", "US"), ("country", "CA")], [MEETING, TRIP, VISIT]),
        ([("kind", "visit"), ("kind", "trip")], [TRIP, VISIT]),
        ([("kind", "visit"), ("country", "US")], []),
        ([("status", "planned")], [VISIT]),
        ([("year", "2023")], [VISIT]),
        ([("year", "2023"), ("year", "2024")], [MEETING, TRIP, VISIT]),
        ([("when", "2024-05-07")], [MEETING, TRIP]),
        ([("when", "2024-05-18/..")], [TRIP]),
        ([("when", "../2023-10-01")], [VISIT]),
        ([("when", "2023-10-31/2024-05-06")], [TRIP, VISIT]),
        ([("when", "2022"), ("when", "2024-05-07~")], [MEETING, TRIP]),
        ([("when", "2024"), ("year", "2023")], []),
        ([("outcome_kind", "mou")], [MEETING]),
        ([("outcome_status", "signed")], [VISIT]),
        ([("outcome_kind", "mou"), ("outcome_status", "agreed")], []),
        ([("outcome_kind", "mou"), ("outcome_status", "proposed")], [MEETING]),
        ([("office", "governor")], [MEETING]),
        ([("office", "ambassador")], []),
        ([("external_id", "gg-2024-05-07")], [MEETING]),
        ([("external_id", "press:7"), ("external_id", "press:8")], [MEETING]),
        ([("external_id", "7")], []),
        ([("visibility", "internal")], [VISIT]),
        ([("in_scope", "false")], [VISIT]),
        ([("in_scope", "true")], [MEETING, TRIP, LETTER]),
    ],
)
async def test_filters_hold_together_and_repeated_ones_are_alternatives(
    client: httpx.AsyncClient, office: Office, query: Query, expected: list[str]
) -> None:
    assert await titles(client, query) == expected
    counted = (await client.get("/v1/engagements", params=[*query, ("total", "exact")])).json()
    assert counted["total"] == len(expected)


@pytest.mark.parametrize(
    ("parameter", "wanted", "expected"),
    [
        ("person", "newsom", [MEETING]),
        ("person", "eby", [VISIT]),
        ("organization", "british_columbia", [VISIT]),
        ("organization", "california", [MEETING]),
        ("topic", "climate", [MEETING]),
        ("topic", "trade", [VISIT]),
        ("parent", "trip", [MEETING]),
        ("parent", "meeting", []),
    ],
)
async def test_it_is_narrowed_down_by_the_id_of_something_else(
    client: httpx.AsyncClient, office: Office, parameter: str, wanted: str, expected: list[str]
) -> None:
    assert await titles(client, {parameter: getattr(office, wanted)}) == expected


async def test_an_organization_that_only_an_outcome_binds_is_found(client: httpx.AsyncClient, office: Office) -> None:
    outcome = {"kind": "mou", "title_en": "Ferries", "parties": [office.british_columbia]}
    await client.post(f"/v1/engagements/{office.undated}/outcomes", json=outcome)
    assert await titles(client, {"organization": office.british_columbia}) == [VISIT, LETTER]


async def test_the_id_of_a_merged_person_finds_what_the_survivor_is_in(client: httpx.AsyncClient, office: Office) -> None:
    await client.post(f"/v1/people/{office.newsom}/merge", json={"into": office.eby})
    assert await titles(client, {"person": office.newsom}) == [MEETING, VISIT]


@pytest.mark.parametrize("parameter", ["person", "organization", "topic", "parent"])
async def test_an_id_without_a_record_is_refused(client: httpx.AsyncClient, office: Office, parameter: str) -> None:
    fault = faults(await client.get("/v1/engagements", params={parameter: UNKNOWN}))[parameter]
    assert (fault["code"], fault["value"]) == ("unknown_id", UNKNOWN)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("-when", [MEETING, TRIP, VISIT, LETTER]),
        ("when", [VISIT, TRIP, MEETING, LETTER]),
        ("recorded_at", [TRIP, MEETING, VISIT, LETTER]),
        ("-recorded_at", [LETTER, VISIT, MEETING, TRIP]),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 3, 200])
async def test_pages_of_any_length_put_together_are_the_whole_list_in_its_order(
    client: httpx.AsyncClient, office: Office, sort: str, expected: list[str], limit: int
) -> None:
    found: list[str] = []
    cursor: str | None = None
    for _ in range(5):
        query: dict[str, Any] = {"sort": sort, "limit": limit} | ({"cursor": cursor} if cursor else {})
        page = answered(await client.get("/v1/engagements", params=query), EngagementPage)
        found += [item["title_en"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == expected


async def test_what_is_recorded_between_two_pages_repeats_and_hides_nothing(
    client: httpx.AsyncClient, office: Office, database: Database, by: Actor
) -> None:
    first = (await client.get("/v1/engagements", params={"limit": 2})).json()
    with database.writing() as connection:
        recording.record(connection, "engagement", [engagement("call", "Newest", when="2026-01-01")], by=by)
    second = (await client.get("/v1/engagements", params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert [item["title_en"] for item in first["items"] + second["items"]] == [MEETING, TRIP, VISIT, LETTER]


async def test_the_link_leads_to_the_next_page_with_the_same_filters(client: httpx.AsyncClient, office: Office) -> None:
    first = await client.get("/v1/engagements", params=[("country", "US"), ("country", "CA"), ("limit", "2")])
    address, relation = first.headers["link"].split("; ")
    assert relation == 'rel="next"'
    parts = urlsplit(address.strip("<>"))
    assert (parts.scheme, parts.netloc, parts.path) == ("http", "register.test", "/v1/engagements")
    assert parse_qsl(parts.query)[:2] == [("country", "US"), ("country", "CA")]
    second = await client.get(address.strip("<>"))
    assert [item["title_en"] for item in second.json()["items"]] == [VISIT]
    assert "link" not in second.headers


@pytest.mark.parametrize("fate", ["withdrawn", "merged"])
async def test_withdrawn_and_merged_ones_are_in_no_list(client: httpx.AsyncClient, office: Office, fate: str) -> None:
    if fate == "withdrawn":
        await client.delete(f"/v1/engagements/{office.undated}")
    else:
        await client.post(f"/v1/engagements/{office.undated}/merge", json={"into": office.meeting})
    page = (await client.get("/v1/engagements", params={"total": "exact"})).json()
    assert [item["title_en"] for item in page["items"]] == [MEETING, TRIP, VISIT]
    assert page["total"] == 3


async def test_an_open_interval_is_found_on_its_open_side(client: httpx.AsyncClient, office: Office) -> None:
    for when, title in (("../2020-05", "Until May 2020"), ("2025-06/..", "Since June 2025")):
        await client.post("/v1/engagements", json={"kind": "event", "title_en": title, "when": when})
    assert await titles(client, {"when": "1950"}) == ["Until May 2020"]
    assert await titles(client, {"when": "2090"}) == ["Since June 2025"]
    assert await titles(client, {"when": "2021"}) == []


@pytest.fixture
async def cursor(client: httpx.AsyncClient, office: Office) -> str:
    page = (await client.get("/v1/engagements", params={"limit": 1, "country": "US"})).json()
    found: str = page["next_cursor"]
    return found


def changed(cursor: str) -> str:
    content = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).replace(b"20240507", b"20240508")
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "!!!",
        "한글",
        "eyJ9",
        "W10",
        "WyJcdWQ4MDAiLDEsIngiXQ",
        "W05hTiwxLCJ4Il0",
        "W" * 5000,
        base64.b64encode(b"[" * 3000).decode(),
    ],
)
async def test_what_is_no_cursor_is_refused(client: httpx.AsyncClient, office: Office, text: str) -> None:
    assert faults(await client.get("/v1/engagements", params={"cursor": text}))["cursor"]["code"] == "foreign_cursor"


async def test_a_cursor_that_was_changed_is_refused(client: httpx.AsyncClient, cursor: str) -> None:
    query = {"limit": "1", "country": "US"}
    assert (await client.get("/v1/engagements", params=query | {"cursor": cursor})).status_code == 200
    fault = faults(await client.get("/v1/engagements", params=query | {"cursor": changed(cursor)}))["cursor"]
    assert "did not come from this list" in fault["detail"]


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/engagements", {"country": "CA"}),
        ("/v1/engagements", {}),
        ("/v1/engagements", {"country": "US", "sort": "when"}),
        ("/v1/people", {}),
    ],
)
async def test_a_cursor_of_another_list_is_refused(
    client: httpx.AsyncClient, cursor: str, path: str, query: dict[str, str]
) -> None:
    assert faults(await client.get(path, params=query | {"cursor": cursor}))["cursor"]["code"] == "foreign_cursor"


async def test_the_length_of_a_page_may_change_on_the_way(client: httpx.AsyncClient, cursor: str) -> None:
    page = await client.get("/v1/engagements", params={"country": "US", "limit": 5, "cursor": cursor})
    assert [item["title_en"] for item in page.json()["items"]] == [TRIP]
