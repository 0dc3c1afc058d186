"""From what a person asked to a `Query`, and from an engine's `Answer` to what she is told, in no engine's language.

All of it is pure but `ask`, which puts the query to an engine.

`FACETS` is the one table of what can be filtered and counted: its name in the API, the attribute of the document, and how
a value of it is called in English and Korean.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache, partial
from typing import Any, Final

from service.register import codes, places, when
from service.search import keys
from service.search.document import day_number
from service.search.engine import Answer, Between, Filter, OneOf, Query, Searcher, Sort
from service.search.highlight import Marker, page

Hit = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Facet:
    """A thing that can be filtered by and counted: `filtered` and `counted` are attributes of the document."""

    filtered: str
    counted: str
    label: Callable[[str], tuple[str, str | None, str | None]]
    """Of a counted value: the value to filter by, its English and its Korean label."""


def _coded(field_name: str, value: str) -> tuple[str, str | None, str | None]:
    known = codes.FIELDS[field_name].get(value)
    return value, known.en if known else None, known.ko if known else None


def _country(value: str) -> tuple[str, str | None, str | None]:
    known = places.countries().get(value)
    return value, known.en if known else None, known.ko if known else None


def _named(value: str) -> tuple[str, str | None, str | None]:
    record_id, english, korean = value.split("\t")
    return record_id, english or None, korean or None


def _plain(value: str) -> tuple[str, str | None, str | None]:
    return value, value, value


def _year(value: str) -> tuple[str, str | None, str | None]:
    return value, value, f"{value}년"


FACETS: Final[dict[str, Facet]] = {
    "country": Facet("countries", "countries", _country),
    "kind": Facet("kind", "kind", partial(_coded, "kind")),
    "status": Facet("status", "status", partial(_coded, "status")),
    "mode": Facet("mode", "mode", partial(_coded, "mode")),
    "direction": Facet("direction", "direction", partial(_coded, "direction")),
    "year": Facet("years", "years", _year),
    "person": Facet("person_ids", "people_facet", _named),
    "organization": Facet("organization_ids", "organizations_facet", _named),
    "topic": Facet("topic_ids", "topics_facet", _named),
    "office": Facet("office_types", "office_types", partial(_coded, "office_type")),
    "outcome_kind": Facet("outcome_kinds", "outcome_kinds", partial(_coded, "outcome_kind")),
    "outcome_status": Facet("outcome_statuses", "outcome_statuses", partial(_coded, "outcome_status")),
    "publisher": Facet("publishers", "publishers", _plain),
}

_SHOWN: Final = ("title_en", "title_ko", "summary_en", "summary_ko")
_SHOWN_OF: Final = {"people": ("name_en", "name_ko", "office"), "organizations": ("name_en", "name_ko")}

SORTS: Final[dict[str, tuple[Sort, ...]]] = {
    "relevance": (),
    "when": (Sort("start_day"),),
    "-when": (Sort("start_day", descending=True),),
    "recorded_at": (Sort("recorded_at"),),
    "-recorded_at": (Sort("recorded_at", descending=True),),
}


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: words, the values wanted of each facet, a date or span, and which page of what order."""

    text: str = ""
    wanted: Mapping[str, tuple[str | int, ...]] = field(default_factory=dict)
    external_ids: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    during: str | None = None
    facets: tuple[str, ...] = ()
    sort: str | None = None
    offset: int = 0
    limit: int = 20


def to_query(question: Question) -> Query:
    """The query that asks this. Without words and without a sort of its own, the newest engagement comes first."""
    text = keys.query_text(question.text)
    sort = SORTS[question.sort] if question.sort else () if text else SORTS["-when"]
    return Query(
        text=text,
        filters=_filters(question),
        facets=tuple(FACETS[name].counted for name in question.facets),
        sort=sort,
        offset=question.offset,
        limit=question.limit,
    )


def _filters(question: Question) -> tuple[Filter, ...]:
    wanted: list[Filter] = [OneOf(FACETS[name].filtered, values) for name, values in question.wanted.items() if values]
    if question.external_ids:
        wanted.append(OneOf("external_ids", question.external_ids))
    if question.parents:
        wanted.append(OneOf("parent_id", question.parents))
    if question.during:
        span = when.parse(question.during)
        wanted.append(Between("start_day", high=day_number(span.end or date.max)))
        wanted.append(Between("end_day", low=day_number(span.start or date.min)))
    return tuple(wanted)


async def ask(searcher: Searcher, query: Query) -> tuple[Answer, bool]:
    """What the engine found, and whether words were given up for it because all of them together found nothing."""
    answer = await searcher.search(query)
    if not answer.total and (wider := _relaxed(query)):
        answer = await searcher.search(wider)
        return answer, answer.total > 0
    return answer, False


def _relaxed(query: Query) -> Query | None:
    """The query that gives up words from the end, or None when there is no word to give up."""
    return replace(query, match="last") if query.match == "all" and len(query.text.split()) > 1 else None


def hits(answer: Answer, text: str) -> list[Hit]:
    """The cards of an answer, each with the ranges of its texts that match the words, in Unicode code points."""
    if not text.strip():
        return [{**card, "highlights": {}} for card in answer.cards]
    ranges = page([_shown(card) for card in answer.cards], Marker(text))
    return [{**card, "highlights": marked} for card, marked in zip(answer.cards, ranges, strict=True)]


def _shown(card: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a card that a list shows, by JSON Pointer without the leading slash."""
    shown = {name: text for name in _SHOWN if (text := card[name])}
    for group, names in _SHOWN_OF.items():
        for n, item in enumerate(card[group]):
            for path, name in _paths(group, n, names):
                if text := item[name]:
                    shown[path] = text
    return shown


@cache
def _paths(group: str, n: int, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((f"{group}/{n}/{name}", name) for name in names)


def facet_counts(answer: Answer, names: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """For each facet that was asked for, its values with labels and counts, the most frequent first."""
    return {name: _counts(answer.facets.get(FACETS[name].counted, {}), FACETS[name]) for name in names}


def _counts(counts: Mapping[str, int], facet: Facet) -> list[dict[str, Any]]:
    listed = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    labelled = ((facet.label(value), count) for value, count in listed)
    return [{"value": value, "label_en": en, "label_ko": ko, "count": count} for (value, en, ko), count in labelled]
