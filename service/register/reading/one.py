"""One record, as JSON that is handed on as it is.

Whoever shows a single record asks here, so that who may see what is decided in one place.
"""

# ruff: noqa: S608  only names from this package are put into SQL

from functools import cache
from hashlib import blake2b
from typing import Any, NamedTuple

from sqlalchemy import Connection

from service.database import Database, inside
from service.errors import NotFound
from service.register.audience import Audience, shown
from service.register.reading import outcomes, records
from service.register.reading.json_sql import JsonSql, as_sent, sent
from service.register.reading.question import MERGEABLE, Question
from service.register.reading.records import Loaded, Noun
from service.register.standing import refuse


class Found(NamedTuple):
    """A record, whole, as JSON, and its version."""

    json: bytes
    version: int

    @property
    def tag(self) -> str:
        """Its strong validator (RFC 9110 §8.8.1), without quotation marks; see `tag_of`."""
        return tag_of(self.json, self.version)


def tag_of(json: bytes, version: int) -> str:
    """The version and a digest of the bytes: what a record shows of others, as a name, changes without its version."""
    return f"{version}-{blake2b(json, digest_size=6).hexdigest()}"


def find(register: Database, noun: Noun, record_id: str, *, audience: Audience) -> Found:
    """The record with this id, in one statement. Raises `NotFound`, `Gone` or `Merged` for one that cannot be shown."""
    rows = register.ask(_record(noun, register.is_sqlite, audience), {"v0": record_id})
    return _found(noun, record_id, rows, audience)


def current(connection: Connection, noun: Noun, record_id: str, *, audience: Audience) -> Found:
    """The same inside a transaction."""
    rows = inside(connection)(_record(noun, connection.dialect.name == "sqlite", audience), {"v0": record_id})
    return _found(noun, record_id, rows, audience)


def as_shown(connection: Connection, noun: Noun, record: Loaded, *, audience: Audience) -> Found:
    """A record that was written just now, as `find` gives it to this audience; nothing is asked where all is shown."""
    if audience.sees_all:
        return Found(record.json, record["version"])
    return current(connection, noun, record["id"], audience=audience)


def find_outcome(register: Database, outcome_id: str, *, audience: Audience) -> bytes:
    """One outcome with the engagement that it came of, as JSON; it is withdrawn and merged with that engagement."""
    rows = register.ask(_outcome(register.is_sqlite, audience), {"v0": outcome_id})
    if not rows:
        raise NotFound(f"There is no outcome with the id {outcome_id!r}.")
    json, engagement_id, *state = rows[0]
    _refuse("engagement", engagement_id, state, audience)
    return sent(json)


def _found(noun: Noun, record_id: str, rows: list[tuple[Any, ...]], audience: Audience) -> Found:
    if not rows:
        raise NotFound(f"There is no {noun} with the id {record_id!r}.")
    json, version, *state = rows[0]
    _refuse(noun, record_id, state, audience)
    return Found(sent(json), version)


def _refuse(noun: Noun, record_id: str, columns: list[Any], audience: Audience) -> None:
    withdrawn_at, withdrawn_reason, merged_into = columns
    if withdrawn_at is not None or merged_into is not None:
        state = {"withdrawn_at": withdrawn_at, "withdrawn_reason": withdrawn_reason, "merged_into": merged_into}
        refuse(noun, record_id, state, audience=audience)


@cache
def _record(noun: Noun, sqlite: bool, audience: Audience) -> str:
    record = as_sent(records.expression(noun, JsonSql(sqlite, audience)), sqlite=sqlite)
    merged_into = "r.merged_into" if noun in MERGEABLE else "NULL"
    columns = f"{record}, r.version, r.withdrawn_at, r.withdrawn_reason, {merged_into}"
    return f"SELECT {columns} FROM {noun} r WHERE r.id = {Question(sqlite).value(None)} AND {shown(noun, audience)}"


@cache
def _outcome(sqlite: bool, audience: Audience) -> str:
    listing = outcomes.listing(sqlite, audience)
    columns = f"{as_sent(listing.item, sqlite=sqlite)}, r.id, r.withdrawn_at, r.withdrawn_reason, r.merged_into"
    there = f"{listing.id} = {Question(sqlite).value(None)} AND {shown('engagement', audience)}"
    return f"SELECT {columns} FROM {listing.source} WHERE {there}"
