"""Whom a change of an engagement brings into view, or takes out of it, for readers who do not see everything.

People, organizations and sources are there for a reader as far as an engagement that they may see speaks of them. So what was
closed to them may take others along that had no change of their own, and what was opened may bring some.
"""

# ruff: noqa: S608  only names from this package are put into SQL

from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from service.database import Database
from service.register.audience import Audience, shown
from service.register.reading.json_sql import as_sent, sent
from service.register.reading.question import MERGEABLE, Question
from service.register.reading.records import Noun

_BESIDE: Final[tuple[Noun, ...]] = ("person", "organization", "source")


def named(register: Database, rows: Sequence[tuple[Any, ...]], audience: Audience) -> dict[int, list[dict[str, Any]]]:
    """For each change of an engagement, by its number, what is to be told of those whom it names, before it or after."""
    positions = [row[0] for row in rows if row[1] == "engagement"]
    if not positions:
        return {}
    mentioned = dict(_mentioned(register, positions, audience))
    ids = {noun: {each for found in mentioned.values() for each in found[noun]} for noun in _BESIDE}
    states = {noun: _states(register, noun, ids[noun], audience) for noun in _BESIDE}
    return {
        position: [
            {"noun": noun, "id": each, "merged_into": None, **states[noun][each]}
            for noun in _BESIDE
            for each in sorted(found[noun])
            if each in states[noun]
        ]
        for position, found in mentioned.items()
    }


def _mentioned(register: Database, positions: Sequence[int], audience: Audience) -> Iterator[tuple[int, dict[Noun, set[str]]]]:
    question = Question(register.is_sqlite)
    texts = ", ".join(as_sent(column, sqlite=question.sqlite) for column in ("r.after", "p.after"))
    source = (
        "change c JOIN revision r ON r.id = c.revision_id LEFT JOIN revision p"
        " ON p.noun = r.noun AND p.record_id = r.record_id AND p.version = r.version - 1"
    )
    where = f"c.position IN {question.listed(positions)}"
    for position, *versions in register.ask(f"SELECT c.position, {texts} FROM {source} WHERE {where}", question.values):
        found: dict[Noun, set[str]] = {noun: set() for noun in _BESIDE}
        for version in versions:
            record = orjson.loads(sent(version)) if version is not None else None
            # Whom only a version beyond the reader names, the reader never saw.
            if record and audience.may_see(record["visibility"]):
                _collect(record, found)
        yield position, found


def _collect(record: dict[str, Any], found: dict[Noun, set[str]]) -> None:
    for part in record["participations"]:
        found["person"] |= {part["person"]["id"]} if part["person"] else set()
        found["organization"] |= {part["organization"]["id"]} if part["organization"] else set()
    for outcome in record["outcomes"]:
        found["organization"] |= {party["id"] for party in outcome["parties"]}
    for cited in (*record["citations"], *record["assertions"]):
        found["source"] |= {cited["source"]["id"]} if cited["source"] else set()


def _states(register: Database, noun: Noun, ids: set[str], audience: Audience) -> dict[str, dict[str, Any]]:
    """What became of each of these for the reader: it is there, or there no more."""
    if not ids:
        return {}
    question = Question(register.is_sqlite)
    merged = " AND r.merged_into IS NULL" if noun in MERGEABLE else ""
    there = f"CASE WHEN r.withdrawn_at IS NULL{merged} AND {shown(noun, audience)} THEN 1 ELSE 0 END"
    where = f"r.id IN {question.listed(sorted(ids))}"
    rows = register.ask(f"SELECT r.id, r.version, {there} FROM {noun} r WHERE {where}", question.values)
    return {each: {"version": version, "change": "revised" if seen else "removed"} for each, version, seen in rows}
