"""Search follows when two people are merged: the old id, names, facets and suggestions lead to the survivor, and back again."""

import httpx
import pytest

from tests.served.conftest import Json, Search, create, titles

pytestmark = pytest.mark.anyio


async def met(client: httpx.AsyncClient, name: str, korean: str, title: str) -> Json:
    person = await create(client, "people", name_en=name, name_ko=korean)
    part = {"side": "counterpart", "person": person["id"]}
    await create(client, "engagements", kind="meeting", title_en=title, when="2024-05-06", participations=[part])
    return person


async def counted(search: Search, **parameters: str) -> dict[str, int]:
    page = await search("", facets="person", **parameters)
    return {each["label_en"]: each["count"] for each in page["facets"]["person"]}


async def suggested(client: httpx.AsyncClient, typed: str) -> list[tuple[str, str, int]]:
    answer = await client.get("/v1/suggest", params={"q": typed, "types": "person"})
    assert answer.status_code == 200, answer.text
    return [(each["id"], each["label_en"], each["engagements"]) for each in answer.json()["items"]]


async def test_merged_people_are_one_in_search_and_two_again_after_it_was_taken_back(
    client: httpx.AsyncClient, search: Search
) -> None:
    old = await met(client, "Kathleen Hobbs", "캐슬린 홉스", "Talks in Phoenix")
    new = await met(client, "Katie Hobbs", "케이티 홉스", "Talks in Suwon")
    both, first, second = ["Talks in Phoenix", "Talks in Suwon"], ["Talks in Phoenix"], ["Talks in Suwon"]
    apart = {"Kathleen Hobbs": 1, "Katie Hobbs": 1}

    async def expect_two() -> None:
        assert await counted(search) == apart
        assert titles(await search("", person=old["id"])) == first
        assert titles(await search("", person=new["id"])) == second
        assert await suggested(client, "kathleen") == [(old["id"], "Kathleen Hobbs", 1)]
        assert await suggested(client, "katie") == [(new["id"], "Katie Hobbs", 1)]
        assert titles(await search("캐슬린")) == first

    await expect_two()
    assert (await client.post(f"/v1/people/{old['id']}/merge", json={"into": new["id"]})).status_code == 200
    assert await counted(search) == {"Katie Hobbs": 2}
    for person in (old["id"], new["id"]):
        assert sorted(titles(await search("", person=person))) == both
        assert await counted(search, person=person) == {"Katie Hobbs": 2}
    assert sorted(titles(await search("캐슬린"))) == both
    assert sorted(titles(await search("person:kathleen"))) == both
    assert await suggested(client, "kathleen") == [(new["id"], "Katie Hobbs", 2)]

    assert (await client.post(f"/v1/people/{old['id']}/unmerge")).status_code == 200
    await expect_two()


async def test_people_merged_in_a_row_are_found_by_every_id_that_they_had(client: httpx.AsyncClient, search: Search) -> None:
    people = [await met(client, f"{name} Hobbs", f"{name} 홉스", f"Talks with {name}") for name in ("Kate", "Kath", "Kathy")]
    for merged, survivor in ((0, 1), (1, 2)):
        done = await client.post(f"/v1/people/{people[merged]['id']}/merge", json={"into": people[survivor]["id"]})
        assert done.status_code == 200
    for person in people:
        assert (await search("", person=person["id"]))["total"] == 3
    assert (await client.post(f"/v1/people/{people[1]['id']}/unmerge")).status_code == 200
    assert [(await search("", person=person["id"]))["total"] for person in people] == [2, 2, 1]
