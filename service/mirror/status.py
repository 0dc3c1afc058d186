"""How far each mirror is: what is pending, since when, what went wrong last. Read by the API, the command line, the metrics."""

from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any, Final, Literal

from sqlalchemy import Connection, func, select, text

from service.database import Database
from service.mirror.tables import BATCH, LEDGER, MIRROR, TOUCH

State = Literal["in-step", "catching-up", "building", "in-doubt", "in-trouble"]

_INSTANTS: Final = ("last_error_at", "last_success_at", "retry_at", "dirty_since", "build_started_at")
_LIVE: Final = "(SELECT c.id FROM mirror_copy c WHERE c.mirror = m.name AND c.role = 'live')"
_BUILDING: Final = "(SELECT c.id FROM mirror_copy c WHERE c.mirror = m.name AND c.role = 'building')"

_OWING: Final = f"coalesce({_LIVE}, {_BUILDING})"
"""The copy that tells what is pending: while there is none to be searched, the one that is being built."""

_ENGAGEMENTS: Final = "(SELECT count(*) FROM engagement e WHERE e.withdrawn_at IS NULL AND e.merged_into IS NULL)"

_FRESHNESS: Final = f"""
SELECT m.name, m.retry_at, m.doubt, EXISTS {_LIVE} AS live,
    (SELECT min(l.dirty_since) FROM ledger l WHERE l.copy_id = {_LIVE} AND l.state = 'dirty') AS dirty_since,
    EXISTS (SELECT 1 FROM batch b WHERE b.copy_id = {_LIVE} AND b.state IN ('prepared', 'sent', 'unknown')) AS open
FROM mirror m
"""  # noqa: S608  constants of this module

_FULL: Final = f"""
SELECT m.*,
    EXISTS {_LIVE} AS live,
    CASE WHEN {_OWING} IS NULL THEN {_ENGAGEMENTS}
        ELSE (SELECT count(*) FROM ledger l WHERE l.copy_id = {_OWING} AND l.state = 'dirty') END AS dirty,
    (SELECT min(l.dirty_since) FROM ledger l WHERE l.copy_id = {_OWING} AND l.state = 'dirty') AS dirty_since,
    (SELECT count(*) FROM ledger l WHERE l.copy_id = {_LIVE} AND l.state = 'dead') AS dead,
    (SELECT count(*) FROM ledger l WHERE l.copy_id = {_LIVE} AND l.present) AS documents,
    (SELECT count(*) FROM ledger l WHERE l.copy_id = {_BUILDING}) AS build_total,
    (SELECT count(*) FROM ledger l WHERE l.copy_id = {_BUILDING} AND l.state = 'dirty') AS build_left,
    (SELECT count(*) FROM batch b WHERE b.copy_id = {_LIVE} AND b.state IN ('prepared', 'sent', 'unknown')) AS open_batches,
    (SELECT e.epoch FROM lease e WHERE e.mirror = m.name) AS epoch
FROM mirror m ORDER BY m.name
"""  # noqa: S608  constants of this module

_SMALL: Final = 10
_LATELY: Final = 20
_SLOW_SECONDS: Final = 0.25

_SMALL_BATCHES: Final = """
SELECT b.prepared_at, b.finished_at FROM batch b JOIN mirror_copy c ON c.id = b.copy_id
WHERE c.mirror = :mirror AND c.role = 'live' AND b.state = 'done' AND b.documents <= :small
ORDER BY b.prepared_at DESC LIMIT :lately
"""


@dataclass(frozen=True, slots=True)
class Build:
    """A rebuild: what it does now, why it was begun, and how many of its documents are in; or how the last one failed."""

    state: str
    wanted: str | None
    reason: str | None
    started_at: datetime | None
    documents: int
    total: int
    failures: int
    last_error: str | None


@dataclass(frozen=True, slots=True)
class MirrorStatus:
    """One mirror at one moment.

    `in_step` means that it holds all that is committed, except documents that were set aside. A mirror that is in trouble or
    in doubt is never said to be in step, because nobody could look. `epoch` counts the changes of hands of its lease; `hint`
    says what an operator might do to make it faster.
    """

    name: str
    engine: str
    index: str
    state: State
    in_step: bool
    pending: int
    lag_ms: int
    dead: int
    documents: int
    open_batches: int
    breaker: Literal["closed", "open"]
    doubt: str | None
    build: Build
    last_success_at: datetime | None
    last_error: str | None
    last_error_at: datetime | None
    retry_at: datetime | None
    last_audit: dict[str, Any] | None
    epoch: int
    hint: str | None


@dataclass(frozen=True, slots=True)
class Dead:
    """A document that was set aside."""

    mirror: str
    document_id: str
    code: str | None
    message: str | None
    died_at: datetime | None


def read(database: Database) -> list[MirrorStatus]:
    """The status of every enrolled mirror."""
    with database.reading() as connection:
        touches, oldest = _touches(connection)
        columns = dict.fromkeys(_INSTANTS, MIRROR.c.last_error_at.type) | {"last_audit": MIRROR.c.last_audit.type}
        rows = connection.execute(text(_FULL).columns(**columns)).mappings().all()
        hints = {row["name"]: _hint(connection, row["name"]) for row in rows if row["engine"] == "meilisearch"}
    return [_status(dict(row), touches, oldest, hints.get(row["name"])) for row in rows]


def _hint(connection: Connection, mirror: str) -> str | None:
    """Whether small batches take as long as they do where a server was left the indexing memory that it takes by default."""
    columns = {"prepared_at": BATCH.c.prepared_at.type, "finished_at": BATCH.c.finished_at.type}
    values = {"mirror": mirror, "small": _SMALL, "lately": _LATELY}
    rows = connection.execute(text(_SMALL_BATCHES).columns(**columns), values).all()
    taken = [(finished - prepared).total_seconds() for prepared, finished in rows]
    if len(taken) < _LATELY or (typical := median(taken)) < _SLOW_SECONDS:
        return None
    return (
        f"A change of a few documents takes {typical:.2f} s. A Meilisearch server is that slow where it is left its default"
        " indexing memory; start it with MEILI_MAX_INDEXING_MEMORY=300MiB."
    )


def pending_since(database: Database) -> dict[str, datetime | None]:
    """Since when each mirror owes something, None for one that is in step; without counting, so that it can be asked often."""
    with database.reading() as connection:
        touched = connection.execute(select(TOUCH.c.at).order_by(TOUCH.c.id).limit(1)).scalar()
        columns = dict.fromkeys(("retry_at", "dirty_since"), MIRROR.c.last_error_at.type)
        rows = connection.execute(text(_FRESHNESS).columns(**columns)).all()
    found: dict[str, datetime | None] = {}
    for name, retry_at, doubt, live, dirty_since, is_open in rows:
        owed = [at for at in (touched, dirty_since) if at]
        well = live and not (owed or is_open or retry_at or doubt)
        found[name] = None if well else min(owed, default=datetime.now(UTC))
    return found


def dead(database: Database) -> list[Dead]:
    """Every document that a live copy was refused, oldest first."""
    question = (
        "SELECT c.mirror, l.document_id, l.error_code, l.error, l.died_at FROM ledger l JOIN mirror_copy c ON c.id = l.copy_id"
        " WHERE l.state = 'dead' AND c.role = 'live' ORDER BY l.died_at, l.document_id"
    )
    with database.reading() as connection:
        return [Dead(*row) for row in connection.execute(text(question).columns(died_at=LEDGER.c.died_at.type))]


def lag_of(since: datetime | None) -> int:
    """Milliseconds from then until now, 0 for nothing pending."""
    return max(0, round((datetime.now(UTC) - since).total_seconds() * 1000)) if since else 0


def _touches(connection: Connection) -> tuple[int, datetime | None]:
    count, oldest = connection.execute(select(func.count(), func.min(TOUCH.c.at))).one()
    return count, oldest


def _status(row: dict[str, Any], touches: int, oldest: datetime | None, hint: str | None) -> MirrorStatus:
    since = min((at for at in (row["dirty_since"], oldest) if at), default=None)
    state = _state(row, touches)
    return MirrorStatus(
        name=row["name"],
        engine=row["engine"],
        index=row["index"],
        state=state,
        in_step=state == "in-step",
        pending=touches + row["dirty"],
        lag_ms=lag_of(since),
        dead=row["dead"],
        documents=row["documents"],
        open_batches=row["open_batches"],
        breaker="open" if row["failures"] > _BREAKER else "closed",
        doubt=row["doubt"],
        build=_build(row),
        last_success_at=row["last_success_at"],
        last_error=row["last_error"],
        last_error_at=row["last_error_at"],
        retry_at=row["retry_at"],
        last_audit=row["last_audit"],
        epoch=row["epoch"] or 0,
        hint=hint,
    )


_BREAKER: Final = 5
"""After so many failures in a row the breaker is said to be open."""


def _state(row: dict[str, Any], touches: int) -> State:
    if row["retry_at"]:
        return "in-trouble"
    if not row["live"]:
        return "building"
    if row["doubt"]:
        return "in-doubt"
    return "catching-up" if touches or row["dirty"] or row["open_batches"] else "in-step"


def _build(row: dict[str, Any]) -> Build:
    return Build(
        state=row["build_state"],
        wanted=row["build_wanted"],
        reason=row["build_reason"],
        started_at=row["build_started_at"],
        documents=row["build_total"] - row["build_left"],
        total=row["build_total"],
        failures=row["build_failures"],
        last_error=row["build_error"],
    )
