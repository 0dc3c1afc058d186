"""GET /v1/engagements/{id}."""

import httpx
import pytest

from service.api.records import Engagement
from tests.api.expectations import answered, refused
from tests.api.office import UNKNOWN, Office

pytestmark = pytest.mark.anyio


async def test_one_request_answers_with_people_organizations_outcomes_sources_and_assertions(
    client: httpx.AsyncClient, office: Office
) -> None:
    found = answered(await client.get(f"/v1/engagements/{office.meeting}"), Engagement)
    assert [part["person"]["name_en"] for part in found["participations"] if part["person"]] == ["Gavin Newsom", "Kim Dong-yeon"]
    assert found["participations"][0]["organization"]["name_ko"] == "캘리포니아주"
    assert found["participations"][2]["headcount"] == 12
    assert [outcome["title_en"] for outcome in found["outcomes"]] == ["Climate cooperation", "Start-up exchange"]
    assert found["citations"][0]["source"]["url"] == "https://gg.go.kr/1"
    assert found["assertions"][0]["source"]["id"] == office.release
    assert found["parent"]["title_en"] == "Trip to North America"
    assert found["topics"][0]["label_ko"] == "기후"


async def test_an_id_that_was_never_given_is_404(client: httpx.AsyncClient) -> None:
    refused(await client.get(f"/v1/engagements/{UNKNOWN}"), 404, "not-found")


@pytest.mark.parametrize("text", ["1", "newsom", "김동연", "%00", "%ff", UNKNOWN.upper()])
async def test_what_cannot_be_an_id_is_404_too(client: httpx.AsyncClient, text: str) -> None:
    response = await client.get(f"/v1/engagements/{text}")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_withdrawn_one_is_410_and_says_why(client: httpx.AsyncClient, office: Office) -> None:
    await client.post(f"/v1/engagements/{office.visit}/withdraw", json={"reason": "Recorded twice"})
    problem = refused(await client.get(f"/v1/engagements/{office.visit}"), 410, "withdrawn")
    assert "Recorded twice" in problem["detail"]


async def test_a_merged_one_is_308_to_the_survivor(client: httpx.AsyncClient, office: Office) -> None:
    await client.post(f"/v1/engagements/{office.undated}/merge", json={"into": office.meeting})
    response = await client.get(f"/v1/engagements/{office.undated}")
    assert refused(response, 308, "merged")["survivor"] == office.meeting
    assert response.headers["location"] == f"/v1/engagements/{office.meeting}"


async def test_the_redirection_keeps_the_rest_of_the_path(client: httpx.AsyncClient, office: Office) -> None:
    await client.post(f"/v1/engagements/{office.undated}/merge", json={"into": office.meeting})
    response = await client.get(f"/v1/engagements/{office.undated}/participations")
    assert response.headers["location"] == f"/v1/engagements/{office.meeting}/participations"
