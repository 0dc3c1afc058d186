"""Folding: touches become dirty documents in the ledger of every mirror.

    in one transaction:
        take up to a thousand touches, oldest first
        documents = for each noun, the engagements that its rows appear in, as the links stand now
        for every mirror: each document is dirty, one generation further, dirty since its first touch
        the touches are gone

The links as they stand now are enough: a link that was added or removed between the touch and the fold left a touch of
its own, under the old engagement and the new one. Two folds at once take different touches.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, delete, select, text

from service.database import Database
from service.mirror.tables import LEDGER, TOUCH

CHUNK: Final = 1_000

_DOCUMENTS_OF: Final[dict[str, str]] = {
    "person": "SELECT person_id, engagement_id FROM participation WHERE person_id IN :keys",
    "organization": (
        "SELECT organization_id, engagement_id FROM participation WHERE organization_id IN :keys"
        " UNION SELECT p.organization_id, o.engagement_id FROM outcome_party p JOIN outcome o ON o.id = p.outcome_id"
        " WHERE p.organization_id IN :keys"
    ),
    "topic": "SELECT topic_id, engagement_id FROM engagement_topic WHERE topic_id IN :keys",
    "source": (
        "SELECT source_id, engagement_id FROM citation WHERE source_id IN :keys"
        " UNION SELECT source_id, engagement_id FROM assertion WHERE source_id IN :keys AND engagement_id IS NOT NULL"
    ),
    "outcome": "SELECT id, engagement_id FROM outcome WHERE id IN :keys",
}


def fold(database: Database) -> int:
    """Fold one chunk of touches; gives how many there were, 0 when there is nothing to do."""
    with database.reading() as connection:
        if connection.execute(text("SELECT 1 FROM touch LIMIT 1")).first() is None:
            return 0
    with database.writing() as connection:
        touches = _take(connection)
        documents: dict[str, datetime] = {}
        by_noun: dict[str, dict[str, datetime]] = {}
        for noun, key, at in touches:
            known = documents if noun == "engagement" else by_noun.setdefault(noun, {})
            known[key] = min(at, known.get(key, at))
        for noun, keys in by_noun.items():
            for key, document in _expanded(connection, noun, keys):
                documents[document] = min(keys[key], documents.get(document, keys[key]))
        mark_dirty(connection, documents)
    return len(touches)


def mark_dirty(connection: Connection, documents: dict[str, datetime], mirror: str | None = None) -> None:
    """Make documents dirty, for one mirror or for all: a new change deserves a new try, also of a document that was given up."""
    if not documents:
        return
    question = (
        "INSERT INTO ledger"
        " (mirror, document_id, state, generation, indexed_generation, dirty_since, present, change_sequence, attempts)"
        " SELECT name, :document, 'dirty', 1, 0, :since, :absent, 0, 0 FROM mirror WHERE :every OR name = :mirror"
        " ON CONFLICT (mirror, document_id) DO UPDATE SET state = 'dirty', generation = ledger.generation + 1,"
        " dirty_since = coalesce(ledger.dirty_since, excluded.dirty_since), attempts = 0, due_at = NULL,"
        " error_code = NULL, error = NULL"
    )
    since = bindparam("since", type_=LEDGER.c.dirty_since.type)
    constant = {"absent": False, "every": mirror is None, "mirror": mirror or ""}
    rows = [{"document": document, "since": at, **constant} for document, at in sorted(documents.items())]
    connection.execute(text(question).bindparams(since), rows)


def _take(connection: Connection) -> list[tuple[str, str, datetime]]:
    oldest = select(TOUCH.c.id).order_by(TOUCH.c.id).limit(CHUNK).with_for_update(skip_locked=True)
    taken = connection.execute(delete(TOUCH).where(TOUCH.c.id.in_(oldest)).returning(TOUCH.c.noun, TOUCH.c.key, TOUCH.c.at))
    return [(noun, key, at) for noun, key, at in taken]


def _expanded(connection: Connection, noun: str, keys: Iterable[str]) -> list[tuple[str, str]]:
    question = text(_DOCUMENTS_OF[noun]).bindparams(bindparam("keys", expanding=True))
    return [(key, document) for key, document in connection.execute(question, {"keys": list(keys)})]
