"""How two versions of a record differ: pure.

A field that is a list of things with ids (participations, outcomes, citations, assertions, names) is told thing by thing: which
came, which went, and what differs of those that stayed. Every other field is told whole, as it was and as it is. Applying a
difference to the one version gives the other.
"""

from collections.abc import Mapping
from typing import Any, Final

Record = Mapping[str, Any]

_BOOKKEEPING: Final = frozenset({"id", "version", "recorded_at", "revised_at"})


def difference(before: Record, after: Record) -> list[dict[str, Any]]:
    """The fields that differ, in the order of the record."""
    names = [name for name in dict.fromkeys((*before, *after)) if name not in _BOOKKEEPING]
    return [_field(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)]


def applied(record: Record, differences: list[dict[str, Any]]) -> dict[str, Any]:
    """The record after these differences."""
    made = dict(record)
    for each in differences:
        name = each["field"]
        made[name] = _merged(record[name], each) if "order" in each else each["after"]
    return made


def _field(name: str, before: Any, after: Any) -> dict[str, Any]:
    if not (_has_ids(before) and _has_ids(after)) or not (before or after):
        return {"field": name, "before": before, "after": after}
    old, new = ({each["id"]: each for each in side} for side in (before, after))
    return {
        "field": name,
        "added": [new[key] for key in new if key not in old],
        "removed": [old[key] for key in old if key not in new],
        "changed": [{"id": key, "changes": _members(old[key], new[key])} for key in new if key in old and old[key] != new[key]],
        "order": list(new),
    }


def _has_ids(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, Mapping) and "id" in each for each in value)


def _members(before: Record, after: Record) -> list[dict[str, Any]]:
    names = dict.fromkeys((*before, *after))
    return [
        {"field": name, "before": before.get(name), "after": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    ]


def _merged(things: list[Record], each: Mapping[str, Any]) -> list[Record]:
    changes = {changed["id"]: {one["field"]: one["after"] for one in changed["changes"]} for changed in each["changed"]}
    known = {thing["id"]: {**thing, **changes.get(thing["id"], {})} for thing in (*things, *each["added"])}
    return [known[key] for key in each["order"]]
