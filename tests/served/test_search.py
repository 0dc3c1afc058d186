"""`GET /v1/search`: what staff and frontends ask of it."""

import httpx
import pytest

from tests.served.conftest import Json, Search, create, refused, titles

pytestmark = pytest.mark.anyio


async def newsom(client: httpx.AsyncClient) -> Json:
    person = await create(
        client, "people", name_en="Gavin Newsom", name_ko="개빈 뉴섬", names=[{"text": "개빈 뉴썸", "kind": "misprint"}]
    )
    state = await create(
        client, "organizations", name_en="State of California", name_ko="캘리포니아주", country="US", subdivision="US-CA"
    )
    topic = await create(client, "topics", label_en="climate", label_ko="기후", synonyms=["기후변화"])
    return await create(
        client,
        "engagements",
        kind="meeting",
        title_en="Meeting with Governor Newsom",
        title_ko="개빈 뉴섬 주지사 면담",
        when="2024-05-06",
        countries=["US"],
        topics=[topic["id"]],
        external_ids=["gg-2024-05-06-newsom"],
        participations=[
            {
                "side": "counterpart",
                "person": person["id"],
                "organization": state["id"],
                "office": "Governor",
                "office_type": "governor",
            },
            {"side": "host", "name_as_printed": "김동연", "office": "경기도지사", "office_type": "governor"},
        ],
        outcomes=[{"kind": "mou", "title_en": "Friendly cooperation", "status": "signed"}],
    )


@pytest.mark.parametrize(
    "words",
    [
        "newsom",
        "Newsom",
        "news",
        "neswom",
        "govenor",
        "뉴섬",
        "뉴썸",
        "개빈",
        "김동연",
        "김동연이",
        "도지사",
        "지사",
        "california",
        "캘리포니아",
        "기후변화",
        "양해각서",
        "미국",
        "meeting",
        "면담",
        "2024년 5월",
        "gg-2024-05-06-newsom",
        "캘리포",
        "ㄱㅂㄴㅅ",
        "ㄱㄷㅇ",
        "김동여",
        "김동ㅇ",
        "개빈뉴섬",
        "경기 도지사",
        "rlaehddus",
        "ㅜㄷㅈ내ㅡ",
        "American governor",
        "U.S. governor 2024",
        "who met the governor of California",
        "kind:면담 country:미국",
        "업무협약",
    ],
)
async def test_an_engagement_is_found_by_whatever_it_may_be_called(client: httpx.AsyncClient, search: Search, words: str) -> None:
    await newsom(client)
    await create(client, "engagements", kind="event", title_en="Tourism fair in Bangkok", when="2023-07-07", countries=["TH"])
    assert titles(await search(words)) == ["Meeting with Governor Newsom"]


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Trần Sỹ Thanh", "tran sy thanh"),
        ("Recep Tayyip Erdoğan", "erdogan"),
        ("Łódź Voivodeship", "lodz"),
        ("Pécresse", "pecresse"),
        ("Hanna Zdanowska", "ZDANOWSKA"),
        ("Āris Vīgants", "aris vigants"),
        ("Straße des 17. Juni", "strasse"),
    ],
)
async def test_accents_and_case_need_not_be_typed(client: httpx.AsyncClient, search: Search, name: str, typed: str) -> None:
    await create(client, "engagements", kind="meeting", title_en=f"Meeting: {name}")
    assert titles(await search(typed)) == [f"Meeting: {name}"]


async def test_decomposed_hangul_is_kept_composed_and_found_either_way(client: httpx.AsyncClient, search: Search) -> None:
    import unicodedata

    made = await create(client, "engagements", kind="meeting", title_ko=unicodedata.normalize("NFD", "김동연 지사 면담"))
    assert made["title_ko"] == "김동연 지사 면담"
    for typed in ("김동연", unicodedata.normalize("NFD", "김동연")):
        assert titles(await search(typed)) == ["김동연 지사 면담"]


async def test_highlights_are_ranges_of_the_text_that_is_shown(client: httpx.AsyncClient, search: Search) -> None:
    await create(client, "engagements", kind="meeting", title_en="Talks in Łódź & <Gdańsk>", title_ko="경기도지사 면담")
    hit = (await search("lodz"))["items"][0]
    [[start, end]] = hit["highlights"]["title_en"]
    assert hit["title_en"][start:end] == "Łódź"
    hit = (await search("도지사"))["items"][0]
    [[start, end]] = hit["highlights"]["title_ko"]
    assert hit["title_ko"][start:end] == "도지사"


async def test_facets_count_all_matches_and_say_what_they_are_called(client: httpx.AsyncClient, search: Search) -> None:
    await newsom(client)
    await create(client, "engagements", kind="event", title_en="Governors' forum", when="2024-06", countries=["US", "CA"])
    page = await search("", facets="country,kind,year,person,outcome_status", limit=1)
    assert page["total"] == 2
    assert page["facets"]["country"] == [
        {"value": "US", "label_en": "United States", "label_ko": "미국", "count": 2},
        {"value": "CA", "label_en": "Canada", "label_ko": "캐나다", "count": 1},
    ]
    assert [(value["label_ko"], value["count"]) for value in page["facets"]["kind"]] == [("행사", 1), ("면담", 1)]
    assert page["facets"]["year"] == [{"value": "2024", "label_en": "2024", "label_ko": "2024년", "count": 2}]
    [person] = page["facets"]["person"]
    assert (person["label_en"], person["label_ko"], person["count"]) == ("Gavin Newsom", "개빈 뉴섬", 1)
    assert titles(await search("", person=person["value"])) == ["Meeting with Governor Newsom"]


async def test_a_facet_that_is_filtered_by_counts_what_else_could_be_chosen(client: httpx.AsyncClient, search: Search) -> None:
    await newsom(client)
    await create(client, "engagements", kind="event", title_en="Governors' forum", when="2023-06", countries=["TH"])
    page = await search("", country="US", year=2024, facets="country,kind,year")
    counted = {name: {each["value"]: each["count"] for each in values} for name, values in page["facets"].items()}
    assert page["total"] == 1
    assert counted == {"country": {"US": 1}, "kind": {"meeting": 1}, "year": {"2024": 1}}
    page = await search("governor", country="US", facets="country,kind")
    counted = {name: {each["value"]: each["count"] for each in values} for name, values in page["facets"].items()}
    assert (page["total"], counted) == (1, {"country": {"US": 1, "TH": 1}, "kind": {"meeting": 1}})


async def test_a_hit_says_by_which_name_a_person_was_found(client: httpx.AsyncClient, search: Search) -> None:
    await newsom(client)
    [hit] = (await search("뉴썸"))["items"]
    assert hit["people"][0]["matched_names"] == ["개빈 뉴썸"]
    assert hit["highlights"]["people/0/matched_names/0"] == [[3, 5]]
    [hit] = (await search("뉴섬"))["items"]
    assert hit["people"][0]["matched_names"] == []
    assert hit["highlights"]["people/0/name_ko"] == [[3, 5]]


async def test_what_was_read_in_the_words_is_shown_and_can_be_taken_back(client: httpx.AsyncClient, search: Search) -> None:
    await newsom(client)
    await create(client, "engagements", kind="event", title_en="American film week 2024", when="2023-07", countries=["TH"])
    page = await search("American governor May 2024")
    assert titles(page) == ["Meeting with Governor Newsom"]
    assert page["understood"]["text"] == "governor"
    assert [(chip["field"], chip["value"], chip["text"]) for chip in page["understood"]["chips"]] == [
        ("country", "US", "American"),
        ("when", "2024-05", "May 2024"),
    ]
    assert titles(await search("American", as_words="country")) == ["American film week 2024", "Meeting with Governor Newsom"]
    page = await search("film 2024")
    assert titles(page) == ["American film week 2024"], "nothing of 2024 is found, so the words are taken as words"
    assert page["understood"]["chips"] == []


async def test_a_person_named_in_full_and_a_kind_are_noticed_and_lose_nothing(client: httpx.AsyncClient, search: Search) -> None:
    meeting = await newsom(client)
    person = meeting["participations"][0]["person"]["id"]
    await create(
        client, "engagements", kind="call", title_en="Call with the mayor", summary_en="He spoke of Gavin Newsom.", when="2024-06"
    )

    async def noticed(words: str, **parameters: str) -> list[tuple[str, str, str, bool]]:
        chips = (await search(words, **parameters))["understood"]["chips"]
        return [(chip["field"], chip["value"], words[chip["start"] : chip["end"]], chip["applied"]) for chip in chips]

    assert await noticed("Newsom, Gavin meetings") == [
        ("person", person, "Newsom, Gavin", True),
        ("kind", "meeting", "meetings", True),
    ]
    assert await noticed("개빈 뉴썸과의 면담") == [("person", person, "개빈 뉴썸과의", True), ("kind", "meeting", "면담", True)]
    assert len((await search("gavin newsom"))["items"]) == 2, "he is only spoken of in the call, which is found as well"
    assert await noticed("gavin newsom") == [("person", person, "gavin newsom", False)]
    assert titles(await search("gavin newsom", person=person)) == ["Meeting with Governor Newsom"]
    assert await noticed("gavin newsom call", as_words="person") == [("kind", "call", "call", True)]
    assert await noticed("newsom") == [], "a surname is anybody's"
    assert await noticed('"gavin newsom" -call') == [], "what stands in quotes or after a minus is words"
    assert await noticed("gavin newsom statement") == [], "nothing that was found is a statement"


async def test_it_says_which_keys_were_meant_and_which_words_were_given_up(client: httpx.AsyncClient, search: Search) -> None:
    await newsom(client)
    page = await search("rlaehddus")
    assert (page["understood"]["text"], page["understood"]["respelled"]) == ("김동연", "keyboard")
    page = await search("newsom zeppelin governor")
    assert (page["relaxed"], page["understood"]["given_up"]) == (True, ["zeppelin"])
    page = await search("zeppelin")
    assert (page["total"], page["relaxed"], page["understood"]["given_up"]) == (0, False, [])


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"country": "US"}, 1),
        ({"country": ["US", "TH"]}, 2),
        ({"country": "US", "kind": "event"}, 0),
        ({"year": 2023}, 1),
        ({"when": "2024-05"}, 1),
        ({"when": "2022/2023"}, 1),
        ({"when": "2024-05-07/.."}, 0),
        ({"when": "../2024-05-06"}, 2),
        ({"office": "governor"}, 1),
        ({"outcome_kind": "mou"}, 1),
        ({"outcome_status": "signed"}, 1),
        ({"status": "planned"}, 0),
        ({"external_id": "gg-2024-05-06-newsom"}, 1),
        ({"external_id": "gg-none"}, 0),
    ],
)
async def test_filters_narrow_and_repeated_ones_widen(client: httpx.AsyncClient, search: Search, asked: Json, found: int) -> None:
    await newsom(client)
    await create(client, "engagements", kind="event", title_en="Tourism fair in Bangkok", when="2023-07-07", countries=["TH"])
    assert (await search("", **asked))["total"] == found


async def test_without_words_the_newest_comes_first_and_the_undated_last(client: httpx.AsyncClient, search: Search) -> None:
    for title, when in (("Old", "2022-07"), ("Undated", None), ("New", "2025-01-20")):
        await create(client, "engagements", kind="meeting", title_en=title, when=when)
    assert titles(await search("")) == ["New", "Old", "Undated"]
    assert titles(await search("", sort="when")) == ["Old", "New", "Undated"]


async def test_pages_follow_each_other_without_gap_or_repetition(client: httpx.AsyncClient, search: Search) -> None:
    for n in range(7):
        await create(client, "engagements", kind="meeting", title_en=f"Meeting {n}", when=f"2024-01-0{n + 1}")
    page = await search("meeting", limit=3)
    seen = titles(page)
    while page["next_cursor"]:
        page = await search("meeting", limit=3, cursor=page["next_cursor"])
        seen += titles(page)
    assert sorted(seen) == [f"Meeting {n}" for n in range(7)]
    assert titles(await search("", limit=3, page=2)) == ["Meeting 3", "Meeting 2", "Meeting 1"]
    beyond = await search("", limit=3, page=9)
    assert (beyond["items"], beyond["total"], beyond["total_exact"]) == ([], 7, True)


async def test_when_not_all_words_are_found_together_the_answer_says_that_it_gave_some_up(
    client: httpx.AsyncClient, search: Search
) -> None:
    await newsom(client)
    assert (await search("newsom climate"))["relaxed"] is False
    page = await search("newsom zzyzx")
    assert (page["total"], page["relaxed"]) == (1, True)


@pytest.mark.parametrize(
    ("query", "parameter", "hint"),
    [
        ("?county=US", "county", "country"),
        ("?country=USA", "country", "US"),
        ("?kind=metting", "kind", "meeting"),
        ("?limit=1000", "limit", "100"),
        ("?when=soon", "when", "EDTF"),
        ("?facets=contry", "facets", "country"),
        ("?sort=date", "sort", "when"),
        ("?page=0", "page", "1"),
        ("?page=2000&limit=10", "page", "narrow"),
        ("?cursor=xyz", "cursor", "begin again"),
        ("?year=soon", "year", "integer"),
        ("?q=a&q=b", "q", "more than once"),
        ("?person=1", "person", ""),
        ("?q=%00", "q", ""),
        ("?q=%ff", "q", "UTF-8"),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_what_would_be_right(
    client: httpx.AsyncClient, query: str, parameter: str, hint: str
) -> None:
    fault = await refused(client, f"/v1/search{query}")
    assert fault["parameter"] == parameter
    assert hint in fault["detail"]


@pytest.mark.parametrize(
    "typed",
    ["x" * 1000, '"', "-", '"unclosed phrase', "a AND (b OR", "'; DROP TABLE engagement; --", "\ufffe", "😀", "ㄱㄷㅇ", " "],
)
async def test_odd_words_are_words_and_never_an_error(client: httpx.AsyncClient, search: Search, typed: str) -> None:
    await newsom(client)
    assert (await search(typed))["total"] in (0, 1)


async def test_a_changed_register_is_found_changed(client: httpx.AsyncClient, search: Search) -> None:
    meeting = await newsom(client)
    person = meeting["participations"][0]["person"]["id"]
    assert (await search("newsom"))["total"] == 1
    merge = {"Content-Type": "application/merge-patch+json"}
    answer = await client.patch(f"/v1/people/{person}", content='{"name_en": "Gavin Christopher Newsom"}', headers=merge)
    assert answer.status_code == 200
    [hit] = (await search("christopher"))["items"]
    assert hit["people"][0]["name_en"] == "Gavin Christopher Newsom"
    assert (await client.post(f"/v1/engagements/{meeting['id']}/withdraw", json={"reason": "recorded twice"})).status_code == 200
    assert (await search("newsom"))["total"] == 0
    assert (await client.post(f"/v1/engagements/{meeting['id']}/restore", json={})).status_code == 200
    assert (await search("newsom"))["total"] == 1


async def test_the_index_says_that_it_is_in_step_and_with_what(client: httpx.AsyncClient, search: Search) -> None:
    await newsom(client)
    await search("")
    state = (await client.get("/v1/index")).json()
    [mirror] = state["mirrors"]
    assert (state["asked"], state["in_step"]) == (mirror["name"], True)
    assert (mirror["documents"], mirror["pending"], mirror["dead"], mirror["last_error"]) == (1, 0, 0, None)
