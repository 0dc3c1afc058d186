"""Who is there: whether an engine still holds the copy that the ledger speaks of.

    no index, or another content under its name     it was wiped, removed or replaced         → built anew
    the marker of another register, or none         the instance is another                   → built anew
    a marker with a lower number than was left      an older copy of the instance             → what was sent since is sent anew,
                                                                                                then everything is audited
    a marker with a higher number                   the register is an older copy             → everything is audited
    the newest write is not the one acknowledged    a restored instance, a late write of a    → its documents are looked at, or
                                                    dead sender, a stranger                     everything is audited
    fewer documents than were put there             somebody removed some                     → everything is audited, or built
                                                                                                anew where nothing is left

The newest write is what makes this exact: the batch's own mark travels with it through every backup of the engine, while a
marker is written now and then only.
"""

from typing import Final

import structlog
from sqlalchemy import func, select, text

from service.database import Database
from service.mirror import batch as batches
from service.mirror import copies, ledger
from service.mirror.copies import Copy, Standing
from service.mirror.lease import Lease
from service.mirror.retraction import retract_gone
from service.mirror.tables import IDENTITY, LEDGER, MIRROR
from service.register.table import new_id
from service.search.engine import Engine, EngineRefused, IndexState, Marker

log = structlog.get_logger()

_TAKEN: Final = "index_primary_key_already_exists"


def under_our_name(engine: Engine) -> IndexState | None:
    """What goes by the name of the index; None where nothing does, or somebody else's."""
    try:
        return engine.look()
    except EngineRefused as error:
        if error.code != _TAKEN:
            raise
        return None


class Look:
    """One look at the engine of a mirror that has a live copy; gives the reason to build the index anew, or None."""

    def __init__(self, database: Database, engine: Engine, lease: Lease, standing: Standing, copy: Copy) -> None:
        self.database = database
        self.engine = engine
        self.lease = lease
        self.standing = standing
        self.copy = copy

    def take(self) -> str | None:
        """Look, note what is in doubt, and say why the index has to be built anew, if it has."""
        try:
            state = self.engine.look()
        except EngineRefused as error:
            if error.code != _TAKEN:
                raise
            return "somebody else's index goes by its name"
        if state is None:
            return "the index is not there"
        if state.identity != self.copy.identity:
            return "the index was replaced"
        return self._marker() or self._writes(state) or self._count(state)

    def leave_marker(self) -> None:
        """Leave our marker with the number of the last batch, if it is not there yet."""
        with self.database.reading() as connection:
            row = copies.standing(connection, self.copy.mirror).row
            register = connection.execute(select(IDENTITY.c.id)).scalar_one()
        if row["instance"] and row["watermark"] == row["change_sequence"]:
            return
        marker = Marker(register, row["instance"] or new_id(), row["change_sequence"])
        self.engine.write_marker(marker)
        self._note(instance=marker.instance, watermark=marker.watermark)

    def _marker(self) -> str | None:
        marker, row = self.engine.read_marker(), self.standing.row
        with self.database.reading() as connection:
            register = connection.execute(select(IDENTITY.c.id)).scalar_one()
        if marker is not None and marker.register != register:
            return "the instance is marked as another register's"
        if marker is None:
            # The content is known by its identity, and by its newest write below: only the marker was lost.
            self._note(instance=None, watermark=0)
        elif marker.watermark < row["watermark"]:
            self._owe_since(marker.watermark)
            # Noted, or the next look would owe anew what is being sent, for ever where that takes long.
            self._note(watermark=marker.watermark)
            self._doubt("the instance is an older copy of itself")
        elif marker.watermark > row["watermark"]:
            number = max(marker.watermark, row["change_sequence"])
            self._note(watermark=marker.watermark, instance=marker.instance, change_sequence=number)
            if marker.watermark > row["change_sequence"]:
                self._doubt("the register is an older copy of itself")
        return None

    def _writes(self, state: IndexState) -> str | None:
        if state.newest is not None and state.newest == self.copy.acknowledged_batch:
            return None
        with self.database.writing() as connection:
            self.lease.fence(connection)
            known = batches.find(connection, self.copy, state.newest) if state.newest else None
            if known in batches.OPEN:
                return None
            if known in batches.GIVEN_UP:
                # Where one of them has arrived, others may have arrived before it, and been hidden by it.
                batches.look_again_at_all(connection, self.copy)
                # Until another write is the newest, it is known that this one arrived.
                copies.change(connection, self.copy.id, acknowledged_batch=state.newest)
                return None
        if state.newest is None and self.copy.acknowledged_batch is None:
            return None
        if known is not None:
            self._owe_since(self.standing.row["watermark"])
        self._doubt("the newest write in the index is not the last one of this register")
        with self.database.writing() as connection:
            self.lease.fence(connection)
            copies.change(connection, self.copy.id, acknowledged_batch=state.newest)
        return None

    def _count(self, state: IndexState) -> str | None:
        with self.database.reading() as connection:
            mine = select(func.count()).select_from(LEDGER).where(LEDGER.c.copy_id == self.copy.id, LEDGER.c.present)
            present = connection.execute(mine).scalar_one()
            clean = connection.execute(mine.where(LEDGER.c.state == "clean")).scalar_one()
        if state.documents == present or batches.open_batches(self.database, self.copy):
            return None
        if state.documents == 0 and clean:
            return "the index was emptied"
        self._doubt(f"the index holds {state.documents} documents, not {present}")
        return None

    def _owe_since(self, watermark: int) -> None:
        """What was sent after the watermark may be lost: it is sent anew, and what is gone must not be found meanwhile."""
        question = text(
            "UPDATE ledger SET state = 'dirty', indexed_hash = NULL, generation = generation + 1, attempts = 0, due_at = NULL,"
            " dirty_since = coalesce(dirty_since, CURRENT_TIMESTAMP), present = :yes"
            " WHERE copy_id = :copy AND change_sequence > :since"
        )
        with self.database.writing() as connection:
            self.lease.fence(connection)
            retract_gone(connection, self.copy.id, watermark)
            connection.execute(question, {"copy": self.copy.id, "since": watermark, "yes": True})

    def _doubt(self, reason: str) -> None:
        if self.standing.row["doubt"] is not None:
            return  # It is being audited already.
        log.warning("mirror in doubt", mirror=self.copy.mirror, reason=reason)
        self._note(doubt=reason)
        ledger.count(self.database, self.copy.mirror, "doubts")

    def _note(self, **columns: object) -> None:
        with self.database.writing() as connection:
            self.lease.fence(connection)
            connection.execute(MIRROR.update().where(MIRROR.c.name == self.copy.mirror).values(**columns))
