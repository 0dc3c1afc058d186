"""The ledger of a copy as a whole, and what is kept of its mirror: trouble, the dead, who is enrolled."""

# ruff: noqa: S608  only `clock`'s constants are put into SQL

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select, text, update

from service.database import Database
from service.mirror import clock, tally
from service.mirror.copies import Copy
from service.mirror.lease import Lease
from service.mirror.tables import BATCH, COPY, LEDGER, MIRROR
from service.search.schema import SCHEMA
from service.settings import MirrorSettings

MOST_DEAD: Final = 0.1
FEW: Final = 20
"""Up to so many dead documents are nothing unusual; beyond them, a tenth of all is too many."""


def enroll(database: Database, mirrors: tuple[MirrorSettings, ...]) -> list[str]:
    """Every configured mirror has its row; one that is configured no more would owe changes for ever, and goes.

    Gives the names of the mirrors that have no index of this version's schema yet.
    """
    rows = [{"name": mirror.name, "engine": mirror.engine, "index": mirror.index} for mirror in mirrors]
    names = [mirror.name for mirror in mirrors]
    question = (
        'INSERT INTO mirror (name, engine, "index", watermark, change_sequence, build_state, build_failures, build_round,'
        " failures)"
        " VALUES (:name, :engine, :index, 0, 0, 'idle', 0, 0, 0)"
        ' ON CONFLICT (name) DO UPDATE SET engine = excluded.engine, "index" = excluded."index"'
    )
    with database.writing() as connection:
        connection.execute(text(question), rows)
        connection.execute(MIRROR.delete().where(MIRROR.c.name.not_in(names)))
        live = select(COPY.c.mirror).where(COPY.c.role == "live", COPY.c.schema_hash == SCHEMA)
        ready = set(connection.execute(live).scalars())
    return [name for name in names if name not in ready]


def failed(database: Database, lease: Lease, copy: Copy, batch_id: str, code: str, message: str) -> None:
    """The engine's final word on a batch was no."""
    with database.writing() as connection:
        lease.fence(connection)
        values = {"state": "failed", "finished_at": clock.read(connection), "error_code": code, "error": message[:1000]}
        connection.execute(update(BATCH).where(BATCH.c.id == batch_id).values(**values))
        tally.add(connection, copy.mirror, {("batches", "failed"): 1})


def refused(database: Database, lease: Lease, copy: Copy, document_id: str, code: str, message: str, again: float) -> int:
    """A document was refused when it was sent alone; it is tried again `again` seconds later. Gives how often it was."""
    with database.writing() as connection:
        lease.fence(connection)
        question = text(
            "UPDATE ledger SET attempts = attempts + 1, error_code = :code, error = :error,"
            f" due_at = {clock.later(connection)}"
            " WHERE copy_id = :copy AND document_id = :document AND state = 'dirty' RETURNING attempts"
        )
        values = {"code": code, "error": message[:1000], "seconds": again, "copy": copy.id, "document": document_id}
        return connection.execute(question, values).scalar() or 0


def bury(database: Database, lease: Lease, copy: Copy, document_id: str, generation: int, code: str, message: str) -> None:
    """Set a document aside where it can be seen, unless it was touched meanwhile: a new edit deserves a new try."""
    values = {"state": "dead", "error_code": code, "error": message[:1000], "dirty_since": None, "first_touch": None}
    with database.writing() as connection:
        lease.fence(connection)
        mine = (LEDGER.c.copy_id == copy.id) & (LEDGER.c.document_id == document_id) & (LEDGER.c.generation == generation)
        connection.execute(update(LEDGER).where(mine).values(**values, died_at=clock.read(connection)))
        tally.add(connection, copy.mirror, {("deaths", code): 1})


def too_many_dead(database: Database, copy: Copy) -> bool:
    """Whether so many documents are set aside that the fault must lie elsewhere, as in the index's settings."""
    with database.reading() as connection:
        dead = _count(connection, copy, "dead")
        return dead >= FEW and dead >= MOST_DEAD * _count(connection, copy)


def _count(connection: Connection, copy: Copy, state: str | None = None) -> int:
    question = select(func.count()).select_from(LEDGER).where(LEDGER.c.copy_id == copy.id)
    return connection.execute(question.where(LEDGER.c.state == state) if state else question).scalar_one()


def retry(database: Database, document_id: str | None = None) -> int:
    """Give the documents that were set aside another try, one or all; gives how many."""
    question = (
        "UPDATE ledger SET state = 'dirty', attempts = 0, due_at = NULL, generation = generation + 1,"
        " dirty_since = :at WHERE state = 'dead' AND (:document = '' OR document_id = :document)"
    )
    with database.writing() as connection:
        typed = text(question).bindparams(bindparam("at", type_=LEDGER.c.dirty_since.type))
        return connection.execute(typed, {"at": clock.read(connection), "document": document_id or ""}).rowcount


def count(database: Database, mirror: str, name: str, label: str = "", value: float = 1) -> None:
    """Add to a count of the mirror in a transaction of its own."""
    with database.writing() as connection:
        tally.add(connection, mirror, {(name, label): value})


def trouble(database: Database, mirror: str, message: str, retry_at: datetime | None, failures: int = 1) -> None:
    """The mirror cannot be written to for now; kept where the status page reads it."""
    values = {"last_error": message[:1000], "last_error_at": datetime.now(UTC), "retry_at": retry_at, "failures": failures}
    change(database, mirror, **values)


def change(database: Database, mirror: str, **columns: Any) -> None:
    """Set columns of a mirror's row."""
    with database.writing() as connection:
        connection.execute(update(MIRROR).where(MIRROR.c.name == mirror).values(**columns))


def want_rebuild(database: Database, mirror: str, reason: str) -> bool:
    """Leave the wish that the mirror's index is built anew, at once; false where that is under way already."""
    idle = (MIRROR.c.name == mirror) & (MIRROR.c.build_state == "idle")
    with database.writing() as connection:
        wanted = {"build_wanted": reason, "build_failures": 0, "build_error": None}
        return connection.execute(update(MIRROR).where(idle).values(**wanted)).rowcount == 1


def recovered(database: Database, lease: Lease) -> None:
    """The mirror can be written to again."""
    with database.writing() as connection:
        lease.fence(connection)
        well = {"last_error": None, "last_error_at": None, "retry_at": None, "failures": 0}
        connection.execute(update(MIRROR).where(MIRROR.c.name == lease.mirror).values(well))
