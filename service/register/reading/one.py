"""One record, as JSON that is handed on as it is.

Whoever shows a single record asks here, so that who may see what is decided in one place.
"""

# ruff: noqa: S608  only names from this package are put into SQL

from functools import cache
from typing import NamedTuple

from service.database import Database
from service.errors import NotFound
from service.register.reading import outcomes, records
from service.register.reading.json_sql import JsonSql
from service.register.reading.question import MERGEABLE, Question, as_sent, sent
from service.register.reading.records import Noun
from service.register.standing import refuse


class Found(NamedTuple):
    """A record, whole, as JSON, and its version."""

    json: bytes
    version: int


def find(register: Database, noun: Noun, record_id: str) -> Found:
    """The record with this id, in one statement. Raises `NotFound`, `Gone` or `Merged` for one that cannot be shown."""
    rows = register.ask(_record(noun, register.is_sqlite), {"v0": record_id})
    if not rows:
        raise NotFound(f"There is no {noun} with the id {record_id!r}.")
    json, version, withdrawn_at, withdrawn_reason, merged_into = rows[0]
    _refuse(noun, record_id, withdrawn_at, withdrawn_reason, merged_into)
    return Found(sent(json), version)


def find_outcome(register: Database, outcome_id: str) -> bytes:
    """One outcome with the engagement that it came of, as JSON; it is withdrawn and merged with that engagement."""
    rows = register.ask(_outcome(register.is_sqlite), {"v0": outcome_id})
    if not rows:
        raise NotFound(f"There is no outcome with the id {outcome_id!r}.")
    _refuse("engagement", *rows[0][1:])
    return sent(rows[0][0])


def _refuse(noun: Noun, record_id: str, withdrawn_at: object, withdrawn_reason: str | None, merged_into: str | None) -> None:
    if withdrawn_at is not None or merged_into is not None:
        refuse(noun, record_id, {"withdrawn_at": withdrawn_at, "withdrawn_reason": withdrawn_reason, "merged_into": merged_into})


@cache
def _record(noun: Noun, sqlite: bool) -> str:
    record = as_sent(records.expression(noun, JsonSql(sqlite)), sqlite=sqlite)
    merged_into = "r.merged_into" if noun in MERGEABLE else "NULL"
    columns = f"{record}, r.version, r.withdrawn_at, r.withdrawn_reason, {merged_into}"
    return f"SELECT {columns} FROM {noun} r WHERE r.id = {Question(sqlite).value(None)}"


@cache
def _outcome(sqlite: bool) -> str:
    listing = outcomes.listing(sqlite)
    columns = f"{as_sent(listing.item, sqlite=sqlite)}, r.id, r.withdrawn_at, r.withdrawn_reason, r.merged_into"
    return f"SELECT {columns} FROM {listing.source} WHERE {listing.id} = {Question(sqlite).value(None)}"
