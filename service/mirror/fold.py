"""Folding: touches become dirty documents in the ledger of every copy.

    in one transaction:
        take up to a thousand touches, oldest first
        documents = for each noun, the engagements that its rows appear in, as the links stand now
        for every copy: each document is dirty, one generation further, dirty since its first touch
        the touches are gone

The links as they stand now are enough: a link that was added or removed between the touch and the fold left a touch of
its own, under the old engagement and the new one. Two folds at once take different touches. A person with ten thousand
engagements is one statement, not ten thousand.
"""

# ruff: noqa: S608  only the questions of `_DOCUMENTS_OF` are put into SQL

from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, select, text
from sqlalchemy.sql.elements import TextClause

from service.database import Database
from service.mirror import tally
from service.mirror.tables import LEDGER, TOUCH

CHUNK: Final = 1_000

_DOCUMENTS_OF: Final[dict[str, str]] = {
    "person": "SELECT engagement_id AS id FROM participation WHERE person_id IN :keys",
    "organization": (
        "SELECT engagement_id AS id FROM participation WHERE organization_id IN :keys"
        " UNION SELECT o.engagement_id FROM outcome_party p JOIN outcome o ON o.id = p.outcome_id"
        " WHERE p.organization_id IN :keys"
    ),
    "topic": "SELECT engagement_id AS id FROM engagement_topic WHERE topic_id IN :keys",
    "source": (
        "SELECT engagement_id AS id FROM citation WHERE source_id IN :keys"
        " UNION SELECT engagement_id FROM assertion WHERE source_id IN :keys AND engagement_id IS NOT NULL"
    ),
    "outcome": "SELECT engagement_id AS id FROM outcome WHERE id IN :keys",
}

_DIRTY: Final = (
    "INSERT INTO ledger (copy_id, document_id, state, generation, indexed_generation, dirty_since, first_touch, present,"
    " change_sequence, attempts, verify_round)"
    " SELECT c.id, d.id, 'dirty', 1, 0, :since, :touch, :absent, 0, 0, 0 FROM mirror_copy c CROSS JOIN ({documents}) d"
    " WHERE {copies} ORDER BY c.id, d.id"
    " ON CONFLICT (copy_id, document_id) DO UPDATE SET state = 'dirty', generation = ledger.generation + 1,"
    " dirty_since = coalesce(ledger.dirty_since, excluded.dirty_since),"
    " first_touch = coalesce(ledger.first_touch, excluded.first_touch),"
    " attempts = 0, due_at = NULL, error_code = NULL, error = NULL, died_at = NULL"
)
"""In one order for everybody, so that two folds at once do not lock each other out."""


class Since(NamedTuple):
    """When and by which touch documents became dirty; no touch where it was the sync itself that doubted them."""

    at: datetime
    touch: int | None = None


def fold(database: Database) -> int:
    """Fold one chunk of touches; gives how many there were, 0 when there is nothing to do."""
    if not is_due(database):
        return 0
    with database.writing() as connection:
        touches = _take(connection)
        for noun, since in _first_of_each(touches).items():
            keys = sorted({key for _, known, key, _ in touches if known == noun})
            if noun == "engagement":
                _mark_touched(connection, touches)
            else:
                _mark(connection, f"SELECT DISTINCT id FROM ({_DOCUMENTS_OF[noun]}) AS found", since, keys=keys)
        if touches:
            tally.add_to_all(connection, "touches", len(touches))
    return len(touches)


def is_due(database: Database) -> bool:
    """Whether a touch waits."""
    # By the index, which forgets where the rows were that are gone; the table remembers, and a heap of touches takes long.
    return bool(database.ask("SELECT 1 FROM touch ORDER BY id LIMIT 1", {}))


def mark_dirty(connection: Connection, copy_id: str, documents: Sequence[str], at: datetime) -> None:
    """Make documents of one copy dirty: a new reason deserves a new try, also of a document that was given up."""
    statement = _statement("SELECT :document AS id", "c.id = :copy")
    rows = [
        {"document": document, "copy": copy_id, "since": at, "touch": None, "absent": False}
        for document in sorted(set(documents))
    ]
    if rows:
        connection.execute(statement, rows)


def mark_everything(connection: Connection, copy_id: str, at: datetime) -> None:
    """Make every engagement, and everything that the copy may hold, dirty in one copy."""
    documents = "SELECT id FROM engagement UNION SELECT document_id FROM ledger WHERE copy_id = :copy"
    statement = _statement(documents, "c.id = :copy")
    connection.execute(statement, {"copy": copy_id, "since": at, "touch": None, "absent": False})


def _take(connection: Connection) -> list[tuple[int, str, str, datetime]]:
    oldest = select(TOUCH.c.id).order_by(TOUCH.c.id).limit(CHUNK).with_for_update(skip_locked=True)
    taken = delete(TOUCH).where(TOUCH.c.id.in_(oldest)).returning(TOUCH.c.id, TOUCH.c.noun, TOUCH.c.key, TOUCH.c.at)
    return [(number, noun, key, at) for number, noun, key, at in connection.execute(taken)]


def _first_of_each(touches: Sequence[tuple[int, str, str, datetime]]) -> dict[str, Since]:
    """Of each noun the oldest touch; its engagements may be said to have waited a little longer than they have."""
    first: dict[str, Since] = {}
    for number, noun, _, at in sorted(touches):
        known = first.setdefault(noun, Since(at, number))
        first[noun] = Since(min(known.at, at), known.touch)
    return first


def _mark_touched(connection: Connection, touches: Sequence[tuple[int, str, str, datetime]]) -> None:
    since: dict[str, Since] = {}
    for number, noun, key, at in sorted(touches):
        if noun == "engagement":
            known = since.setdefault(key, Since(at, number))
            since[key] = Since(min(known.at, at), known.touch)
    statement = _statement("SELECT :document AS id", "1 = 1")
    rows = [
        {"document": document, "since": first.at, "touch": first.touch, "absent": False}
        for document, first in sorted(since.items())
    ]
    connection.execute(statement, rows)


def _mark(connection: Connection, documents: str, since: Since, *, keys: Sequence[str]) -> None:
    statement = _statement(documents, "1 = 1").bindparams(bindparam("keys", expanding=True))
    connection.execute(statement, {"keys": list(keys), "since": since.at, "touch": since.touch, "absent": False})


def _statement(documents: str, copies: str) -> TextClause:
    # Typed, because PostgreSQL cannot tell what a null is meant to be.
    types = {"since": LEDGER.c.dirty_since.type, "touch": LEDGER.c.first_touch.type, "absent": LEDGER.c.present.type}
    statement = text(_DIRTY.format(documents=documents, copies=copies))
    return statement.bindparams(*(bindparam(name, type_=type_) for name, type_ in types.items()))
