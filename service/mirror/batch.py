"""Batches: what is kept of a request before and after it, and what its acknowledgement means for the ledger.

prepare            a batch row with its items, committed before anything is sent
acknowledge        indexed as sent; clean only where the generation is still the one that was sent
supersede          nothing of it counts; its documents are as dirty as before, and are looked at again later
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import Connection, bindparam, delete, insert, select, text, update

from service.database import Database
from service.mirror import clock, tally
from service.mirror.copies import Copy
from service.mirror.items import Item, as_parameter, table
from service.mirror.lease import Lease
from service.mirror.tables import BATCH, BATCH_ITEM, COPY, LEDGER, MIRROR
from service.register.table import new_id

KEPT: Final = 100
"""How many batches of a copy that were taken in, and how many that were given up, are kept to be looked at."""

_DOCUMENTS_OF: Final = select(BATCH_ITEM.c.document_id).where(BATCH_ITEM.c.batch_id == bindparam("batch"))

_KEEP_ITEMS: Final = (
    "INSERT INTO batch_item (batch_id, document_id, generation, content_hash)"
    " SELECT :batch, i.document_id, i.generation, i.content_hash FROM {items}"
)

_INDEXED: Final = (
    "UPDATE ledger SET indexed_generation = i.generation, indexed_hash = i.content_hash, present = :present, attempts = 0,"
    " dirty_since = CASE WHEN ledger.generation = i.generation THEN NULL ELSE dirty_since END,"
    " first_touch = CASE WHEN ledger.generation = i.generation THEN NULL ELSE first_touch END,"
    " state = CASE WHEN ledger.generation = i.generation THEN 'clean' ELSE state END, error_code = NULL, error = NULL,"
    " due_at = NULL, died_at = NULL FROM {items}"
    " WHERE ledger.copy_id = i.copy_id AND ledger.document_id = i.document_id"
)

_WAITED: Final = (
    "SELECT ledger.dirty_since AS since FROM {items} JOIN ledger ON ledger.document_id = i.document_id"
    " WHERE ledger.copy_id = i.copy_id AND ledger.generation = i.generation AND ledger.dirty_since IS NOT NULL"
)

OPEN: Final = ("prepared", "sent", "unknown")

_OPEN: Final = select(BATCH).where(BATCH.c.copy_id == bindparam("copy"), BATCH.c.state.in_(OPEN)).order_by(BATCH.c.prepared_at)

GIVEN_UP: Final = ("superseded", "failed")
"""What may still have been taken in, or be taken in some day."""

Operation = Literal["put", "drop"]


@dataclass(frozen=True, slots=True)
class Batch:
    """A request that is about to be sent, or was; its items are without content where it is only remembered."""

    id: str
    operation: Operation
    items: tuple[Item, ...]
    bytes: int
    prepared_at: datetime


def prepare(
    database: Database,
    lease: Lease,
    copy: Copy,
    operation: Operation,
    items: Sequence[Item],
    size: int = 0,
    parent: str | None = None,
) -> Batch:
    """Keep a batch and its items before it is sent, under the lease."""
    with database.writing() as connection:
        lease.fence(connection)
        sequence, at = _next(connection, lease.mirror)
        batch = Batch(new_id(), operation, tuple(items), size, at)
        row = {"id": batch.id, "copy_id": copy.id, "epoch": lease.epoch, "operation": operation, "state": "prepared"}
        row |= {"documents": len(items), "bytes": size, "prepared_at": at, "parent_id": parent}
        connection.execute(insert(BATCH), [row])
        connection.execute(
            text(_KEEP_ITEMS.format(items=table(connection))), {"batch": batch.id, "items": as_parameter(copy.id, items)}
        )
        mine = (LEDGER.c.copy_id == copy.id) & LEDGER.c.document_id.in_(_DOCUMENTS_OF)
        connection.execute(update(LEDGER).where(mine).values(change_sequence=sequence), {"batch": batch.id})
        if sequence % KEPT == 0:
            _forget_finished(connection, copy)
    return batch


def _next(connection: Connection, mirror: str) -> tuple[int, datetime]:
    """The next number of a change of this mirror, and what time it is."""
    raised = text(
        "UPDATE mirror SET change_sequence = change_sequence + 1 WHERE name = :mirror"  # noqa: S608
        f" RETURNING change_sequence, {clock.now(connection)} AS at"
    )
    row = connection.execute(raised.columns(at=BATCH.c.prepared_at.type), {"mirror": mirror}).one()
    return row.change_sequence, row.at


def note(database: Database, lease: Lease, batch_id: str, **columns: Any) -> None:
    """Set columns of a batch's row, under the lease."""
    with database.writing() as connection:
        lease.fence(connection)
        _set(connection, batch_id, columns)


def acknowledge(database: Database, lease: Lease, copy: Copy, batch: Batch) -> None:
    """The engine has taken the batch in: what was sent is what is indexed; untouched since then means clean."""
    with database.writing() as connection:
        lease.fence(connection)
        at = clock.read(connection)
        lags = _lags(connection, copy, batch.items, at) if copy.role == "live" else []
        _indexed(connection, copy, batch.items, present=batch.operation == "put")
        _set(connection, batch.id, {"state": "done", "finished_at": at})
        connection.execute(delete(BATCH_ITEM).where(BATCH_ITEM.c.batch_id == batch.id))
        connection.execute(update(COPY).where(COPY.c.id == copy.id).values(acknowledged_batch=batch.id))
        connection.execute(update(MIRROR).where(MIRROR.c.name == copy.mirror).values(last_success_at=at))
        _count(connection, copy, batch, lags, at)


def _count(connection: Connection, copy: Copy, batch: Batch, lags: Sequence[float], at: datetime) -> None:
    counts = {
        ("batches", "done"): 1,
        ("batch_documents", ""): len(batch.items),
        ("batch_bytes", ""): batch.bytes,
        **tally.observed("task_wait_seconds", [(at - batch.prepared_at).total_seconds()]),
        **(tally.observed("commit_to_searchable_seconds", lags) if lags else {}),
    }
    tally.add(connection, copy.mirror, counts)


def already_indexed(database: Database, lease: Lease, copy: Copy, items: Sequence[Item]) -> None:
    """Documents that were touched and say what the index says already: nothing to send."""
    with database.writing() as connection:
        lease.fence(connection)
        _indexed(connection, copy, items, present=True)
        tally.add(connection, copy.mirror, {("same_documents", ""): len(items)})


def _indexed(connection: Connection, copy: Copy, items: Sequence[Item], *, present: bool) -> None:
    """The ledger's half of an acknowledgement."""
    statement = text(_INDEXED.format(items=table(connection)))
    connection.execute(statement, {"present": present, "items": as_parameter(copy.id, items)})


def _lags(connection: Connection, copy: Copy, items: Sequence[Item], at: datetime) -> list[float]:
    """How long each document that becomes clean now has waited. Of an index that is filled anew it would say nothing."""
    statement = text(_WAITED.format(items=table(connection))).columns(since=LEDGER.c.dirty_since.type)
    rows = connection.execute(statement, {"items": as_parameter(copy.id, items)})
    return [max(0.0, (at - since).total_seconds()) for (since,) in rows]


def supersede(database: Database, lease: Lease, copy: Copy, batch_id: str, verify_after: float | None) -> None:
    """Nothing is known to have come of the batch, so its documents are sent anew.

    With `verify_after` seconds they are looked at then: a request that was held up on its way may still arrive, and would
    overwrite what is newer or bring back what is gone.
    """
    with database.writing() as connection:
        lease.fence(connection)
        at = clock.read(connection)
        _set(connection, batch_id, {"state": "superseded", "finished_at": at})
        if verify_after is None:
            return
        look_again(connection, copy, [item.document_id for item in _items(connection, batch_id)], verify_after)
        tally.add(connection, copy.mirror, {("unknown", "superseded"): 1})


def look_again(connection: Connection, copy: Copy, ids: Sequence[str], seconds: float) -> None:
    """The index has to be looked at for these documents, so many seconds from now."""
    question = text(
        f"UPDATE ledger SET verify_at = {clock.later(connection)}, verify_round = 1"  # noqa: S608
        " WHERE copy_id = :copy AND document_id = :document"
    )
    if ids:
        connection.execute(question, [{"seconds": seconds, "copy": copy.id, "document": each} for each in ids])


def look_again_at_all(connection: Connection, copy: Copy) -> None:
    """The index has to be looked at now for every document of a batch that was given up and is still remembered."""
    sent = select(BATCH_ITEM.c.document_id).join(BATCH, BATCH.c.id == BATCH_ITEM.c.batch_id)
    given_up = sent.where(BATCH.c.copy_id == copy.id, BATCH.c.state.in_(GIVEN_UP))
    mine = (LEDGER.c.copy_id == copy.id) & LEDGER.c.document_id.in_(given_up)
    connection.execute(update(LEDGER).where(mine).values(verify_at=clock.read(connection), verify_round=1))


def open_batches(database: Database, copy: Copy) -> list[Mapping[str, Any]]:
    """The batches of a copy whose outcome is not known yet, oldest first, each with its `age` in seconds."""
    with database.reading() as connection:
        rows = [dict(row) for row in connection.execute(_OPEN, {"copy": copy.id}).mappings()]
        at = clock.read(connection) if rows else None
    return [row | {"age": (at - row["prepared_at"]).total_seconds()} for row in rows if at]


def find(connection: Connection, copy: Copy, batch_id: str) -> str | None:
    """The state of a batch of this copy; None for one that is unknown here."""
    question = select(BATCH.c.state).where(BATCH.c.id == batch_id, BATCH.c.copy_id == copy.id)
    state: str | None = connection.execute(question).scalar()
    return state


def remembered(database: Database, row: Mapping[str, Any]) -> Batch:
    """The batch of a row of `open_batches`, as it was sent."""
    with database.reading() as connection:
        items = _items(connection, row["id"])
    return Batch(row["id"], row["operation"], tuple(items), row["bytes"], row["prepared_at"])


def _items(connection: Connection, batch_id: str) -> list[Item]:
    columns = (BATCH_ITEM.c.document_id, BATCH_ITEM.c.generation, BATCH_ITEM.c.content_hash)
    return [Item(d, g, h) for d, g, h in connection.execute(select(*columns).where(BATCH_ITEM.c.batch_id == batch_id))]


def _forget_finished(connection: Connection, copy: Copy) -> None:
    for states in (("done",), GIVEN_UP):
        finished = select(BATCH.c.id).where(BATCH.c.copy_id == copy.id, BATCH.c.state.in_(states))
        kept = finished.order_by(BATCH.c.prepared_at.desc()).limit(KEPT)
        gone = BATCH.c.id.in_(finished) & BATCH.c.id.not_in(kept)
        connection.execute(delete(BATCH).where(gone))


def _set(connection: Connection, batch_id: str, columns: Mapping[str, Any]) -> None:
    connection.execute(update(BATCH).where(BATCH.c.id == batch_id).values(**columns))
