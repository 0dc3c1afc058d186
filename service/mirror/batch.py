"""Batches: which documents are sent next, what they are now, and what their acknowledgement means for the ledger.

choose and build   in one read of one moment: the oldest dirty documents, each built from the rows as they are
prepare            a batch row with its items, committed before anything is sent
acknowledge        indexed as sent; clean only where the generation is still the one that was sent
give up            nothing of it counts; its documents are as dirty as before
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal

import orjson
from sqlalchemy import Connection, insert, or_, select, text, update

from service.database import Database
from service.mirror.lease import Lease
from service.mirror.tables import BATCH, BATCH_ITEM, LEDGER, MIRROR
from service.register.reading import dossiers
from service.register.table import new_id
from service.search import document
from service.search.engine import SearchDocument

MAX_DOCUMENTS: Final = 500
MAX_BYTES: Final = 4 * 1024 * 1024

Operation = Literal["put", "drop"]


@dataclass(frozen=True, slots=True)
class Item:
    """A document of a batch at the generation in which it was looked at; `content` is None where it is to be removed."""

    document_id: str
    generation: int
    content: SearchDocument | None = None

    @property
    def content_hash(self) -> str | None:
        return self.content["sync_hash"] if self.content else None


@dataclass(frozen=True, slots=True)
class Batch:
    """A request that is about to be sent."""

    id: str
    operation: Operation
    items: tuple[Item, ...]
    prepared_at: datetime


@dataclass(slots=True)
class Chosen:
    """The next documents of a mirror: to be put, to be dropped, and those that are in the index as they are already."""

    put: list[Item] = field(default_factory=list)
    drop: list[Item] = field(default_factory=list)
    same: list[Item] = field(default_factory=list)
    bytes: int = 0

    def __bool__(self) -> bool:
        return bool(self.put or self.drop or self.same)


def choose(database: Database, mirror: str) -> Chosen:
    """The oldest dirty documents that are due, as they are at this moment, up to the limits of a batch."""
    with database.reading() as connection:
        due = (
            LEDGER.c.mirror == mirror,
            LEDGER.c.state == "dirty",
            or_(LEDGER.c.due_at.is_(None), LEDGER.c.due_at <= datetime.now(UTC)),
        )
        question = select(LEDGER).where(*due).order_by(LEDGER.c.dirty_since, LEDGER.c.document_id).limit(MAX_DOCUMENTS)
        rows = [dict(row) for row in connection.execute(question).mappings()]
        return _sorted_out(rows, dossiers.load(connection, [row["document_id"] for row in rows]) if rows else {})


def _sorted_out(rows: Sequence[Mapping[str, Any]], there: Mapping[str, dossiers.Dossier]) -> Chosen:
    chosen = Chosen()
    for row in rows:
        document_id, generation = row["document_id"], row["generation"]
        if (dossier := there.get(document_id)) is None:
            # A document that was never sent, or whose sending was never settled, is dropped too: dropping twice does no harm.
            chosen.drop.append(Item(document_id, generation))
            continue
        content = document.build(dossier)
        item = Item(document_id, generation, content | {"sync_generation": generation})
        if row["present"] and row["indexed_hash"] == content["sync_hash"]:
            chosen.same.append(item)
            continue
        size = len(orjson.dumps(content))
        if chosen.put and chosen.bytes + size > MAX_BYTES:
            break
        chosen.bytes += size
        chosen.put.append(item)
    return chosen


def prepare(database: Database, lease: Lease, operation: Operation, items: Sequence[Item], size: int = 0) -> Batch:
    """Keep a batch and its items before it is sent, under the lease."""
    batch = Batch(new_id(), operation, tuple(items), datetime.now(UTC))
    with database.writing() as connection:
        lease.fence(connection)
        sequence = connection.execute(
            text("UPDATE mirror SET change_sequence = change_sequence + 1 WHERE name = :mirror RETURNING change_sequence"),
            {"mirror": lease.mirror},
        ).scalar_one()
        row = {"id": batch.id, "mirror": lease.mirror, "epoch": lease.epoch, "operation": operation, "state": "prepared"}
        connection.execute(insert(BATCH), row | {"documents": len(items), "bytes": size, "prepared_at": batch.prepared_at})
        rows = [
            {
                "batch_id": batch.id,
                "document_id": item.document_id,
                "generation": item.generation,
                "content_hash": item.content_hash,
            }
            for item in items
        ]
        connection.execute(insert(BATCH_ITEM), rows)
        mine = (LEDGER.c.mirror == lease.mirror) & LEDGER.c.document_id.in_([item.document_id for item in items])
        connection.execute(update(LEDGER).where(mine).values(change_sequence=sequence))
    return batch


def note(database: Database, lease: Lease, batch_id: str, **columns: Any) -> None:
    """Set columns of a batch's row, under the lease."""
    with database.writing() as connection:
        lease.fence(connection)
        _set(connection, batch_id, columns)


def acknowledge(database: Database, lease: Lease, batch_id: str) -> None:
    """The engine has taken the batch in: what was sent is what is indexed; untouched since then means clean."""
    with database.writing() as connection:
        lease.fence(connection)
        operation = connection.execute(text("SELECT operation FROM batch WHERE id = :id"), {"id": batch_id}).scalar_one()
        rows = connection.execute(
            text("SELECT document_id, generation, content_hash FROM batch_item WHERE batch_id = :id"), {"id": batch_id}
        ).all()
        indexed(connection, lease.mirror, [tuple(row) for row in rows], present=operation == "put")
        _set(connection, batch_id, {"state": "done", "finished_at": datetime.now(UTC)})
        _forget_finished(connection, lease.mirror)
        connection.execute(update(MIRROR).where(MIRROR.c.name == lease.mirror).values(last_success_at=datetime.now(UTC)))


def already_indexed(database: Database, lease: Lease, items: Sequence[Item]) -> None:
    """Documents that were touched and say what the index says already: nothing to send."""
    with database.writing() as connection:
        lease.fence(connection)
        indexed(
            connection, lease.mirror, [(item.document_id, item.generation, item.content_hash) for item in items], present=True
        )


def indexed(connection: Connection, mirror: str, items: Sequence[tuple[str, int, str | None]], *, present: bool) -> None:
    """The ledger's half of an acknowledgement."""
    question = (
        "UPDATE ledger SET indexed_generation = :generation, indexed_hash = :hash, present = :present, attempts = 0,"
        " dirty_since = CASE WHEN generation = :generation THEN NULL ELSE dirty_since END,"
        " state = CASE WHEN generation = :generation THEN 'clean' ELSE state END, error_code = NULL, error = NULL, due_at = NULL"
        " WHERE mirror = :mirror AND document_id = :document"
    )
    rows = [{"mirror": mirror, "document": d, "generation": g, "hash": h, "present": present} for d, g, h in items]
    if rows:
        connection.execute(text(question), rows)


def open_batches(database: Database, mirror: str) -> list[Mapping[str, Any]]:
    """The batches of a mirror whose outcome is not known yet, oldest first."""
    with database.reading() as connection:
        question = (
            select(BATCH)
            .where(BATCH.c.mirror == mirror, BATCH.c.state.in_(("prepared", "sent", "unknown")))
            .order_by(BATCH.c.prepared_at)
        )
        return [dict(row) for row in connection.execute(question).mappings()]


def _forget_finished(connection: Connection, mirror: str) -> None:
    # The last hundred finished batches are kept to be looked at; their items are of use only while a batch is open.
    question = (
        "DELETE FROM batch WHERE mirror = :mirror AND state IN ('done', 'superseded', 'failed') AND id NOT IN"
        " (SELECT id FROM batch WHERE mirror = :mirror ORDER BY prepared_at DESC LIMIT 100)"
    )
    connection.execute(text(question), {"mirror": mirror})


def _set(connection: Connection, batch_id: str, columns: Mapping[str, Any]) -> None:
    connection.execute(update(BATCH).where(BATCH.c.id == batch_id).values(**columns))
