"""What engagements can be filtered and counted by.

`FACETS` is the one table of it: a facet's name in the API, the attribute of the document, and how a value of it is called in
English and Korean.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from service.register import codes, places
from service.search.engine import Answer


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
    record_id, english, korean, *_ = value.split("\t")
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


def counts(answer: Answer, names: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """For each facet that was asked for, its values with labels and counts, the most frequent first."""
    return {name: _labelled(answer.facets.get(FACETS[name].counted, {}), FACETS[name]) for name in names}


def _labelled(totals: Mapping[str, int], facet: Facet) -> list[dict[str, Any]]:
    # A record that was renamed just now is counted under both names until the mirror is in step.
    found: dict[str, dict[str, Any]] = {}
    for counted, count in sorted(totals.items(), key=lambda item: (-item[1], item[0])):
        value, en, ko = facet.label(counted)
        each = found.setdefault(value, {"value": value, "label_en": en, "label_ko": ko, "count": 0})
        each["count"] += count
    return sorted(found.values(), key=lambda each: -each["count"])
