"""POST …/merge and …/unmerge for engagements, people and organizations."""

import json

import httpx
import pytest

from service.api.records import Engagement, Organization, Person
from tests.api.expectations import answered, faults, refused
from tests.api.office import UNKNOWN, Office

pytestmark = pytest.mark.anyio


async def test_the_survivor_is_answered_with_the_names_of_both(client: httpx.AsyncClient, office: Office) -> None:
    survivor = answered(await client.post(f"/v1/people/{office.newsom}/merge", json={"into": office.eby}), Person)
    assert survivor["id"] == office.eby
    assert {"Gavin Newsom", "개빈 뉴섬"} <= {name["text"] for name in survivor["names"]}


async def test_the_merged_id_leads_to_the_survivor_for_every_method(client: httpx.AsyncClient, office: Office) -> None:
    merged, survivor = f"/v1/people/{office.newsom}", f"/v1/people/{office.eby}"
    await client.post(f"{merged}/merge", json={"into": office.eby})
    for response in (await client.get(merged), await client.patch(merged, json={"note": "x"}), await client.delete(merged)):
        refused(response, 308, "merged")
        assert response.headers["location"] == survivor
    withdrawal = await client.post(f"{merged}/withdraw")
    assert withdrawal.headers["location"] == f"{survivor}/withdraw"


async def test_unmerging_brings_both_back(client: httpx.AsyncClient, office: Office) -> None:
    paths = {name: f"/v1/organizations/{getattr(office, name)}" for name in ("california", "british_columbia")}
    before = {name: (await client.get(path)).json() for name, path in paths.items()}
    await client.post(f"{paths['california']}/merge", json={"into": office.british_columbia})
    answered(await client.post(f"{paths['california']}/unmerge"), Organization)
    for name, path in paths.items():
        after = (await client.get(path)).json()
        assert after["version"] == 3
        assert after | {"version": 1, "revised_at": before[name]["revised_at"]} == before[name]


async def test_engagements_can_be_merged_too(client: httpx.AsyncClient, office: Office) -> None:
    survivor = answered(await client.post(f"/v1/engagements/{office.undated}/merge", json={"into": office.meeting}), Engagement)
    assert "Letter without a date" in {assertion["value"] for assertion in survivor["assertions"]}
    back = answered(await client.post(f"/v1/engagements/{office.undated}/unmerge"), Engagement)
    assert back["title_en"] == "Letter without a date"


async def test_into_a_merged_record_means_into_its_survivor(client: httpx.AsyncClient, office: Office) -> None:
    await client.post(f"/v1/people/{office.newsom}/merge", json={"into": office.eby})
    survivor = answered(await client.post(f"/v1/people/{office.kim}/merge", json={"into": office.newsom}), Person)
    assert survivor["id"] == office.eby


async def test_into_itself_is_a_conflict(client: httpx.AsyncClient, office: Office) -> None:
    refused(await client.post(f"/v1/people/{office.eby}/merge", json={"into": office.eby}), 409, "conflict")


async def test_into_nothing_is_named_and_nothing_is_merged(client: httpx.AsyncClient, office: Office) -> None:
    fault = faults(await client.post(f"/v1/people/{office.eby}/merge", json={"into": UNKNOWN}))["#/into"]
    assert fault["value"] == UNKNOWN
    assert "#/into" in faults(await client.post(f"/v1/people/{office.eby}/merge", json={"into": "Newsom"}))
    assert "#/into" in faults(await client.post(f"/v1/people/{office.eby}/merge", json={}))
    assert (await client.get(f"/v1/people/{office.eby}")).json()["version"] == 1


async def test_a_record_of_another_noun_is_none_to_merge_into(client: httpx.AsyncClient, office: Office) -> None:
    assert "#/into" in faults(await client.post(f"/v1/people/{office.eby}/merge", json={"into": office.california}))


async def test_what_was_never_merged_cannot_be_unmerged(client: httpx.AsyncClient, office: Office) -> None:
    refused(await client.post(f"/v1/people/{office.eby}/unmerge"), 404, "not-found")


async def found(client: httpx.AsyncClient, path: str, **asked: str) -> list[str]:
    answer = await client.get(path, params=asked)
    assert answer.status_code == 200, answer.text
    listed = [json.loads(line) for line in answer.text.splitlines()] if "exports" in path else answer.json()["items"]
    return sorted(each["title_en"] for each in listed if "title_en" in each)


@pytest.mark.parametrize("path", ["/v1/engagements", "/v1/exports/engagements"])
async def test_filters_by_either_id_follow_a_merger_and_its_undoing(client: httpx.AsyncClient, office: Office, path: str) -> None:
    old, new = office.newsom, office.eby
    meeting, visit = "Meeting with Governor Newsom", "Visit of Premier Eby"
    assert [await found(client, path, person=person) for person in (old, new)] == [[meeting], [visit]]
    await client.post(f"/v1/people/{old}/merge", json={"into": new})
    assert [await found(client, path, person=person) for person in (old, new)] == [[meeting, visit], [meeting, visit]]
    merged, survivor = office.california, office.british_columbia
    await client.post(f"/v1/organizations/{merged}/merge", json={"into": survivor})
    assert await found(client, path, organization=merged) == [meeting, visit]
    assert await found(client, path, organization=merged, person=old) == [meeting, visit]
    await client.post(f"/v1/people/{old}/unmerge")
    await client.post(f"/v1/organizations/{merged}/unmerge")
    assert [await found(client, path, person=person) for person in (old, new)] == [[meeting], [visit]]
    assert await found(client, path, organization=merged) == [meeting]


async def test_lists_and_exports_name_the_survivor_only(client: httpx.AsyncClient, office: Office) -> None:
    await client.post(f"/v1/people/{office.newsom}/merge", json={"into": office.eby})
    for path in ("/v1/people", "/v1/exports/people"):
        answer = await client.get(path)
        assert office.eby in answer.text
        assert office.newsom not in answer.text
    assert [each["id"] for each in (await client.get("/v1/people", params={"name": "Gavin"})).json()["items"]] == [office.eby]
    (listed,) = (await client.get("/v1/engagements", params={"kind": "meeting"})).json()["items"]
    assert office.eby in [person["id"] for person in listed["people"]]
