"""A question to the register in the making: what must hold, in which order, from where on.

Lists are read in keyset order: a page begins right after the key at which the one before ended, so that it costs the same
however far down it is, and what is recorded meanwhile shifts nothing. Columns and codes come from our own code; every value
travels as a parameter.
"""

# ruff: noqa: S608  only names from this package are put into SQL

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from service.database import Database
from service.errors import Fault, Invalid
from service.register.audience import Audience, shown
from service.register.reading.json_sql import as_sent, sent
from service.register.reading.records import Noun

_UNIT, _RECORD = b"\x1f", b"\x1e"

MERGEABLE: frozenset[Noun] = frozenset({"engagement", "person", "organization"})


class Order(NamedTuple):
    """The expression that a list is sorted by, the id being the second key."""

    key: str
    descending: bool = False


class Key(NamedTuple):
    """Where a page ended: the sorted value of its last item, and that item's id."""

    value: str | int
    id: str | int


class Window(NamedTuple):
    """Which page of a list is asked for: in which order, after which key, how many items, and whether all are to be counted."""

    sort: str
    after: Key | None = None
    limit: int = 20
    counted: bool = False


class Page(NamedTuple):
    """The items of a page, each as JSON, where it ended (None after the last one), and how many items there are, if counted."""

    items: list[bytes]
    next: Key | None
    total: int | None = None


class Listing(NamedTuple):
    """What is listed: the tables, the expression of the id, and the JSON of an item."""

    source: str
    id: str
    item: str


@dataclass(slots=True)
class Question:
    """Conditions that must hold together, and the values that they speak of."""

    sqlite: bool
    conditions: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def value(self, given: Any) -> str:
        """The placeholder of a value."""
        name = f"v{len(self.values)}"
        self.values[name] = given
        return f":{name}" if self.sqlite else f"%({name})s"

    def listed(self, given: Iterable[Any]) -> str:
        """The placeholders of several values, as `IN` takes them."""
        return f"({', '.join(self.value(each) for each in given)})"

    def hold(self, condition: str) -> None:
        """One more condition."""
        self.conditions.append(condition)

    def one_of(self, expression: str, given: Iterable[Any]) -> None:
        """The expression is one of these values; none given means no condition."""
        if wanted := list(given):
            self.hold(f"{expression} IN {self.listed(wanted)}")

    def where(self) -> str:
        """The conditions as SQL."""
        return " AND ".join(f"({condition})" for condition in self.conditions) or "TRUE"


def live(noun: Noun, audience: Audience) -> str:
    """That the record in the row `r` may be listed for this audience: it is neither withdrawn nor merged into another."""
    # Written as a function, because SQLite would take `IS NULL` for a reason to look into the index of mergers, where it
    # finds nearly all records, unsorted.
    there = "r.withdrawn_at IS NULL" + (" AND coalesce(r.merged_into, '') = ''" if noun in MERGEABLE else "")
    return there if audience.sees_all else f"{there} AND {shown(noun, audience)}"


def page(register: Database, listing: Listing, question: Question, order: Order, window: Window) -> Page:
    """One page of the list, and the total where it is asked for, in one statement."""
    total = f"(SELECT count(*) FROM {listing.source} WHERE {question.where()})" if window.counted else "NULL"
    direction, beyond = ("DESC", "<") if order.descending else ("ASC", ">")
    if window.after is not None:
        last = f"({question.value(window.after.value)}, {question.value(window.after.id)})"
        question.hold(f"({order.key}, {listing.id}) {beyond} {last}")
    # The rows of the page are chosen first, because the items of all others would be put together only to be thrown away.
    chosen = (
        f"WITH page AS (SELECT {listing.id} AS id, {order.key} AS key FROM {listing.source} WHERE {question.where()}"
        f" ORDER BY {order.key} {direction}, {listing.id} {direction} LIMIT {question.value(window.limit + 1)})"
    )
    items = f"FROM {listing.source} JOIN page ON page.id = {listing.id} ORDER BY page.key {direction}, page.id {direction}"
    statement = f"{chosen} {_joined(listing.item, total, items, sqlite=question.sqlite)}"
    ((joined, counted),) = register.ask(statement, question.values)
    lines = [line.split(_UNIT) for line in sent(joined).split(_RECORD)] if joined else []
    ended = Key(*json.loads(lines[window.limit - 1][1])) if len(lines) > window.limit else None
    return Page([item for item, _ in lines[: window.limit]], ended, counted)


def _joined(item: str, total: str, items: str, *, sqlite: bool) -> str:
    """All items, each with its key, in one text, and the total.

    For every row that it gives, SQLite lets go of the interpreter, and among busy threads it takes a while to get it back.
    The separators are characters that JSON has only as escapes.
    """
    if sqlite:
        line = f"{item} || char({ord(_UNIT)}) || json_array(page.key, page.id)"
        joined = as_sent(f"group_concat(line, char({ord(_RECORD)}))", sqlite=True)
        return f"SELECT {joined}, {total} FROM (SELECT {line} AS line {items})"
    line = f"({item})::text || chr({ord(_UNIT)}) || json_build_array(page.key, page.id)::text"
    return f"SELECT string_agg(line, chr({ord(_RECORD)})), {total} FROM (SELECT {line} AS line {items}) AS lines"


def prefixed(question: Question, expressions: Iterable[str], text: str) -> str:
    """That one of the expressions begins with the text, in whatever case its letters are."""
    # Databases fold the case of ASCII letters only; the usual spellings of others are asked for one by one.
    spellings = dict.fromkeys((text, text.lower(), text.upper(), text.title()))
    like = "LIKE" if question.sqlite else "ILIKE"
    patterns = [question.value(_escaped(spelling) + "%") for spelling in spellings]
    return " OR ".join(f"{expression} {like} {pattern} ESCAPE '\\'" for expression in expressions for pattern in patterns)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def standing_for(register: Database, noun: Noun, ids: Sequence[str], parameter: str, audience: Audience) -> list[str]:
    """The ids that these stand for now: the survivor's for one that was merged.

    Raises `Invalid` for an id without a record that is there for the audience.
    """
    if not ids:
        return []
    question = Question(register.is_sqlite)
    survivor = "coalesce(merged_into, id)" if noun in MERGEABLE else "id"
    wanted = f"r.id IN {question.listed(dict.fromkeys(ids))} AND {shown(noun, audience)}"
    found = dict(register.ask(f"SELECT r.id, {survivor} FROM {noun} r WHERE {wanted}", question.values))
    if unknown := [each for each in ids if each not in found]:
        missing = f"There is no {noun} with the id"
        faults = [Fault(f"{missing} {each!r}", "unknown_id", parameter=parameter, value=each) for each in unknown]
        raise Invalid(faults[0].detail, faults=faults)
    return sorted(set(found.values()))
