"""POST /v1/engagements."""

import unicodedata

import httpx
import pytest

from service.api.examples import ENGAGEMENT
from service.api.records import Engagement
from tests.api.expectations import answered, faults, refused
from tests.api.office import UNKNOWN, Office

pytestmark = pytest.mark.anyio


async def test_it_answers_201_with_the_record_and_where_it_is(client: httpx.AsyncClient) -> None:
    response = await client.post("/v1/engagements", json=ENGAGEMENT)
    created = answered(response, Engagement, 201)
    assert response.headers["location"] == f"/v1/engagements/{created['id']}"
    assert created["version"] == 1
    assert created["when"] == "2024-05~"
    assert (created["when_start"], created["when_end"], created["when_qualifier"]) == ("2024-05-01", "2024-05-31", "approximate")
    assert [part["name_as_printed"] for part in created["participations"]] == ["Kim Dong-yeon", "Gavin Newsom"]


async def test_what_was_created_can_be_read_at_once(client: httpx.AsyncClient) -> None:
    created = await client.post("/v1/engagements", json=ENGAGEMENT)
    assert (await client.get(created.headers["location"])).json() == created.json()


async def test_everything_that_belongs_to_it_is_recorded_in_the_same_request(client: httpx.AsyncClient, office: Office) -> None:
    body = {
        "kind": "agreement-signing",
        "title_ko": "브리티시컬럼비아주와 협약 체결",
        "parent": office.trip,
        "topics": [office.trade],
        "participations": [
            {"side": "counterpart", "person": office.eby, "organization": office.british_columbia, "role": "signatory"}
        ],
        "outcomes": [
            {"kind": "mou", "title_en": "Trade", "amount": {"currency": "CAD", "amount": "10.5"}, "parties": [office.california]}
        ],
        "citations": [{"source": office.release, "locator": "p. 2"}],
        "assertions": [{"field": "when", "value": "2024-05-09", "source": office.release}],
    }
    created = answered(await client.post("/v1/engagements", json=body), Engagement, 201)
    assert created["parent"]["id"] == office.trip
    assert created["participations"][0]["person"]["name_en"] == "David Eby"
    assert created["outcomes"][0]["parties"][0]["name_ko"] == "캘리포니아주"
    assert created["outcomes"][0]["amount"] == {"currency": "CAD", "amount": "10.5"}
    assert created["citations"][0]["source"]["publisher"] == "Gyeonggi"
    assert created["assertions"][0]["value"] == "2024-05-09"


async def test_decomposed_hangul_is_kept_composed_and_found_either_way(client: httpx.AsyncClient) -> None:
    decomposed = unicodedata.normalize("NFD", "김동연")
    person = (await client.post("/v1/people", json={"name_ko": decomposed})).json()
    assert person["name_ko"] == "김동연"
    for asked in (decomposed, "김동연"):
        listed = (await client.get("/v1/people", params={"name": asked})).json()
        assert [found["id"] for found in listed["items"]] == [person["id"]]


async def test_an_external_id_that_is_taken_is_a_409_that_names_its_holder(client: httpx.AsyncClient, office: Office) -> None:
    response = await client.post("/v1/engagements", json={"kind": "call", "title_en": "Call", "external_ids": ["gg-2024-05-07"]})
    problem = refused(response, 409, "conflict")
    assert problem["holder"] == office.meeting
    assert faults(response, 409)["#/external_ids/0"]["value"] == "gg-2024-05-07"


async def test_a_reference_to_nothing_is_named_with_its_place(client: httpx.AsyncClient) -> None:
    body = {"kind": "call", "title_en": "Call", "participations": [{"side": "host", "person": UNKNOWN}]}
    found = faults(await client.post("/v1/engagements", json=body))
    assert found["#/participations/0/person"]["value"] == UNKNOWN
    assert "no person" in found["#/participations/0/person"]["detail"]


async def test_a_reference_to_a_merged_person_is_followed_to_the_survivor(client: httpx.AsyncClient, office: Office) -> None:
    await client.post(f"/v1/people/{office.newsom}/merge", json={"into": office.eby})
    body = {"kind": "call", "title_en": "Call", "participations": [{"side": "host", "person": office.newsom}]}
    created = (await client.post("/v1/engagements", json=body)).json()
    assert created["participations"][0]["person"]["id"] == office.eby
