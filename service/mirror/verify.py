"""Later verification: the documents of a batch that was given up are looked at again, once for each time in `patience.verify`.

A request that was held up on its way, or that a stopped process sends when it goes on, is taken in by the engine whenever
it arrives: it overwrites what is newer, and brings back what was removed. Nothing can prevent that, so it is looked for.
A document that is dirty at that time is looked at a little later, when it is settled what it should be.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, select, text, update

from service.database import Database
from service.mirror import clock, tally
from service.mirror.copies import Copy
from service.mirror.fold import mark_dirty
from service.mirror.lease import Lease
from service.mirror.patience import Patience
from service.mirror.tables import LEDGER
from service.search.engine import Engine

MOST: Final = 500
SOON_SECONDS: Final = 2.0


def step(database: Database, engine: Engine, lease: Lease, copy: Copy, patience: Patience) -> bool:
    """Look at what is due; true when there was something."""
    with database.reading() as connection:
        now = text(clock.now(connection))
        due = select(LEDGER).where(LEDGER.c.copy_id == copy.id, LEDGER.c.verify_at <= now).limit(MOST)
        rows = [dict(row) for row in connection.execute(due).mappings()]
    if not rows:
        return False
    found = engine.fetch([row["document_id"] for row in rows])
    settled = [row for row in rows if row["state"] != "dirty"]
    wrong = [row for row in settled if row["state"] == "clean" and not is_as_noted(row, found.get(row["document_id"]))]
    with database.writing() as connection:
        lease.fence(connection)
        repair(connection, copy, {row["document_id"]: row["document_id"] in found for row in wrong})
        tally.add(connection, copy.mirror, {("late_write_repairs", ""): len(wrong)})
        for row in rows:
            _next(connection, copy, row, patience, settled=row["state"] != "dirty")
    return True


def is_as_noted(row: Mapping[str, Any], marks: Mapping[str, Any] | None) -> bool:
    """Whether the index holds of a document what its ledger row says."""
    return marks is None if not row["present"] else marks is not None and marks.get("sync_hash") == row["indexed_hash"]


def repair(connection: Any, copy: Copy, wrong: Mapping[str, bool]) -> None:
    """Send these documents anew, whatever was noted of them; the value says whether the index holds the document."""
    question = text(
        "UPDATE ledger SET indexed_hash = NULL, present = :present WHERE copy_id = :copy AND document_id = :document"
    ).bindparams(bindparam("present", type_=LEDGER.c.present.type))
    if wrong:
        mark_dirty(connection, copy.id, list(wrong), clock.read(connection))
        rows = [{"present": there, "copy": copy.id, "document": document_id} for document_id, there in wrong.items()]
        connection.execute(question, rows)


def carry_over(connection: Any, former: Copy | None, copy: Copy) -> None:
    """What had to be looked at in one copy is looked at in the one that takes its name: late writes go by the name."""
    theirs = "FROM ledger f WHERE f.copy_id = :former AND f.verify_at IS NOT NULL"
    question = (
        f"UPDATE ledger SET verify_at = (SELECT f.verify_at {theirs} AND f.document_id = ledger.document_id),"  # noqa: S608
        f" verify_round = (SELECT f.verify_round {theirs} AND f.document_id = ledger.document_id)"
        f" WHERE copy_id = :copy AND document_id IN (SELECT f.document_id {theirs})"
    )
    connection.execute(text(question), {"former": former.id if former else None, "copy": copy.id})


def _next(connection: Any, copy: Copy, row: Mapping[str, Any], patience: Patience, *, settled: bool) -> None:
    later: Sequence[float] = patience.verify
    values: dict[str, Any] = {"verify_at": text(clock.later(connection)), "verify_round": row["verify_round"]}
    seconds = SOON_SECONDS
    if settled and row["verify_round"] < len(later):
        seconds = later[row["verify_round"]] - later[row["verify_round"] - 1]
        values["verify_round"] = row["verify_round"] + 1
    elif settled:
        values = {"verify_at": None, "verify_round": 0}
    mine = (LEDGER.c.copy_id == copy.id) & (LEDGER.c.document_id == row["document_id"])
    statement = update(LEDGER).where(mine).values(**values)
    connection.execute(statement, {"seconds": seconds} if "seconds" in str(values["verify_at"]) else {})
