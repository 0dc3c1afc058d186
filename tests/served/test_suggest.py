"""`GET /v1/suggest`: what is offered while a person types."""

from typing import Any

import httpx
import pytest

from tests.served.conftest import Json, Search, create, refused
from tests.served.test_search import newsom

pytestmark = pytest.mark.anyio


@pytest.fixture
async def filled(client: httpx.AsyncClient, search: Search) -> Json:
    meeting = await newsom(client)
    body = {"kind": "meeting", "when": "2025-01-02", "countries": ["CN"]}
    person = await create(client, "people", name_en="Gavin Sun", name_ko="손개빈", names=[])
    for n in range(2):
        part = {"side": "counterpart", "person": person["id"], "office": "Mayor", "office_type": "mayor"}
        await create(client, "engagements", title_en=f"Talk {n}", participations=[part], **body)
    assert (await search())["total"] == 3
    return meeting


async def suggested(client: httpx.AsyncClient, q: str, **parameters: Any) -> Json:
    answer = await client.get("/v1/suggest", params={"q": q, **parameters})
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


def named(body: Json) -> list[tuple[str, str]]:
    return [(each["type"], each["label_en"] or each["label_ko"]) for each in body["items"]]


GOVERNOR = ("person", "Gavin Newsom")
MEETING = ("engagement", "Meeting with Governor Newsom")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("newso", [GOVERNOR, MEETING]),
        ("NEWSOM", [GOVERNOR, MEETING]),
        ("gavin n", [GOVERNOR]),
        ("뉴서", [GOVERNOR, MEETING]),
        ("뉴ㅅ", [GOVERNOR, MEETING]),
        ("ㄱㅂㄴㅅ", [GOVERNOR, MEETING]),
        ("개빈뉴섬", [GOVERNOR, MEETING]),
        ("califor", [("organization", "State of California")]),
        ("포니아", [("organization", "State of California")]),
        ("기후변", [("topic", "climate")]),
        ("미국", [("country", "United States")]),
        ("china", [("country", "China")]),
        ("newsmo", [GOVERNOR, MEETING]),
        ("zeppelin", []),
        ("", []),
        ("…", []),
    ],
)
async def test_what_begins_as_typed_is_suggested(
    client: httpx.AsyncClient, filled: Json, typed: str, expected: list[tuple[str, str]]
) -> None:
    assert named(await suggested(client, typed)) == expected


async def test_the_most_frequent_come_first_and_each_says_how_often_it_is_found(client: httpx.AsyncClient, filled: Json) -> None:
    body = await suggested(client, "gavin", types="person")
    assert [(each["label_en"], each["engagements"]) for each in body["items"]] == [("Gavin Sun", 2), ("Gavin Newsom", 1)]


async def test_a_suggestion_can_be_filtered_by(client: httpx.AsyncClient, filled: Json) -> None:
    for typed, wanted in (("newsom", "person"), ("california", "organization"), ("climate", "topic"), ("미국", "country")):
        (item,) = (await suggested(client, typed, types=wanted))["items"]
        found = (await client.get("/v1/search", params={item["type"]: item["id"]})).json()
        assert [hit["id"] for hit in found["items"]] == [filled["id"]]


async def test_the_name_that_was_found_is_told_where_it_is_no_label(client: httpx.AsyncClient, filled: Json) -> None:
    assert [each["matched_name"] for each in (await suggested(client, "뉴썸", types="person"))["items"]] == ["개빈 뉴썸"]
    assert [each["matched_name"] for each in (await suggested(client, "뉴섬", types="person"))["items"]] == [None]


async def test_what_was_typed_with_the_other_keyboard_is_told(client: httpx.AsyncClient, filled: Json) -> None:
    body = await suggested(client, "sbtja")
    assert (body["respelled"], body["text"], named(body)) == ("keyboard", "뉴섬", [GOVERNOR, MEETING])


async def test_types_come_in_the_order_wanted_and_no_more_of_each_than_wanted(client: httpx.AsyncClient, filled: Json) -> None:
    assert named(await suggested(client, "newsom", types="engagement,person")) == [MEETING, GOVERNOR]
    assert len((await suggested(client, "gavin", types="person", limit=1))["items"]) == 1


async def test_what_was_withdrawn_is_not_suggested(client: httpx.AsyncClient, filled: Json) -> None:
    assert (await client.delete(f"/v1/engagements/{filled['id']}")).status_code == 204
    body = await suggested(client, "newsom")
    assert body["items"] == []


@pytest.mark.parametrize(
    ("query", "parameter", "said"),
    [
        ("", "q", "The parameter 'q' must be given"),
        ("q=a&types=persons", "types", "Nothing of type 'persons' is suggested; did you mean 'person'?"),
        ("q=a&limit=0", "limit", "greater than or equal to 1"),
        ("q=a&limit=21", "limit", "less than or equal to 20"),
        ("q=" + "a" * 201, "q", "at most 200 characters"),
        ("q=a&facets=kind", "facets", "There is no parameter 'facets'"),
    ],
)
async def test_a_wrong_parameter_is_named(client: httpx.AsyncClient, filled: Json, query: str, parameter: str, said: str) -> None:
    fault = await refused(client, f"/v1/suggest?{query}")
    assert fault["parameter"] == parameter
    assert said in fault["detail"]
