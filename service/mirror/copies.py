"""The copies of a mirror: the index that is searched, one that is being built beside it, the one that was replaced last."""

from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from service.mirror import clock
from service.mirror.tables import COPY, MIRROR
from service.register.table import new_id
from service.search.schema import SCHEMA

Role = Literal["building", "live", "retired"]


@dataclass(frozen=True, slots=True)
class Copy:
    """One index of a mirror, as the register knows it."""

    id: str
    mirror: str
    role: Role
    index: str
    identity: str | None
    schema_hash: str
    acknowledged_batch: str | None


_MIRROR: Final = select(MIRROR).where(MIRROR.c.name == bindparam("mirror"))
_COPIES: Final = (
    select(*(COPY.c[name] for name in Copy.__slots__))
    .where(COPY.c.mirror == bindparam("mirror"))
    .order_by(COPY.c.made_at, COPY.c.id)
)


@dataclass(frozen=True, slots=True)
class Standing:
    """A mirror's row and its copies at one moment."""

    row: dict[str, Any]
    copies: tuple[Copy, ...]

    def copy(self, role: Role) -> Copy | None:
        """The copy in this role; the youngest where there are several."""
        return next((copy for copy in reversed(self.copies) if copy.role == role), None)

    @property
    def live(self) -> Copy | None:
        return self.copy("live")

    @property
    def building(self) -> Copy | None:
        return self.copy("building")

    @property
    def build_state(self) -> str:
        return str(self.row["build_state"])


def standing(connection: Connection, mirror: str) -> Standing:
    """How a mirror stands now. Raises `NoResultFound` for one that is not enrolled."""
    row = connection.execute(_MIRROR, {"mirror": mirror}).mappings().one()
    return Standing(dict(row), tuple(Copy(*each) for each in connection.execute(_COPIES, {"mirror": mirror})))


def add(connection: Connection, mirror: str, index: str) -> str:
    """Note an index that is about to be made; gives the id of its copy."""
    copy_id = new_id()
    row = {"id": copy_id, "mirror": mirror, "role": "building", "index": index, "schema_hash": SCHEMA}
    connection.execute(insert(COPY), [{**row, "made_at": clock.read(connection)}])
    return copy_id


def change(connection: Connection, copy_id: str, **columns: Any) -> None:
    """Set columns of a copy's row."""
    connection.execute(update(COPY).where(COPY.c.id == copy_id).values(**columns))


def forget(connection: Connection, copy_id: str) -> None:
    """Forget a copy with its ledger and its batches."""
    connection.execute(delete(COPY).where(COPY.c.id == copy_id))
