"""What engagements can be filtered and counted by.

`FACETS` is the one table of it: a facet's name in the API, the attribute of the document, and how a value of it is called in
English and Korean.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final, NamedTuple

from service.register import codes, places
from service.search.dates import MONTHS
from service.search.engine import Answer
from service.search.fitting import AS_TYPED, Fit, Way, fit, parts


@dataclass(frozen=True, slots=True)
class Facet:
    """A thing that can be filtered by and counted: `filtered` and `counted` are attributes of the document."""

    filtered: str
    counted: str
    label: Callable[[str], tuple[str, str | None, str | None]]
    """Of a counted value: the value to filter by, its English and its Korean label."""

    @property
    def is_named(self) -> bool:
        """Whether its values are records, with all their names."""
        return self.label is _named


def _coded(field_name: str, value: str) -> tuple[str, str | None, str | None]:
    known = codes.FIELDS[field_name].get(value)
    return value, known.en if known else None, known.ko if known else None


def _country(value: str) -> tuple[str, str | None, str | None]:
    known = places.countries().get(value)
    return value, known.en if known else None, known.ko if known else None


def _named(value: str) -> tuple[str, str | None, str | None]:
    record_id, english, korean, *_ = value.split("\t")
    return record_id, english or None, korean or None


def _plain(value: str) -> tuple[str, str | None, str | None]:
    return value, value, value


def _year(value: str) -> tuple[str, str | None, str | None]:
    return value, value, f"{value}년"


def _month(value: str) -> tuple[str, str | None, str | None]:
    year, month = value.split("-")
    return value, f"{MONTHS[int(month) - 1].title()} {year}", f"{year}년 {int(month)}월"


FACETS: Final[dict[str, Facet]] = {
    "country": Facet("countries", "countries", _country),
    "kind": Facet("kind", "kind", partial(_coded, "kind")),
    "status": Facet("status", "status", partial(_coded, "status")),
    "mode": Facet("mode", "mode", partial(_coded, "mode")),
    "direction": Facet("direction", "direction", partial(_coded, "direction")),
    "year": Facet("years", "years", _year),
    "month": Facet("months", "months", _month),
    "person": Facet("person_ids", "people_facet", _named),
    "organization": Facet("organization_ids", "organizations_facet", _named),
    "topic": Facet("topic_ids", "topics_facet", _named),
    "office": Facet("office_types", "office_types", partial(_coded, "office_type")),
    "outcome_kind": Facet("outcome_kinds", "outcome_kinds", partial(_coded, "outcome_kind")),
    "outcome_status": Facet("outcome_statuses", "outcome_statuses", partial(_coded, "outcome_status")),
    "publisher": Facet("publishers", "publishers", _plain),
}


class Value(NamedTuple):
    """A value of a facet, how often it was counted, and the name of it that fits what was typed."""

    value: str
    label_en: str | None
    label_ko: str | None
    matches: int
    fit: Fit

    @property
    def matched_name(self) -> str | None:
        """The name that fits, where it is none of the labels."""
        return None if self.fit.name in (self.label_en, self.label_ko) else self.fit.name


def values_that_fit(counts: Mapping[str, int], facet: Facet, typed: Sequence[str], ways: Sequence[Way]) -> Iterator[Value]:
    """Of the values counted, those that have the words typed in one of their names, the most frequent first."""
    begun = [f" {word}" for word in typed] if ways is AS_TYPED else []
    given: set[str] = set()
    for counted in sorted(counts, key=lambda counted: (-counts[counted], counted)):
        if all(word in _spaced_parts(counted) for word in begun) or not facet.is_named:
            value, english, korean = facet.label(counted)
            names = (english, korean, *counted.split("\t")[3:], None if facet.is_named else value)
            if value not in given and (how := fit(typed, names, ways)):
                given.add(value)
                yield Value(value, english, korean, counts[counted], how)


@lru_cache(maxsize=16_384)
def _spaced_parts(counted: str) -> str:
    """All words and parts of a counted value's names, each after a blank: most values are ruled out by one look into it."""
    return "".join(f" {part}" for name in counted.split("\t")[1:] for part in parts(name))


def counts(answer: Answer, names: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """For each facet that was asked for, its values with labels and counts, the most frequent first; months as they follow.

    Where those were counted that have no value, they come last, and their `value` is None.
    """
    asked = ((name, FACETS[name]) for name in names)
    return {name: _labelled(answer.facets.get(facet.counted, {}), facet, answer.missing.get(name)) for name, facet in asked}


def _labelled(totals: Mapping[str, int], facet: Facet, missing: int | None) -> list[dict[str, Any]]:
    # A record that was renamed just now is counted under both names until the mirror is in step.
    found: dict[str, dict[str, Any]] = {}
    for counted, count in sorted(totals.items(), key=lambda item: (-item[1], item[0])):
        value, en, ko = facet.label(counted)
        each = found.setdefault(value, {"value": value, "label_en": en, "label_ko": ko, "count": 0})
        each["count"] += count
    none = [] if missing is None else [{"value": None, "label_en": "none", "label_ko": "없음", "count": missing}]
    if facet.counted == "months":
        return [found[value] for value in sorted(found)] + none
    return sorted(found.values(), key=lambda each: -each["count"]) + none
