"""What became of a record: its revisions, newest first, and the record as it was after each of them.

A revision can be read whatever became of the record since; what was withdrawn or merged has a history all the same. A revision
keeps the names that others had when it was written. For those who do not see everything, what `redaction` takes out is left out.
"""

# ruff: noqa: S608  only names from this package are put into SQL

from datetime import UTC, datetime
from functools import cache
from typing import Any, NamedTuple

import orjson

from service.database import Database
from service.errors import NotFound
from service.register.audience import Audience, shown
from service.register.reading import redaction
from service.register.reading.json_sql import JsonSql, as_sent, same, sent
from service.register.reading.one import Found
from service.register.reading.question import Listing, Order, Page, Question, Window, page
from service.register.reading.records import Noun
from service.register.standing import refuse

_NEWEST_FIRST = Order("r.version", descending=True)


def list_revisions(register: Database, noun: Noun, record_id: str, window: Window, *, audience: Audience) -> Page:
    """A page of the record's revisions, without the record itself. Raises `NotFound` for an id that was never recorded."""
    question = _question(register.is_sqlite, noun, record_id, audience)
    found = page(register, _listing(question.sqlite, noun, audience), question, _NEWEST_FIRST, window)
    if not found.items and window.after is None:
        raise NotFound(f"There is no {noun} with the id {record_id!r}.")
    return found if audience.sees_all else found._replace(items=redaction.revisions(register, noun, found.items, audience))


def find_revision(register: Database, noun: Noun, record_id: str, version: int, *, audience: Audience) -> bytes:
    """One revision as JSON, with the record as it was after it. Raises `NotFound` when there is none."""
    (found,) = _some(register, noun, record_id, [version], audience)
    return found


def find_as_of(register: Database, noun: Noun, record_id: str, moment: datetime, *, audience: Audience) -> Found:
    """The record as the register had it at a moment.

    Raises `NotFound` where it was not recorded yet, and `Gone` or `Merged` where it was withdrawn or merged at that moment.
    """
    question = _question(register.is_sqlite, noun, record_id, audience)
    first = f"SELECT {_instant(question)} FROM revision r WHERE {question.where()} ORDER BY r.version LIMIT 1"
    # Moments are told to the millisecond: one that was read in the history has to lead to its version.
    asked = f"CAST({question.value(_as_kept(moment, sqlite=question.sqlite))} AS {'text' if question.sqlite else 'timestamptz'})"
    question.hold(f"{_instant(question)} <= {JsonSql(question.sqlite).instant(asked)}")
    whole = _whole(question.sqlite, noun, audience)
    latest = f"SELECT {whole} FROM revision r WHERE {question.where()} ORDER BY r.version DESC LIMIT 1"
    ((began, found),) = register.ask(f"SELECT ({first}), ({latest})", question.values)
    if found is None:
        since = f"; it was recorded at {began}" if began else ""
        raise NotFound(f"There was no {noun} with the id {record_id!r} at {moment.isoformat()}{since}.")
    json = sent(found)
    (json,) = [json] if audience.sees_all else redaction.revisions(register, noun, [json], audience)
    revision = orjson.loads(json)
    refuse(noun, record_id, _standing(register, question), audience=audience)
    return Found(orjson.dumps(revision["record"]), revision["version"])


class Two(NamedTuple):
    """A record as it was after two of its revisions."""

    before: dict[str, Any]
    after: dict[str, Any]


def find_two(register: Database, noun: Noun, record_id: str, before: int, after: int, *, audience: Audience) -> Two:
    """The record as it was after these versions. Raises `NotFound` for a version that there is not."""
    one, other = (orjson.loads(each)["record"] for each in _some(register, noun, record_id, [before, after], audience))
    return Two(one, other)


def newest_version(register: Database, noun: Noun, record_id: str, *, audience: Audience) -> int:
    """The version of the record's last revision. Raises `NotFound` for an id that was never recorded."""
    _, newest = _oldest_and_newest(register, noun, record_id, audience)
    if newest is None:
        raise NotFound(f"There is no {noun} with the id {record_id!r}.")
    return newest


def _some(register: Database, noun: Noun, record_id: str, versions: list[int], audience: Audience) -> list[bytes]:
    question = _question(register.is_sqlite, noun, record_id, audience)
    question.one_of("r.version", dict.fromkeys(versions))
    sql = f"SELECT r.version, {_whole(question.sqlite, noun, audience)} FROM revision r WHERE {question.where()}"
    found = {version: sent(json) for version, json in register.ask(sql, question.values)}
    if missing := [version for version in versions if version not in found]:
        oldest, newest = _oldest_and_newest(register, noun, record_id, audience)
        known = "" if newest is None else f"; its versions are {oldest} to {newest}"
        raise NotFound(f"There is no version {missing[0]} of the {noun} {record_id!r}{known}.")
    rows = [found[version] for version in versions]
    return rows if audience.sees_all else redaction.revisions(register, noun, rows, audience)


def _oldest_and_newest(register: Database, noun: Noun, record_id: str, audience: Audience) -> tuple[int | None, int | None]:
    question = _question(register.is_sqlite, noun, record_id, audience)
    ((oldest, newest),) = register.ask(
        f"SELECT min(r.version), max(r.version) FROM revision r WHERE {question.where()}", question.values
    )
    return oldest, newest


def _question(sqlite: bool, noun: Noun, record_id: str, audience: Audience) -> Question:
    question = Question(sqlite)
    question.hold(f"r.noun = {question.value(noun)} AND r.record_id = {question.value(record_id)}")
    if not audience.sees_all:
        known = "" if audience.knows_withdrawn else " AND n.withdrawn_at IS NULL"
        question.hold(f"EXISTS (SELECT 1 FROM {noun} n WHERE n.id = r.record_id AND {shown(noun, audience, 'n')}{known})")
        if noun == "engagement":
            question.hold(f"{_level('r', sqlite)} IN {question.listed(audience.levels)}")
    return question


def _instant(question: Question) -> str:
    return JsonSql(question.sqlite).instant("r.at")


def _as_kept(moment: datetime, *, sqlite: bool) -> Any:
    """The instant as the column holds it: SQLite compares text."""
    moment = moment.astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="microseconds") if sqlite else moment


def _standing(register: Database, until: Question) -> dict[str, Any]:
    """What the record was by its revisions until then, as its row would say: revised meanwhile or not, it stays withdrawn."""
    j = JsonSql(until.sqlite)
    of_merger = [j.first_change("r.changes", member) for member in ("field", "after")]
    columns = f"r.verb, r.reason, {j.instant('r.at')}, {', '.join(of_merger)}"
    verbs = "r.verb IN ('withdraw', 'restore', 'merge', 'unmerge')"
    rows = register.ask(f"SELECT {columns} FROM revision r WHERE {until.where()} AND {verbs} ORDER BY r.version", until.values)
    state: dict[str, Any] = {"withdrawn_at": None, "withdrawn_reason": None, "merged_into": None}
    for verb, reason, at, field, after in rows:
        if verb in ("withdraw", "restore"):
            known = (at, reason) if verb == "withdraw" else (None, None)
            state["withdrawn_at"], state["withdrawn_reason"] = known
        elif field == "merged_into":
            state["merged_into"] = after
    return state


def _level(row: str, sqlite: bool) -> str:
    return f"json_extract({row}.after, '$.visibility')" if sqlite else f"{row}.after->>'visibility'"


def _fields(j: JsonSql, noun: Noun, audience: Audience) -> dict[str, str]:
    told = {**same("r", "version", "verb", "actor", "reason"), "at": j.instant("r.at"), "changes": j.stored("r.changes")}
    if audience.sees_all or noun != "engagement":
        return told
    # What the record said before may be beyond the reader, and then the difference is too.
    before = f"SELECT {_level('p', j.sqlite)} FROM revision p WHERE p.noun = r.noun AND p.record_id = r.record_id"
    return {**told, redaction.LEVEL_BEFORE: f"({before} AND p.version = r.version - 1)"}


@cache
def _listing(sqlite: bool, noun: Noun, audience: Audience) -> Listing:
    j = JsonSql(sqlite)
    return Listing("revision r", "r.id", j.object(_fields(j, noun, audience)))


@cache
def _whole(sqlite: bool, noun: Noun, audience: Audience) -> str:
    j = JsonSql(sqlite)
    return as_sent(j.object({**_fields(j, noun, audience), "record": j.stored("r.after")}), sqlite=sqlite)
