"""The ledger of a mirror as a whole: a mirror is enrolled, its index was found empty, a document is given up."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, or_, select, text, update

from service.database import Database
from service.mirror.fold import mark_dirty
from service.mirror.lease import Lease
from service.mirror.tables import LEDGER, MIRROR
from service.search.schema import SCHEMA
from service.settings import MirrorSettings


def enroll(database: Database, mirrors: tuple[MirrorSettings, ...]) -> list[str]:
    """Every configured mirror has its row, and owes every live engagement when it is new. Filling is catching up.

    Gives the names of the mirrors that have no index of this version's schema yet.
    """
    for mirror in mirrors:
        with database.writing() as connection:
            new = connection.execute(
                text(
                    "INSERT INTO mirror (name, engine, live_index, change_sequence, build_state, build_sequence)"
                    " VALUES (:name, :engine, :index, 0, 'idle', 0) ON CONFLICT (name) DO NOTHING"
                ),
                {"name": mirror.name, "engine": mirror.engine, "index": mirror.index},
            ).rowcount
            if new:
                owe_everything(connection, mirror.name)
    _retire(database, [mirror.name for mirror in mirrors])
    with database.reading() as connection:
        without = or_(MIRROR.c.schema_hash.is_(None), MIRROR.c.schema_hash != SCHEMA)
        return list(connection.execute(select(MIRROR.c.name).where(without)).scalars())


def owe_everything(connection: Connection, mirror: str) -> None:
    """The mirror's index holds nothing that can be relied on: every engagement is dirty, as if touched now."""
    connection.execute(
        text("UPDATE ledger SET present = :no, indexed_hash = NULL WHERE mirror = :mirror"), {"mirror": mirror, "no": False}
    )
    known = connection.execute(
        text("SELECT id FROM engagement UNION SELECT document_id FROM ledger WHERE mirror = :mirror"), {"mirror": mirror}
    ).scalars()
    mark_dirty(connection, dict.fromkeys(known, datetime.now(UTC)), mirror)


def index_prepared(database: Database, lease: Lease, *, created: bool, found: int) -> None:
    """The engine's index is there. One that was just made, is of another schema, or is emptier than it should be, is filled."""
    with database.writing() as connection:
        lease.fence(connection)
        schema = connection.execute(select(MIRROR.c.schema_hash).where(MIRROR.c.name == lease.mirror)).scalar()
        present = connection.execute(
            text("SELECT count(*) FROM ledger WHERE mirror = :mirror AND present"), {"mirror": lease.mirror}
        ).scalar_one()
        if created or schema != SCHEMA or found < present:
            owe_everything(connection, lease.mirror)
        connection.execute(update(MIRROR).where(MIRROR.c.name == lease.mirror).values(schema_hash=SCHEMA))


def failed(database: Database, lease: Lease, document_id: str, code: str, message: str, *, due_at: datetime, dead: bool) -> None:
    """A document was refused when it was sent alone: it is tried again at `due_at`, or set aside where it can be seen."""
    values: dict[str, Any] = {"attempts": LEDGER.c.attempts + 1, "error_code": code, "error": message[:1000], "due_at": due_at}
    if dead:
        values |= {"state": "dead", "died_at": datetime.now(UTC)}
    with database.writing() as connection:
        lease.fence(connection)
        mine = (LEDGER.c.mirror == lease.mirror) & (LEDGER.c.document_id == document_id) & (LEDGER.c.state == "dirty")
        connection.execute(update(LEDGER).where(mine).values(values))


def trouble(database: Database, mirror: str, message: str, retry_at: datetime | None) -> None:
    """The mirror cannot be written to for now; kept where the status page reads it."""
    with database.writing() as connection:
        values = {"last_error": message[:1000], "last_error_at": datetime.now(UTC), "retry_at": retry_at}
        connection.execute(update(MIRROR).where(MIRROR.c.name == mirror).values(values))


def recovered(database: Database, lease: Lease) -> None:
    """The mirror can be written to again."""
    with database.writing() as connection:
        lease.fence(connection)
        well = {"last_error": None, "last_error_at": None, "retry_at": None}
        connection.execute(update(MIRROR).where(MIRROR.c.name == lease.mirror).values(well))


def _retire(database: Database, names: list[str]) -> None:
    # A mirror that is configured no more would owe changes for ever; its ledger goes with its row.
    with database.writing() as connection:
        connection.execute(MIRROR.delete().where(MIRROR.c.name.not_in(names)))
