"""`GET /v1/search` and its neighbours: what an answer says besides its hits, and other ways to look at them."""

from typing import Any

import httpx
import pytest

from service.api.facet_values import FacetValueList
from service.api.search import SearchPage
from service.api.similar import SimilarPage
from service.api.suggest import SuggestionList
from tests.served.conftest import Json, Search, create, refused, titles
from tests.served.test_search import newsom

pytestmark = pytest.mark.anyio


async def ask(client: httpx.AsyncClient, path: str, **parameters: Any) -> Json:
    answer = await client.get(path, params=parameters)
    assert answer.status_code == 200, answer.text
    body: Json = answer.json()
    return body


async def test_it_says_where_and_how_each_word_was_found(client: httpx.AsyncClient, search: Search) -> None:
    await newsom(client)
    hit = (await search("newsmo 양해각서", explain="true"))["items"][0]
    assert [(each["word"], each["field"], each["how"], each["found"]) for each in hit["matched"]] == [
        ("newsmo", "titles", "typo", "newsom"),
        ("양해각서", "outcomes", "exact", "양해각서"),
    ]
    assert "matched" not in (await search("newsom"))["items"][0]


async def test_it_asks_whether_something_else_was_meant(client: httpx.AsyncClient, search: Search) -> None:
    await newsom(client)
    assert (await search("newsmo meeting"))["understood"]["did_you_mean"] == "Newsom meeting"
    assert (await search("newsom meeting"))["understood"]["did_you_mean"] is None


async def test_a_trip_and_its_parts_are_one_hit_when_that_is_wanted(client: httpx.AsyncClient, search: Search) -> None:
    trip = await create(client, "engagements", kind="trip", title_en="Trip to Boston", when="2024-05-01/2024-05-09")
    for n in range(3):
        body = {"kind": "meeting", "title_en": f"Boston talk {n}", "when": f"2024-05-0{n + 2}", "parent": trip["id"]}
        await create(client, "engagements", **body)
    await create(client, "engagements", kind="event", title_en="Boston evening", when="2023-01-01")
    page = await search("boston", collapse="true", limit=1)
    assert (page["total"], page["total_exact"]) == (2, True)
    (hit,) = page["items"]
    assert len(hit["collapsed"]) == 3
    assert {hit["title_en"], *(part["title_en"] for part in hit["collapsed"])} == {
        "Trip to Boston",
        *(f"Boston talk {n}" for n in range(3)),
    }
    following = await search("boston", collapse="true", limit=1, cursor=page["next_cursor"])
    assert titles(following) == ["Boston evening"]
    assert (await search("boston"))["total"] == 5


async def test_those_without_a_value_are_counted_and_can_be_asked_for(client: httpx.AsyncClient, search: Search) -> None:
    await newsom(client)
    await create(client, "engagements", kind="event", title_en="Fair", when="2023-07")
    page = await search("", facets="country,topic", count_missing="true")
    assert [(each["value"], each["count"]) for each in page["facets"]["country"]] == [("US", 1), (None, 1)]
    assert page["facets"]["topic"][-1] == {"value": None, "label_en": "none", "label_ko": "없음", "count": 1}
    assert titles(await search("", missing="topic")) == ["Fair"]
    assert (await search("", missing="topic", country="US"))["total"] == 0


async def test_a_person_is_meant_by_her_name_when_that_is_said(client: httpx.AsyncClient, search: Search) -> None:
    meeting = await newsom(client)
    await create(client, "engagements", kind="event", title_en="An evening about Newsom", when="2024-02-02")
    page = await search("person:뉴썸", explain="true")
    assert titles(page) == ["Meeting with Governor Newsom"]
    (chip,) = page["understood"]["chips"]
    known = meeting["participations"][0]["person"]["id"]
    assert (chip["field"], chip["value"], chip["label_en"], chip["stated"]) == ("person", known, "Gavin Newsom", True)
    assert (await search("newsom"))["total"] == 2
    assert titles(await search("topic:기후 organization:california")) == ["Meeting with Governor Newsom"]
    assert titles(await search("person:evening")) == ["An evening about Newsom"]


async def test_months_follow_each_other(client: httpx.AsyncClient, search: Search) -> None:
    for when in ("2024-05-06", "2024-01", "2024-05-30/2024-06-02", "2023", "2024-12-31"):
        await create(client, "engagements", kind="event", title_en=when, when=when)
    months = (await search("", facets="month"))["facets"]["month"]
    assert [(each["value"], each["count"]) for each in months] == [("2024-01", 1), ("2024-05", 2), ("2024-06", 1), ("2024-12", 1)]
    assert (months[1]["label_en"], months[1]["label_ko"]) == ("May 2024", "2024년 5월")
    assert titles(await search("", month="2024-06")) == ["2024-05-30/2024-06-02"]
    assert titles(await search('"December 2024"')) == ["2024-12-31"]


async def test_values_of_a_facet_are_found_by_any_of_their_names(client: httpx.AsyncClient, search: Search) -> None:
    await newsom(client)
    await create(client, "engagements", kind="event", title_en="Fair", when="2023-07", countries=["CN", "US"])
    await search("")
    found = await ask(client, "/v1/search/facets/person", value="뉴썸")
    (person,) = found["items"]
    assert (person["label_en"], person["matched_name"], person["count"]) == ("Gavin Newsom", "개빈 뉴썸", 1)
    assert (await ask(client, "/v1/search/facets/person", value="newsom", country="CN"))["items"] == []
    for odd in (
        {"q": '"governor newsom', "value": "gavi"},
        {"q": "meeting", "value": '"gavi'},
        {"q": "meeting", "value": "-gavi"},
    ):
        assert len((await ask(client, "/v1/search/facets/person", **odd))["items"]) == 1, odd
    countries = (await ask(client, "/v1/search/facets/country", country="CN"))["items"]
    assert [(each["value"], each["count"]) for each in countries] == [("US", 2), ("CN", 1)]
    kinds = (await ask(client, "/v1/search/facets/kind", value="면", q="newsom"))["items"]
    assert [each["value"] for each in kinds] == ["meeting"]


async def test_what_has_more_in_common_is_more_similar(client: httpx.AsyncClient, search: Search) -> None:
    first = await newsom(client)
    other = {"kind": "meeting", "countries": ["US"], "topics": [first["topics"][0]["id"]]}
    await create(client, "engagements", title_en="Same topic", when="2024-01-01", **other)
    part = {"side": "counterpart", "person": first["participations"][0]["person"]["id"], "office": "Governor"}
    await create(client, "engagements", title_en="Same person", when="2023-01-01", participations=[part], **other)
    await create(client, "engagements", kind="event", title_en="Elsewhere", when="2024-02-01", countries=["FR"])
    await search("")
    found = await ask(client, f"/v1/engagements/{first['id']}/similar")
    assert titles(found) == ["Same person", "Same topic"]
    assert found["items"][0]["shared"]["people"] == [part["person"]]
    assert titles(await ask(client, f"/v1/engagements/{first['id']}/similar", limit=1)) == ["Same person"]
    assert (await client.delete(f"/v1/engagements/{first['id']}")).status_code == 204
    assert (await client.get(f"/v1/engagements/{first['id']}/similar")).status_code == 404


async def test_an_answer_is_what_the_document_says(client: httpx.AsyncClient, search: Search) -> None:
    first = await newsom(client)
    other = {"kind": "event", "participations": [{"side": "host", "person": first["participations"][0]["person"]["id"]}]}
    await create(client, "engagements", title_en="Newsom again", when="2024-06", place={"country": "US"}, **other)
    page = await search("newsom", explain="true", collapse="true", facets="country", count_missing="true")
    assert [hit["matched"] for hit in page["items"]]
    found = await ask(client, f"/v1/engagements/{first['id']}/similar")
    suggested = await ask(client, "/v1/suggest", q="news")
    values = await ask(client, "/v1/search/facets/person", value="news")
    for model, body in ((SearchPage, page), (SimilarPage, found), (SuggestionList, suggested), (FacetValueList, values)):
        assert body["items"]
        # What is not there was not asked for; everything that is there is described.
        assert model.model_validate(body, strict=True).model_dump(mode="json", exclude_unset=True) == body


@pytest.mark.parametrize(
    ("path", "parameter", "said"),
    [
        ("/v1/search?missing=contry", "missing", "did you mean 'country'?"),
        ("/v1/search?month=2024-13", "month", "should match pattern"),
        ("/v1/search?collapse=maybe", "collapse", "valid boolean"),
        ("/v1/search/facets/persn", "facet", "did you mean 'person'?"),
        ("/v1/search/facets/person?limit=0", "limit", "greater than or equal to 1"),
        ("/v1/search/facets/person?facets=kind", "facets", "There is no parameter 'facets'"),
    ],
)
async def test_what_cannot_be_asked_is_named(
    client: httpx.AsyncClient, search: Search, path: str, parameter: str, said: str
) -> None:
    fault = await refused(client, path)
    assert fault["parameter"] == parameter
    assert said in fault["detail"]
