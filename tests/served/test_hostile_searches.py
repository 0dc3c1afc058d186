"""What a search may be asked to make it say more than it should: values that look like filters, pages beyond the last."""

import base64
import json

import httpx
import pytest

from service.search.schema import MAX_HITS
from tests.served.conftest import Search, create, titles

pytestmark = pytest.mark.anyio

INJECTIONS = [
    'x" OR visibility = "confidential',
    "x' OR kind = 'meeting",
    '") OR (id EXISTS',
    'press" OR publishers EXISTS OR publishers = "',
    "* OR *:*",
    "[a TO z]",
    'back\\slash" OR 1 = 1 --',
    "publishers IN [a, b]",
    "x`; DROP TABLE engagement; --",
    "NOT press",
    "%s %(token)s :token {token} ${jndi:ldap://x}",
    "_geoRadius(0, 0, 20000000)",
]


@pytest.mark.scenario(69)
async def test_a_value_that_looks_like_a_filter_is_a_value(client: httpx.AsyncClient, search: Search) -> None:
    """Each publisher is called as an injection is written: found under exactly its own name, and nothing else with it."""
    for number, name in enumerate(INJECTIONS):
        source = await create(client, "sources", title=f"Source {number}", publisher=name)
        await create(client, "engagements", kind="meeting", title_en=f"Meeting {number}", citations=[{"source": source["id"]}])
    await create(client, "engagements", kind="meeting", title_en="Closed", visibility="confidential")
    counted = (await search("", facets="publisher", limit=0))["facets"]["publisher"]
    assert {each["value"]: each["count"] for each in counted} == dict.fromkeys(INJECTIONS, 1)
    for number, name in enumerate(INJECTIONS):
        assert titles(await search("", publisher=name)) == [f"Meeting {number}"], name


@pytest.mark.scenario(69)
@pytest.mark.parametrize("parameter", ["external_id", "publisher"])
async def test_a_value_that_nobody_has_finds_nothing_however_it_is_written(
    client: httpx.AsyncClient, search: Search, parameter: str
) -> None:
    await create(client, "engagements", kind="meeting", title_en="Meeting", external_ids=["gg-1"])
    await search()
    for name in INJECTIONS:
        value = name.replace(" ", "") if parameter == "external_id" else name
        answer = await client.get("/v1/search", params={parameter: value})
        assert (answer.status_code, answer.json()["total"]) == (200, 0), value


@pytest.mark.scenario(69)
@pytest.mark.parametrize(
    "parameter", ["person", "organization", "topic", "parent", "country", "kind", "year", "when", "sort", "facets"]
)
async def test_what_is_a_code_or_an_id_is_refused_unless_it_is_one(client: httpx.AsyncClient, parameter: str) -> None:
    for value in INJECTIONS:
        answer = await client.get("/v1/search", params={parameter: value})
        assert answer.status_code == 422, value
        assert {fault["parameter"] for fault in answer.json()["errors"]} == {parameter}


@pytest.mark.scenario(69)
async def test_words_that_look_like_a_filter_are_words(client: httpx.AsyncClient, search: Search) -> None:
    await create(client, "engagements", kind="meeting", title_en="Meeting with Premier Eby")
    await search()
    for words in INJECTIONS:
        body = await search(f"zzyzx {words}")
        assert set(titles(body)) <= {"Meeting with Premier Eby"}


@pytest.mark.scenario(70)
async def test_beyond_the_last_hit_that_is_shown_is_refused_and_up_to_it_is_answered(
    client: httpx.AsyncClient, search: Search
) -> None:
    await create(client, "engagements", kind="meeting", title_en="Meeting")
    last = await search("", limit=100, page=MAX_HITS // 100)
    assert (last["items"], last["total"], last["total_exact"], last["next_cursor"]) == ([], 1, True, None)
    for page in (MAX_HITS // 100 + 1, 2**31, 2**63, 10**30):
        answer = await client.get("/v1/search", params={"limit": 100, "page": page})
        assert answer.status_code == 422
        [fault] = answer.json()["errors"]
        assert (fault["parameter"], "narrow it" in fault["detail"]) == ("page", True)


@pytest.mark.scenario(70)
async def test_a_cursor_that_somebody_made_leads_no_further_than_a_page(client: httpx.AsyncClient, search: Search) -> None:
    for n in range(2):
        await create(client, "engagements", kind="meeting", title_en=f"Meeting {n}")
    cursor = (await search("", limit=1))["next_cursor"]
    mark, _ = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    for offset in (MAX_HITS, 10**30, -1, "1"):
        made = base64.urlsafe_b64encode(json.dumps([mark, offset]).encode()).rstrip(b"=").decode()
        answer = await client.get("/v1/search", params={"limit": 1, "cursor": made})
        assert answer.status_code == 422, offset
