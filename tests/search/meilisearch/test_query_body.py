"""A question becomes a search body that says the same, whatever a user typed, and pages without a gap."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.search import schema
from service.search.engine import Answer, Between, EngineDown, EngineRefused, Filter, Missing, NoneOf, OneOf, Query, Sort
from service.search.meilisearch.query import answer, body, condition, page_over


def test_a_question_with_everything_becomes_one_body() -> None:
    query = Query(
        text="개빈 뉴섬",
        filters=(OneOf("countries", ("US", "CA")), Between("start_day", 20230101, 20241231)),
        facets=("kind", "years"),
        sort=(Sort("start_day", descending=True), Sort("recorded_at")),
        offset=40,
        limit=20,
        match="last",
    )
    assert body(query) == {
        "q": "개빈 뉴섬",
        "page": 3,
        "hitsPerPage": 20,
        "attributesToRetrieve": ["card"],
        "matchingStrategy": "last",
        "filter": ['countries IN ["US", "CA"]', "start_day 20230101 TO 20241231"],
        "facets": ["kind", "years"],
        "sort": ["start_day:desc", "recorded_at:asc"],
    }


def test_a_bare_question_asks_for_nothing_more() -> None:
    assert body(Query()) == {"q": "", "page": 1, "hitsPerPage": 20, "attributesToRetrieve": ["card"], "matchingStrategy": "all"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (OneOf("kind", ("visit",)), 'kind = "visit"'),
        (OneOf("years", (2024,)), 'years = "2024"'),
        (OneOf("in_scope", (True,)), 'in_scope = "true"'),
        (OneOf("kind", ()), "kind IN []"),
        (NoneOf("id", ("a", "b")), 'id NOT IN ["a", "b"]'),
        (NoneOf("in_scope", (False,)), 'in_scope NOT IN ["false"]'),
        (Between("start_day", low=20240101), "start_day >= 20240101"),
        (Between("start_day", high=20240101), "start_day <= 20240101"),
        (Between("years", 2020, 2022), "years 2020 TO 2022"),
        (Between("years"), "years EXISTS"),
        (Missing("parent_id"), ["parent_id NOT EXISTS", "parent_id IS NULL", "parent_id IS EMPTY"]),
        (OneOf("people_facet", ("1\tGavin\t개빈",)), 'people_facet = "1\\tGavin\\t개빈"'),
        (OneOf("kind", ('x" OR visibility = "public',)), 'kind = "x\\" OR visibility = \\"public"'),
        (OneOf("kind", ("back\\slash",)), 'kind = "back\\\\slash"'),
    ],
)
def test_every_filter_has_its_condition(asked: Filter, said: Any) -> None:
    assert condition(asked) == said


@pytest.mark.scenario(69)
@given(st.text())
def test_no_value_leaves_its_quotes(value: str) -> None:
    said = condition(OneOf("kind", (value,)))
    assert isinstance(said, str)
    quoted = said.removeprefix("kind = ")
    assert json.loads(quoted) == value
    assert quoted[0] == quoted[-1] == '"'


@pytest.mark.parametrize(
    "asked",
    [
        OneOf('kind = "a" OR id', ("b",)),
        Missing("titles"),
        Between("kind", 1, 2),
        OneOf("years", ("2024",)),
        OneOf("kind", (7,)),
        OneOf("years", (True,)),
        NoneOf("in_scope", ("true",)),
    ],
)
def test_a_filter_that_cannot_be_is_refused_before_anything_is_sent(asked: Filter) -> None:
    with pytest.raises(EngineRefused, match="invalid_search_filter") as refused:
        condition(asked)
    assert refused.value.status == 400


@given(offset=st.integers(0, schema.MAX_HITS), limit=st.integers(1, 1000))
def test_a_page_covers_what_was_asked_and_little_more(offset: int, limit: int) -> None:
    page, size, before = page_over(offset, limit)
    first = (page - 1) * size
    assert first + before == offset
    assert before + limit <= size <= offset + limit


@pytest.mark.parametrize(
    ("offset", "limit", "page"), [(0, 20, (1, 20, 0)), (20, 20, (2, 20, 0)), (30, 20, (2, 25, 5)), (9, 0, (1, 0, 0))]
)
def test_pages_that_fit_are_asked_for_as_they_are(offset: int, limit: int, page: tuple[int, int, int]) -> None:
    assert page_over(offset, limit) == page


def test_an_offset_between_two_pages_gets_its_own_hits() -> None:
    said = {"hits": [{"card": {"n": n}} for n in range(25, 50)], "totalHits": 55}
    found = answer(said, Query(offset=30, limit=20))
    assert [card["n"] for card in found.cards] == list(range(30, 50))


def test_an_answer_is_read_with_its_counts() -> None:
    said = {"hits": [{"card": {"id": "a"}}], "totalHits": 1, "facetDistribution": {"in_scope": {"true": 1}, "years": {"2024": 1}}}
    assert answer(said, Query(facets=("in_scope", "years", "kind"))) == Answer(
        cards=[{"id": "a"}], total=1, exact=True, facets={"in_scope": {"true": 1}, "years": {"2024": 1}, "kind": {}}
    )


def test_a_total_that_ends_where_paging_ends_is_not_called_exact() -> None:
    totals = {total: answer({"hits": [], "totalHits": total}, Query()).exact for total in (0, 9_999, schema.MAX_HITS, 20_000)}
    assert totals == {0: True, 9_999: True, schema.MAX_HITS: False, 20_000: True}


@pytest.mark.parametrize(
    "said",
    [
        {"hits": [{"title": "of somebody else's index"}], "totalHits": 1},
        {"hits": [], "estimatedTotalHits": 1},
        {"status": "available"},
        {"hits": [None], "totalHits": 1},
    ],
)
def test_an_answer_of_another_index_is_no_answer(said: dict[str, Any]) -> None:
    with pytest.raises(EngineDown, match="not from our index"):
        answer(said, Query())
