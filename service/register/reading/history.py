"""What became of a record: its revisions, newest first, and the record as it was after each of them.

A revision can be read whatever became of the record since; what was withdrawn or merged has a history all the same.
"""

# ruff: noqa: S608  only names from this package are put into SQL

from functools import cache

from service.database import Database
from service.errors import NotFound
from service.register.reading.json_sql import JsonSql, as_sent, same, sent
from service.register.reading.question import Listing, Order, Page, Question, Window, page
from service.register.reading.records import Noun

_NEWEST_FIRST = Order("r.version", descending=True)


def list_revisions(register: Database, noun: Noun, record_id: str, window: Window) -> Page:
    """A page of the record's revisions, without the record itself. Raises `NotFound` for an id that was never recorded."""
    question = Question(register.is_sqlite)
    question.hold(f"r.noun = {question.value(noun)} AND r.record_id = {question.value(record_id)}")
    found = page(register, _listing(question.sqlite), question, _NEWEST_FIRST, window)
    if not found.items and window.after is None:
        raise NotFound(f"There is no {noun} with the id {record_id!r}.")
    return found


def find_revision(register: Database, noun: Noun, record_id: str, version: int) -> bytes:
    """One revision as JSON, with the record as it was after it. Raises `NotFound` when there is none."""
    question = Question(register.is_sqlite)
    values = ", ".join(question.value(each) for each in (noun, record_id, version))
    sql = f"SELECT {_whole(question.sqlite)} FROM revision r WHERE (r.noun, r.record_id, r.version) = ({values})"
    rows = register.ask(sql, question.values)
    if not rows:
        raise NotFound(f"There is no version {version} of the {noun} {record_id!r}.")
    return sent(rows[0][0])


def _fields(j: JsonSql) -> dict[str, str]:
    return {**same("r", "version", "verb", "actor", "reason"), "at": j.instant("r.at"), "changes": j.stored("r.changes")}


@cache
def _listing(sqlite: bool) -> Listing:
    j = JsonSql(sqlite)
    return Listing("revision r", "r.id", j.object(_fields(j)))


@cache
def _whole(sqlite: bool) -> str:
    j = JsonSql(sqlite)
    return as_sent(j.object({**_fields(j), "record": j.stored("r.after")}), sqlite=sqlite)
