"""How far each mirror is: what is pending, since when, what went wrong last. Read by the API, the command line, the sender."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, func, select, text

from service.database import Database
from service.mirror.tables import LEDGER, MIRROR, TOUCH

_PENDING: Final = """
SELECT m.name, m.engine, m.live_index, m.build_state, m.last_error, m.last_error_at, m.last_success_at, m.retry_at,
    (SELECT count(*) FROM ledger l WHERE l.mirror = m.name AND l.state = 'dirty') AS dirty,
    (SELECT min(l.dirty_since) FROM ledger l WHERE l.mirror = m.name AND l.state = 'dirty') AS dirty_since,
    (SELECT count(*) FROM ledger l WHERE l.mirror = m.name AND l.state = 'dead') AS dead,
    (SELECT count(*) FROM ledger l WHERE l.mirror = m.name AND l.present) AS documents,
    (SELECT count(*) FROM batch b WHERE b.mirror = m.name AND b.state IN ('prepared', 'sent', 'unknown')) AS open_batches
FROM mirror m
"""


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    """One mirror at one moment.

    `in_step` means that it holds all that is committed, except documents that were set aside. A mirror that is in trouble is
    never said to be in step, because nobody could look.
    """

    name: str
    engine: str
    index: str
    in_step: bool
    pending: int
    lag_ms: int
    dead: int
    documents: int
    open_batches: int
    building: str
    last_success_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    retry_at: datetime | None


def read(database: Database) -> list[MirrorStatus]:
    """The status of every enrolled mirror."""
    with database.reading() as connection:
        touches, oldest = _touches(connection)
        instant = MIRROR.c.last_error_at.type
        columns = dict.fromkeys(("last_error_at", "last_success_at", "retry_at", "dirty_since"), instant)
        rows = connection.execute(text(_PENDING).columns(**columns)).mappings().all()
    return [_status(dict(row), touches, oldest) for row in rows]


def lag_of(since: datetime | None) -> int:
    """Milliseconds from then until now, 0 for nothing pending."""
    return max(0, round((datetime.now(UTC) - since).total_seconds() * 1000)) if since else 0


def attempts(database: Database, mirror: str, document_id: str) -> int:
    """How often this document has been refused when it was sent alone."""
    with database.reading() as connection:
        question = select(LEDGER.c.attempts).where(LEDGER.c.mirror == mirror, LEDGER.c.document_id == document_id)
        return connection.execute(question).scalar() or 0


def _touches(connection: Connection) -> tuple[int, datetime | None]:
    count, oldest = connection.execute(select(func.count(), func.min(TOUCH.c.at))).one()
    return count, oldest


def _status(row: dict[str, Any], touches: int, oldest: datetime | None) -> MirrorStatus:
    since = min((at for at in (row["dirty_since"], oldest) if at), default=None)
    return MirrorStatus(
        name=row["name"],
        engine=row["engine"],
        index=row["live_index"],
        in_step=not (touches or row["dirty"] or row["open_batches"] or row["retry_at"]),
        pending=touches + row["dirty"],
        lag_ms=lag_of(since),
        dead=row["dead"],
        documents=row["documents"],
        open_batches=row["open_batches"],
        building=row["build_state"],
        last_success_at=row["last_success_at"],
        last_error=row["last_error"],
        last_error_at=row["last_error_at"],
        retry_at=row["retry_at"],
    )
