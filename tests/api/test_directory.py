"""/v1/people, /v1/organizations, /v1/topics and /v1/sources."""

from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from service.api import examples
from service.api.pages import OrganizationPage, PersonPage, SourcePage, TopicPage
from service.api.records import Organization, Person, Source, Topic
from tests.api.expectations import answered, faults, refused
from tests.api.office import UNKNOWN, Office

pytestmark = pytest.mark.anyio

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Noun:
    """One kind of record: where it lives, a body that can be sent, a patch of it, and what is answered."""

    path: str
    created: Json
    patch: Json
    one: type[BaseModel]
    page: type[BaseModel]


NOUNS = [
    Noun("/v1/people", examples.PERSON, examples.PERSON_PATCH, Person, PersonPage),
    Noun("/v1/organizations", examples.ORGANIZATION, {"level": "national", "subdivision": None}, Organization, OrganizationPage),
    Noun("/v1/topics", examples.TOPIC, examples.TOPIC_PATCH, Topic, TopicPage),
    Noun("/v1/sources", examples.SOURCE, examples.SOURCE_PATCH, Source, SourcePage),
]


@pytest.fixture(params=NOUNS, ids=lambda noun: noun.path.rsplit("/", 1)[1])
def noun(request: pytest.FixtureRequest) -> Noun:
    found: Noun = request.param
    return found


async def test_one_is_created_read_and_listed(client: httpx.AsyncClient, noun: Noun) -> None:
    response = await client.post(noun.path, json=noun.created)
    created = answered(response, noun.one, 201)
    assert response.headers["location"] == f"{noun.path}/{created['id']}"
    assert answered(await client.get(response.headers["location"]), noun.one) == created
    page = answered(await client.get(noun.path, params={"total": "exact"}), noun.page)
    assert (page["items"], page["total"]) == ([created], 1)


async def test_one_is_revised_by_merge_patch(client: httpx.AsyncClient, noun: Noun) -> None:
    created = (await client.post(noun.path, json=noun.created)).json()
    after = answered(await client.patch(f"{noun.path}/{created['id']}", json=noun.patch), noun.one)
    assert {name: after[name] for name in noun.patch} == noun.patch
    assert after["version"] == 2


async def test_one_without_any_name_is_refused(client: httpx.AsyncClient, noun: Noun) -> None:
    assert "At least one of" in faults(await client.post(noun.path, json={}))["#"]["detail"]


async def test_a_mistyped_field_is_named_with_the_nearest_one(client: httpx.AsyncClient, noun: Noun) -> None:
    fault = faults(await client.post(noun.path, json=noun.created | {"external_id": ["x:1"]}))["#/external_id"]
    assert "did you mean 'external_ids'?" in fault["detail"]


async def test_it_is_found_by_its_external_id(client: httpx.AsyncClient, noun: Noun) -> None:
    created = (await client.post(noun.path, json=noun.created | {"external_ids": ["system:key", "bare"]})).json()
    for external_id, expected in (("system:key", [created["id"]]), ("bare", [created["id"]]), ("key", [])):
        page = (await client.get(noun.path, params={"external_id": external_id})).json()
        assert [item["id"] for item in page["items"]] == expected


async def test_an_unknown_id_is_404(client: httpx.AsyncClient, noun: Noun) -> None:
    refused(await client.get(f"{noun.path}/{UNKNOWN}"), 404, "not-found")
    refused(await client.patch(f"{noun.path}/{UNKNOWN}", json=noun.patch), 404, "not-found")


async def names(client: httpx.AsyncClient, path: str, query: Any) -> list[str]:
    page = (await client.get(path, params=query)).json()
    return [item.get("name_en") or item.get("label_en") or item["title"] for item in page["items"]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gavin", ["Gavin Newsom"]),
        ("GAVIN NEWSOM", ["Gavin Newsom"]),
        ("newsom", []),
        ("premier e", ["David Eby"]),
        ("김동", ["Kim Dong-yeon"]),
        ("%", []),
        ("_avin", []),
        ("K", ["Kim Dong-yeon"]),
    ],
)
async def test_people_are_found_by_how_any_of_their_names_begins(
    client: httpx.AsyncClient, office: Office, name: str, expected: list[str]
) -> None:
    assert await names(client, "/v1/people", {"name": name}) == expected


async def test_the_case_of_letters_beyond_ascii_does_not_matter(client: httpx.AsyncClient) -> None:
    await client.post("/v1/organizations", json={"name_en": "Łódź Voivodeship", "names": [{"text": "Ørsted"}]})
    for name in ("łódź", "Łódź", "ŁÓDŹ", "ørsted"):
        assert await names(client, "/v1/organizations", {"name": name}) == ["Łódź Voivodeship"]


@pytest.mark.parametrize(
    ("name", "expected"), [("clim", ["climate"]), ("탄소", ["climate"]), ("Net Z", ["climate"]), ("통상", ["trade"])]
)
async def test_topics_are_found_by_label_and_synonym(
    client: httpx.AsyncClient, office: Office, name: str, expected: list[str]
) -> None:
    assert await names(client, "/v1/topics", {"name": name}) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ([("country", "CA")], ["Government of British Columbia"]),
        ([("country", "CA"), ("country", "US")], ["Government of British Columbia", "State of California"]),
        ([("kind", "company")], []),
        ([("level", "subnational"), ("kind", "government"), ("country", "US")], ["State of California"]),
    ],
)
async def test_organizations_are_narrowed_down(
    client: httpx.AsyncClient, office: Office, query: list[tuple[str, str]], expected: list[str]
) -> None:
    assert await names(client, "/v1/organizations", query) == expected


@pytest.mark.parametrize(
    "query", [{"name": "김동연"}, {"url": "https://gg.go.kr/1"}, {"publisher": "Gyeonggi"}, {"grade": "own-primary"}]
)
async def test_sources_are_narrowed_down(client: httpx.AsyncClient, office: Office, query: dict[str, str]) -> None:
    await client.post("/v1/sources", json={"title": "A blog", "grade": "blog"})
    assert await names(client, "/v1/sources", query) == ["김동연 지사, 개빈 뉴섬 주지사와 회담"]


async def test_people_are_narrowed_down_by_nationality(client: httpx.AsyncClient, office: Office) -> None:
    assert await names(client, "/v1/people", {"nationality": "KR"}) == ["Kim Dong-yeon"]


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", ["David Eby", "Gavin Newsom", "Kim Dong-yeon", "이강인"]),
        ("-name", ["이강인", "Kim Dong-yeon", "Gavin Newsom", "David Eby"]),
        ("recorded_at", ["Gavin Newsom", "David Eby", "Kim Dong-yeon", "이강인"]),
        ("-recorded_at", ["이강인", "Kim Dong-yeon", "David Eby", "Gavin Newsom"]),
    ],
)
async def test_people_are_sorted_and_paged(client: httpx.AsyncClient, office: Office, sort: str, expected: list[str]) -> None:
    await client.post("/v1/people", json={"name_ko": "이강인"})
    found: list[str] = []
    query: dict[str, Any] = {"sort": sort, "limit": 1}
    for _ in expected:
        page = answered(await client.get("/v1/people", params=query), PersonPage)
        found += [item["name_en"] or item["name_ko"] for item in page["items"]]
        query["cursor"] = page["next_cursor"]
    assert found == expected
    assert query["cursor"] is None


async def test_a_label_that_another_topic_has_is_a_conflict(client: httpx.AsyncClient, office: Office) -> None:
    problem = refused(await client.post("/v1/topics", json={"label_en": "climate"}), 409, "conflict")
    assert "label_en" in str(problem)
