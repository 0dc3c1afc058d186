"""What refers to a merged record moves to its survivor, and back when the merger is undone.

Each row that moved is remembered with its place in the list that it came from, so that it returns to it. A row that was
given to somebody else meanwhile, or removed, stays what it has become.
"""

from collections.abc import Collection
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, select, update
from sqlmodel import SQLModel

from service.register.inserting import insert_rows
from service.register.verbs.rows import Row

Mergeable = Literal["engagement", "person", "organization"]
Moved = dict[str, list[Row]]


class Link(NamedTuple):
    """A column that holds the id of a record, and whether its rows are a list of that record with an order of its own."""

    table: str
    column: str
    listed: bool
    key: tuple[str, ...] = ("id",)

    @property
    def name(self) -> str:
        """What the moved rows are remembered under."""
        return f"{self.table}.{self.column}"


_SYSTEM_AND_KEY: Final = ("system", "key")

LINKS: Final[dict[Mergeable, tuple[Link, ...]]] = {
    "person": (
        Link("participation", "person_id", listed=False),
        Link("assertion", "person_id", listed=True),
        Link("person_name", "person_id", listed=True),
        Link("external_id", "person_id", listed=True, key=_SYSTEM_AND_KEY),
        Link("person", "merged_into", listed=False),
    ),
    "organization": (
        Link("participation", "organization_id", listed=False),
        Link("outcome_party", "organization_id", listed=False, key=("outcome_id",)),
        Link("assertion", "organization_id", listed=True),
        Link("organization_name", "organization_id", listed=True),
        Link("external_id", "organization_id", listed=True, key=_SYSTEM_AND_KEY),
        Link("organization", "merged_into", listed=False),
    ),
    "engagement": (
        Link("participation", "engagement_id", listed=True),
        Link("outcome", "engagement_id", listed=True),
        Link("citation", "engagement_id", listed=True),
        Link("assertion", "engagement_id", listed=True),
        Link("external_id", "engagement_id", listed=True, key=_SYSTEM_AND_KEY),
        Link("engagement", "parent_id", listed=False),
        Link("outcome", "closed_by_id", listed=False),
        Link("engagement", "merged_into", listed=False),
    ),
}
"""Where the id of a record stands. That of `merged_into` keeps old ids one step away from the survivor, not a chain."""


def move(connection: Connection, noun: Mergeable, merged_id: str, survivor_id: str, staying: Collection[str] = ()) -> Moved:
    """Let everything that refers to the merged record refer to the survivor, but for the rows whose ids are in `staying`."""
    moved: Moved = {}
    if noun == "organization":
        moved["doubled"] = _leave_doubled_parties(connection, merged_id, survivor_id)
    for link in LINKS[noun]:
        moved[link.name] = _move_along(connection, link, merged_id, survivor_id, staying)
    return moved


def move_back(connection: Connection, noun: Mergeable, merged_id: str, survivor_id: str, moved: Moved) -> None:
    """Let the rows that were moved, and still are the survivor's, be the merged record's again."""
    for link in LINKS[noun]:
        _move_back_along(connection, link, merged_id, survivor_id, moved[link.name])
    if noun == "organization":
        _bind_doubled_parties(connection, moved["doubled"])


def next_position(connection: Connection, table: str, column: str, record_id: str) -> int:
    """The place after the last row of the record's list."""
    rows = SQLModel.metadata.tables[table]
    last = connection.execute(select(func.max(rows.c.position)).where(rows.c[column] == record_id)).scalar()
    return 0 if last is None else last + 1


def _move_along(connection: Connection, link: Link, merged_id: str, survivor_id: str, staying: Collection[str]) -> list[Row]:
    table = SQLModel.metadata.tables[link.table]
    mine = table.c[link.column] == merged_id
    if staying and "id" in link.key:
        mine &= table.c.id.not_in(staying)
    remembered = [table.c[name] for name in (*link.key, *(["position"] if link.listed else []))]
    rows = [dict(row) for row in connection.execute(select(*remembered).where(mine)).mappings()]
    values: Row = {link.column: survivor_id}
    if link.listed:
        # The survivor's own rows come first.
        values["position"] = table.c.position + next_position(connection, link.table, link.column, survivor_id)
    connection.execute(update(table).where(mine).values(values))
    return rows


def _move_back_along(connection: Connection, link: Link, merged_id: str, survivor_id: str, rows: list[Row]) -> None:
    table = SQLModel.metadata.tables[link.table]
    # Parameters may not be called like the columns that are set.
    that_row: list[ColumnElement[bool]] = [table.c[name] == bindparam(f"old_{name}") for name in link.key]
    values: dict[str, Any] = {link.column: merged_id}
    if link.listed:
        values["position"] = bindparam("old_position")
    back = update(table).where(and_(*that_row, table.c[link.column] == survivor_id)).values(values)
    if rows:
        connection.execute(back, [{f"old_{name}": value for name, value in row.items()} for row in rows])


def _leave_doubled_parties(connection: Connection, merged_id: str, survivor_id: str) -> list[Row]:
    # An outcome that binds both would bind the survivor twice.
    party = SQLModel.metadata.tables["outcome_party"]
    survivors = select(party.c.outcome_id).where(party.c.organization_id == survivor_id)
    doubled = (party.c.organization_id == merged_id) & party.c.outcome_id.in_(survivors)
    rows = [dict(row) for row in connection.execute(select(party).where(doubled)).mappings()]
    connection.execute(
        delete(party).where(party.c.organization_id == merged_id, party.c.outcome_id.in_([row["outcome_id"] for row in rows]))
    )
    return rows


def _bind_doubled_parties(connection: Connection, doubled: list[Row]) -> None:
    outcome = SQLModel.metadata.tables["outcome"]
    ids = [row["outcome_id"] for row in doubled]
    still_there = set(connection.execute(select(outcome.c.id).where(outcome.c.id.in_(ids))).scalars())
    insert_rows(connection, "outcome_party", [row for row in doubled if row["outcome_id"] in still_there])
