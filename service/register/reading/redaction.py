"""What is taken out of a revision for those who do not see everything.

A revision is kept as it was written, for those who may see all of it. Others are not told of engagements beyond them that it
names (the trip that it belonged to, the engagement that closed an outcome), nor what it changed where the record before was
beyond them. The public is not told the reason, which is the office's own.
"""

# ruff: noqa: S608  only names from this package are put into SQL

from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from service.database import Database
from service.register.audience import Audience, shown
from service.register.reading.question import Question
from service.register.reading.records import Noun

LEVEL_BEFORE: Final = "visibility_before"
"""The member of a revision, taken out here, that has the level which the record had before."""

_NAMING: Final = ("parent", "closed_by", "merged_into")
"""Where a revision names another engagement, or, the last of them, another record of its own noun."""


def revisions(register: Database, noun: Noun, items: Sequence[bytes], audience: Audience) -> list[bytes]:
    """These revisions, as they are told to the audience."""
    told = [orjson.loads(item) for item in items]
    named = {each for revision in told for each in _named(revision)}
    seen = {each for other in {noun, "engagement"} for each in _seen(register, other, named, audience)}
    return [orjson.dumps(_revision(revision, seen, audience)) for revision in told]


def _revision(revision: dict[str, Any], seen: set[str], audience: Audience) -> dict[str, Any]:
    before = revision.pop(LEVEL_BEFORE, None)
    if before is not None and not audience.may_see(before):
        revision["changes"] = []
    if not audience.knows_withdrawn:
        revision["reason"] = None
    changes = [_change(change, seen) for change in revision["changes"]]
    revision["changes"] = [change for change in changes if change["before"] != change["after"]]
    if "record" in revision:
        revision["record"] = _without(revision["record"], seen)
    return revision


def _change(change: dict[str, Any], seen: set[str]) -> dict[str, Any]:
    field = change["field"]
    return {"field": field, **{side: _without({field: change[side]}, seen)[field] for side in ("before", "after")}}


def _without(value: Any, seen: set[str]) -> Any:
    if isinstance(value, list):
        return [_without(each, seen) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: None if name in _NAMING and _id(each) not in seen else _without(each, seen) for name, each in value.items()}


def _named(value: Any) -> Iterator[str]:
    """The ids of other records in a revision, or in a part of it, that may be beyond the reader."""
    if isinstance(value, list):
        for each in value:
            yield from _named(each)
    elif isinstance(value, dict):
        if value.get("field") in _NAMING:
            yield from (found for side in ("before", "after") if (found := _id(value.get(side))))
        for name, each in value.items():
            if name in _NAMING and (found := _id(each)):
                yield found
            else:
                yield from _named(each)


def _id(named: Any) -> str | None:
    found: str | None = named["id"] if isinstance(named, dict) else named
    return found


def _seen(register: Database, noun: str, ids: set[str], audience: Audience) -> set[str]:
    if not ids:
        return set()
    question = Question(register.is_sqlite)
    there = f"r.id IN {question.listed(sorted(ids))} AND {shown(noun, audience)}"
    return {record_id for (record_id,) in register.ask(f"SELECT r.id FROM {noun} r WHERE {there}", question.values)}
