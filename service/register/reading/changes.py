"""What was changed, in the order in which it was committed, so that another system can keep a copy in step.

A change says what became of which record. What the record says is what it says now, as the mirror sends it: a change that is read
twice, or late, does no harm. A reader is told that a record is there no more where they saw it once and may not any longer; what
they never saw is passed over.
"""

# ruff: noqa: S608  only names from this package are put into SQL

from collections.abc import Iterable
from functools import cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import orjson

from service.database import Database
from service.errors import Problem
from service.register.audience import OFFICE, Audience, shown
from service.register.reading import beside, records
from service.register.reading.json_sql import JsonSql, as_sent, sent
from service.register.reading.question import Question, live
from service.register.reading.records import NOUNS, Noun

_DONE: Final = {
    "record": "recorded",
    "revise": "revised",
    "withdraw": "withdrawn",
    "restore": "restored",
    "merge": "revised",
    "unmerge": "revised",
}
"""What a verb did to a record. Of a merger, only the record that lives on in another was merged; the other was revised."""


class Place(NamedTuple):
    """A place in the order of changes: after which one, and a mark of that one by which a cursor is known again."""

    position: int
    mark: str


BEGINNING: Final = Place(0, "0" * 12)

_CHUNK: Final = 1_000
_MOST_CHUNKS: Final = 20
"""How much is passed over for one page; beyond that, a page may be empty although there is more."""


class Changes(NamedTuple):
    """Some changes in their order, the place after them, and whether there are more at this moment."""

    items: list[dict[str, Any]]
    next: Place
    more: bool


class FeedReset(Problem):
    """The register does not have the change that the reader stopped at: it is another, or an older copy of it."""

    status = 410
    type = "feed-reset"
    title = "The changes have to be read from the beginning"

    @classmethod
    def of_another(cls) -> "FeedReset":
        """The refusal of a place at which this register never was."""
        return cls(
            "The register has not the change that this cursor stands at; it may have been restored from a backup."
            " Begin again without a cursor, and take what you have for stale"
        )


def read(
    register: Database, after: Place, limit: int, *, nouns: Iterable[Noun] = (), with_records: bool = False, audience: Audience
) -> Changes:
    """The changes after this place that are told to the audience, at most `limit` of them, whatever lies in between.

    Whom an engagement brings into view is told along with it, and not counted. Raises `FeedReset` for a place that this register
    never was at.
    """
    found = _walked(register, after, limit, audience)
    wanted = frozenset(nouns)
    items = [item for item in found.items if not wanted or item["noun"] in wanted]
    if with_records:
        _add_records(register, items, audience)
    return found._replace(items=items)


def _walked(register: Database, after: Place, limit: int, audience: Audience) -> Changes:
    """The changes of all nouns, without their records; what is passed over on the way is looked at in larger chunks."""
    items: list[dict[str, Any]] = []
    place, told, chunk = after, 0, limit
    for _ in range(_MOST_CHUNKS):
        rows = register.ask(_statement(register.is_sqlite, audience), {"after": place.position, "limit": chunk + 2})
        rows, more = _held(rows, place)[: chunk + 1], len(rows) > chunk + 1
        steps = [(row, _told(row)) for row in rows]
        named = {} if audience.sees_all else beside.named(register, [row for row, found in steps if found], audience)
        for row, found in steps:
            if found and told == limit:
                return Changes(items, place, more=True)
            # They stand before the change that brings them, at the place before it: whoever stops there reads all again.
            items += [{**each, "place": place, "at": row[4]} for each in named.get(row[0], ())]
            items += found
            told += len(found)
            place = _place(row)
        if not more:
            break
        # The rest of these is passed over, and nothing may tell how many that were.
        chunk = _CHUNK
    return Changes(items, place, more)


def newest(register: Database) -> Place:
    """The place after the last change."""
    ((position,),) = register.ask("SELECT coalesce(max(position), 0) FROM change", {})
    rows = register.ask(_statement(register.is_sqlite, OFFICE), {"after": position, "limit": 1}) if position else []
    return _place(rows[0]) if rows else BEGINNING


def newest_position(register: Database) -> int:
    """The number of the last change."""
    ((position,),) = register.ask("SELECT coalesce(max(position), 0) FROM change", {})
    return int(position)


def _held(rows: list[tuple[Any, ...]], after: Place) -> list[tuple[Any, ...]]:
    """The rows after the place, which the first row must be at."""
    if after.position == 0:
        return [row for row in rows if row[0] > 0]
    if not rows or rows[0][0] != after.position or _place(rows[0]).mark != after.mark:
        raise FeedReset.of_another()
    return rows[1:]


def _place(row: tuple[Any, ...]) -> Place:
    return Place(row[0], blake2b(repr(tuple(row[:5])).encode(), digest_size=6).hexdigest())


def _told(row: tuple[Any, ...]) -> list[dict[str, Any]]:
    _, noun, record_id, version, at, verb, merged, merged_into, is_shown, was_shown = row
    item = {"noun": noun, "id": record_id, "version": version, "at": at, "merged_into": None}
    if is_shown:
        done = {"merge": "merged", "unmerge": "unmerged"}[verb] if merged else _DONE[verb]
        told = {**item, "change": done, "merged_into": merged_into if done == "merged" else None}
    elif was_shown:
        told = {**item, "change": "removed"}
    else:
        return []
    return [{**told, "place": _place(row)}]


def _add_records(register: Database, items: list[dict[str, Any]], audience: Audience) -> None:
    for noun in {item["noun"] for item in items}:
        of_noun = [item for item in items if item["noun"] == noun]
        question = Question(register.is_sqlite)
        listed = question.listed(dict.fromkeys(item["id"] for item in of_noun))
        there = f"r.id IN {listed} AND {live(noun, audience)}"
        rows = register.ask(
            f"SELECT r.id, {_record(noun, question.sqlite, audience)} FROM {noun} r WHERE {there}", question.values
        )
        found = {record_id: orjson.Fragment(sent(json)) for record_id, json in rows}
        for item in of_noun:
            item["record"] = found.get(item["id"])


@cache
def _record(noun: Noun, sqlite: bool, audience: Audience) -> str:
    return as_sent(records.expression(noun, JsonSql(sqlite, audience)), sqlite=sqlite)


@cache
def _statement(sqlite: bool, audience: Audience) -> str:
    j = JsonSql(sqlite)
    field, after_it = (j.first_change("r.changes", member) for member in ("field", "after"))
    merged = f"(r.verb IN ('merge', 'unmerge') AND coalesce({field}, '') = 'merged_into')"
    columns = (
        f"c.position, r.noun, r.record_id, r.version, {j.instant('r.at')}, r.verb, {merged}, {after_it},"
        f" {_is_shown(audience)}, {_was_shown(audience, sqlite)}"
    )
    after, limit = (":after", ":limit") if sqlite else ("%(after)s", "%(limit)s")
    source = "change c JOIN revision r ON r.id = c.revision_id"
    return f"SELECT {columns} FROM {source} WHERE c.position >= {after} ORDER BY c.position LIMIT {limit}"


def _is_shown(audience: Audience) -> str:
    """That the record is there for the audience now; a withdrawn one is for those who may know."""
    return "TRUE" if audience.sees_all else _there(audience, "" if audience.knows_withdrawn else " AND n.withdrawn_at IS NULL")


def _was_shown(audience: Audience, sqlite: bool) -> str:
    """That the audience saw the record before or after this change. Others than engagements have no level of their own."""
    if audience.sees_all:
        return "TRUE"
    level = "json_extract({}.after, '$.visibility')" if sqlite else "{}.after->>'visibility'"
    levels = ", ".join(f"'{each}'" for each in audience.levels)
    before = "SELECT 1 FROM revision p WHERE p.noun = r.noun AND p.record_id = r.record_id AND p.version = r.version - 1"
    seen = f"{level.format('r')} IN ({levels}) OR EXISTS ({before} AND {level.format('p')} IN ({levels}))"
    return f"CASE WHEN r.noun = 'engagement' THEN ({seen}) ELSE {_there(audience, '')} END"


def _there(audience: Audience, also: str) -> str:
    cases = (
        f"WHEN '{noun}' THEN EXISTS (SELECT 1 FROM {noun} n WHERE n.id = r.record_id AND {shown(noun, audience, 'n')}{also})"
        for noun in NOUNS
    )
    return f"CASE r.noun {' '.join(cases)} END"
