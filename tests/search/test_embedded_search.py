"""What the embedded engine promises beyond the contract: the order of its hits, and counts that are right to the last one."""

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.search.embedded import EmbeddedEngine
from service.search.engine import Between, Filter, Missing, NoneOf, OneOf, Query, Sort
from service.search.keys import query_text
from tests.search.corpus import ask, engagement, found, put

pytestmark = pytest.mark.anyio


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EmbeddedEngine]:
    engine = EmbeddedEngine(tmp_path)
    engine.prepare()
    yield engine
    engine.close()


async def test_fewer_typos_come_first(engine: EmbeddedEngine) -> None:
    put(engine, engagement("far", "Gorvenos"), engagement("near", "Governer Lee"), engagement("exact", "Mention of a governor"))

    assert await found(engine, "governor lee", match="last") == ["near", "exact"]
    assert await found(engine, "governor") == ["exact", "near"]


async def test_words_nearer_to_each_other_come_first(engine: EmbeddedEngine) -> None:
    put(
        engine,
        engagement("apart", "Climate was one of the many things that were talked about with California"),
        engagement("near", "Climate policy of California"),
        engagement("together", "Notes on California climate", places=["California"]),
    )

    assert await found(engine, "california climate") == ["together", "near", "apart"]


async def test_a_more_telling_attribute_comes_first(engine: EmbeddedEngine) -> None:
    put(
        engine,
        engagement("note", "A", notes=["Whitmer was mentioned"]),
        engagement("person", "B", people=["Gretchen Whitmer"]),
        engagement("title", "Whitmer"),
        engagement("key", "C", keys=["whitmer"]),
    )

    assert await found(engine, "whitmer") == ["title", "person", "note", "key"]


async def test_a_whole_word_comes_before_the_beginning_of_one(engine: EmbeddedEngine) -> None:
    put(engine, engagement("longer", "Kimberly"), engagement("whole", "Kim"))

    assert await found(engine, "kim") == ["whole", "longer"]


async def test_more_words_come_first_where_words_may_be_given_up(engine: EmbeddedEngine) -> None:
    put(
        engine,
        engagement("one", "Governor", start_day=20250101),
        engagement("three", "A governor who signed an agreement somewhere in Virginia", start_day=20230101),
        engagement("two", "Governor signs", start_day=20240101),
    )

    assert await found(engine, "governor virginia signed", match="last") == ["three", "one", "two"]
    assert await found(engine, "governor signs virginia", match="last") == ["two", "one", "three"]


async def test_of_equally_good_hits_the_newest_comes_first_and_undated_ones_last(engine: EmbeddedEngine) -> None:
    days = {"old": 20190101, "new": 20250630, "undated": None, "middle": 20220315}
    for batch, (name, day) in enumerate(days.items()):
        put(engine, engagement(name, "Meeting", start_day=day), batch=f"batch-{batch}")

    assert await found(engine, "meeting") == ["new", "middle", "old", "undated"]
    assert await found(engine) == ["new", "middle", "old", "undated"]


@pytest.mark.parametrize("text", ["meeting", "meeting in seoul", "meetin", "", '"meeting in"'])
async def test_pages_through_a_wide_tie_show_each_hit_once_and_the_newest_first(engine: EmbeddedEngine, text: str) -> None:
    draw = random.Random(1)
    days = {f"e{number}": draw.choice([None, draw.randint(2019, 2025) * 10_000 + 101]) for number in range(1_500)}
    documents = [engagement(name, "Meeting in Seoul", start_day=day) for name, day in days.items()]
    for at in range(0, len(documents), 300):
        put(engine, *documents[at : at + 300], batch=f"batch-{at}")
    pages = [await ask(engine, Query(text=text, offset=offset, limit=70)) for offset in range(0, len(days), 70)]
    ids = [card["id"] for page in pages for card in page.cards]

    assert {page.total for page in pages} == {len(days)}
    assert sorted(ids) == sorted(days)
    assert [days[name] or 0 for name in ids] == sorted((day or 0 for day in days.values()), reverse=True)


async def test_sorting_by_two_attributes_settles_the_ties_of_the_first_by_the_second(engine: EmbeddedEngine) -> None:
    draw = random.Random(2)
    documents = [
        engagement(
            f"e{n}", "Visit", start_day=draw.choice([None, 20240101, 20240102, 20250101]), recorded_at=draw.choice([None, n])
        )
        for n in range(400)
    ]
    put(engine, *documents)

    def place(document: dict[str, Any]) -> tuple[bool, int, bool, int]:
        day, recorded = document["start_day"], document["recorded_at"]
        return day is None, day or 0, recorded is None, -(recorded or 0)

    order = (Sort("start_day"), Sort("recorded_at", descending=True))
    expected = [place(document) for document in sorted(documents, key=place)]
    by_id = {document["id"]: document for document in documents}
    for offset in (0, 37, 95, 399):
        answer = await ask(engine, Query(sort=order, offset=offset, limit=60))
        assert [place(by_id[card["id"]]) for card in answer.cards] == expected[offset : offset + 60]


KINDS, COUNTRIES, YEARS = ("meeting", "call", "visit"), ("US", "CA", "KR", "PL"), (2022, 2023, 2024)


def drawn(draw: random.Random, number: int) -> dict[str, Any]:
    """An engagement of which anything may be missing."""
    return engagement(
        f"e{number}",
        " ".join(draw.choices(["governor", "premier", "climate", "trade", "vancouver", "sacramento"], k=draw.randint(1, 4))),
        kind=draw.choice([*KINDS, None]),
        countries=draw.sample(COUNTRIES, draw.randint(0, 3)),
        years=draw.sample(YEARS, draw.randint(0, 2)),
        start_day=draw.choice([None, 20220101, 20230615, 20241231]),
        in_scope=draw.choice([True, False, None]),
    )


def drawn_filter(draw: random.Random) -> Filter:
    choices: list[Filter] = [
        OneOf("kind", tuple(draw.sample(KINDS, draw.randint(0, 2)))),
        NoneOf("countries", tuple(draw.sample(COUNTRIES, draw.randint(0, 2)))),
        OneOf("countries", tuple(draw.sample(COUNTRIES, 2))),
        OneOf("years", (draw.choice(YEARS),)),
        OneOf("in_scope", (draw.choice([True, False]),)),
        Between("start_day", draw.choice([None, 20220102]), draw.choice([None, 20230615])),
        Between("years", draw.choice([None, 2023]), draw.choice([None, 2023])),
        Missing(draw.choice(["kind", "countries", "years", "start_day", "in_scope", "parent_id"])),
    ]
    return draw.choice(choices)


def keeps(wanted: Filter, document: dict[str, Any]) -> bool:
    """What a filter means, said plainly."""
    value = document.get(wanted.field)
    values = value if isinstance(value, list) else [] if value is None else [value]
    match wanted:
        case OneOf(_, among):
            return any(one in among for one in values)
        case NoneOf(_, among):
            return not any(one in among for one in values)
        case Between(_, low, high):
            return any((low is None or one >= low) and (high is None or one <= high) for one in values)
        case Missing():
            return not values


def counted(documents: list[dict[str, Any]], name: str) -> dict[str, int]:
    values = (document.get(name) for document in documents)
    flat = [one for value in values if value is not None for one in (value if isinstance(value, list) else [value])]
    return dict(Counter(str(one).lower() if isinstance(one, bool) else str(one) for one in flat))


async def test_totals_and_facets_are_exact_for_any_filters_and_words(engine: EmbeddedEngine) -> None:
    draw = random.Random(3)
    documents = [drawn(draw, number) for number in range(600)]
    for at in range(0, 600, 150):
        put(engine, *documents[at : at + 150], batch=f"batch-{at}")
    facets = ("kind", "countries", "years", "in_scope")
    for _ in range(300):
        filters = tuple(drawn_filter(draw) for _ in range(draw.randint(0, 3)))
        words = draw.sample(["governor", "premier", "climate"], draw.randint(0, 2))
        kept = [
            document
            for document in documents
            if all(keeps(wanted, document) for wanted in filters) and all(word in document["titles"][0].split() for word in words)
        ]
        answer = await ask(engine, Query(text=" ".join(words), filters=filters, facets=facets, limit=1_000))
        assert {card["id"] for card in answer.cards} == {document["id"] for document in kept}, (filters, words)
        assert answer.total == len(kept)
        assert answer.facets == {name: counted(kept, name) for name in facets}


async def test_the_most_frequent_of_very_many_values_are_counted_exactly(engine: EmbeddedEngine) -> None:
    draw = random.Random(4)
    people = [f"p{number}\tPerson {number}\t" for number in range(2_000)]
    chosen = [draw.sample(people[: draw.choice([40, 2_000])], 3) for _ in range(2_000)]
    for at in range(0, 2_000, 250):
        part = [engagement(f"e{n}", "Meeting", people_facet=chosen[n]) for n in range(at, at + 250)]
        put(engine, *part, batch=f"batch-{at}")
    exact = Counter(person for three in chosen for person in three)
    answer = await ask(engine, Query(facets=("people_facet",)))

    assert len(answer.facets["people_facet"]) == 200
    assert list(answer.facets["people_facet"].values()) == [count for _, count in exact.most_common(200)]
    assert all(exact[person] == count for person, count in answer.facets["people_facet"].items())


@pytest.mark.parametrize(
    "typed",
    [
        *(
            "governor",
            "gov",
            "govenor",
            "governor climate",
            "climate gov",
            "김동",
            "김동연 면담",
            "youngkin",
            "young kin",
            "youngkinn",
        ),
        *("newyork", "new york", "ambasador", "meeting seoul governor", "가나다 meeting", "x", "governor nowhere"),
    ],
)
@pytest.mark.parametrize("match", ["all", "last"])
async def test_what_is_counted_is_what_can_be_paged_through(engine: EmbeddedEngine, typed: str, match: Any) -> None:
    draw = random.Random(5)
    latin = ["governor", "governer", "gov", "young", "kin", "youngkin", "new", "york", "newyork", "ambassador", "climate"]
    names = [*latin, "meeting", "seoul", "김동연", "김동연이", "면담을", "신동연"]
    put(engine, *(engagement(f"e{n}", " ".join(draw.sample(names, 5)), kind=draw.choice(KINDS)) for n in range(500)))
    query = Query(text=query_text(typed), match=match, facets=("kind",), limit=1_000)
    answer = await ask(engine, query)

    assert answer.total == len({card["id"] for card in answer.cards}) == sum(answer.facets["kind"].values())
    assert answer.total == (await ask(engine, Query(text=query.text, match=match, limit=0))).total


async def test_a_large_index_is_asked_in_a_thread_and_answers_the_same(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    engine.prepare()
    put(engine, *(engagement(f"e{n}", f"Governor number {n}", start_day=20240101 + n % 28) for n in range(2_500)))
    searcher = engine.searcher()
    first = await searcher.search(Query(text="governor number 77"))
    again = await searcher.search(Query(text="governor number 77"))

    assert first == again
    assert first.cards[0]["id"] == "e77"
    await searcher.close()
    engine.close()
