"""Where two records of one engagement say different things: pure, for merging.

A part of the merged record that the survivor has too is not told twice; what it says differently is kept as an assertion.
"""

from collections.abc import Callable, Iterator
from typing import Any

from service.register.verbs.journal import Record

_COMPARED = (
    *("kind", "mode", "direction", "status", "title_en", "title_ko", "summary_en", "summary_ko", "when", "place"),
    *("countries", "topics", "parent", "visibility", "note"),
)
_OF_THE_PART_ITSELF = ("id", "kind_as_stated", "status_as_stated")

Pair = tuple[Record, Record]


def disagreements(merged: Record, survivor: Record) -> Iterator[tuple[str, str]]:
    """The fields of which the merged record says something else than the survivor, each with what it says."""
    for field in _COMPARED:
        if _adds(merged[field], survivor[field]) and not (field == "parent" and merged[field]["id"] == survivor["id"]):
            yield field, _in_words(merged[field])
    for part in ("participations", "outcomes"):
        for one, other in paired(part, merged, survivor)[0]:
            said, kept = told(one), told(other)
            if differing := [f"{field}: {value}" for field, value in said.items() if kept.get(field) != value]:
                yield f"{part}/{_name_of(part, one)}"[:500], "; ".join(differing)


def _adds(said: Any, kept: Any) -> bool:
    if isinstance(said, list):
        return any(item not in kept for item in said)
    return said is not None and said != kept


def paired(part: str, merged: Record, survivor: Record) -> tuple[list[Pair], list[Record]]:
    """The parts that both records have, as pairs, and those that only the merged one has."""
    free: list[Record] = list(survivor[part])
    pairs: list[Pair] = []
    rest: list[Record] = list(merged[part])
    # Those that say the same are paired first, so that one of two similar parts does not take the other's partner.
    for alike in (_tells_the_same, _is_the_same(part)):
        alone = []
        for one in rest:
            if other := next((other for other in free if alike(one, other)), None):
                free.remove(other)
                pairs.append((one, other))
            else:
                alone.append(one)
        rest = alone
    return pairs, rest


def told(part: Record) -> dict[str, str]:
    """What a part says, in words, without what it does not say."""
    return {
        field: _in_words(value)
        for field, value in part.items()
        if field not in _OF_THE_PART_ITSELF and value is not None and value is not False and value != []
    }


def _tells_the_same(one: Record, other: Record) -> bool:
    return told(one) == told(other)


def _is_the_same(part: str) -> Callable[[Record, Record], bool]:
    key = _somebody if part == "participations" else _something
    return lambda one, other: key(one) == key(other)


def _somebody(participation: Record) -> tuple[Any, ...]:
    person, organization = participation["person"], participation["organization"]
    who = person["id"] if person else participation["name_as_printed"]
    return participation["side"], who or (organization["id"] if organization else participation["headcount"])


def _something(outcome: Record) -> tuple[Any, ...]:
    return outcome["kind"], outcome["title_en"] or outcome["title_ko"]


def key_of(part: str, shape: Any) -> tuple[Any, ...]:
    """What a part is about, in the shape in which it would be recorded: two that share it are the same part, said otherwise."""
    if part == "participations":
        return shape.side, shape.person or shape.name_as_printed or shape.organization or shape.headcount
    if part == "outcomes":
        return shape.kind, shape.title_en or shape.title_ko
    if part == "citations":
        return shape.source, shape.locator
    return shape.field, shape.source


def _name_of(part: str, one: Record) -> str:
    if part == "outcomes":
        return str(one["title_en"] or one["title_ko"])
    return _in_words(one["person"] or one["name_as_printed"] or one["organization"] or one["headcount"])


def _in_words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_in_words(item) for item in value)
    if not isinstance(value, dict):
        return str(value)
    for name in ("name_en", "name_ko", "label_en", "label_ko", "title_en", "title_ko"):
        if value.get(name):
            return str(value[name])
    return ", ".join(str(part) for part in value.values() if part is not None)
