"""What all tables of the register have in common: ids, instants, names of constraints, coded columns."""

from datetime import UTC, datetime
from typing import Any

import uuid_utils
from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field, SQLModel

from service.register.codes import FIELDS

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def new_id() -> str:
    """A new UUIDv7 (RFC 9562 §5.7): unique, never reused, and in the order of recording."""
    return str(uuid_utils.uuid7())


def now() -> datetime:
    """This instant, in UTC."""
    return datetime.now(UTC)


def coded(column: str, field: str) -> CheckConstraint:
    """The column holds a code of that list; null passes, as in every check of SQL."""
    return one_of(column, FIELDS[field])


def one_of(column: str, values: Any) -> CheckConstraint:
    """The column holds one of these words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def refers(column: str, target: str, on_delete: str = "RESTRICT") -> ForeignKeyConstraint:
    """The column holds the id of a row of the target table."""
    return ForeignKeyConstraint([column], [f"{target}.id"], ondelete=on_delete)


class Kept(SQLModel):
    """The columns of a record that has a life of its own: it is recorded, revised, withdrawn, restored, never deleted."""

    id: str = Field(primary_key=True, default_factory=new_id)
    version: int = Field(default=1, ge=1, description="Raised by one with every revision.")
    recorded_at: datetime = Field(default_factory=now)
    revised_at: datetime = Field(default_factory=now)
    withdrawn_at: datetime | None = None
    withdrawn_reason: str | None = None


class Part(SQLModel):
    """The columns of a row that lives inside a record and shares its versions; `position` keeps the order of recording."""

    id: str = Field(primary_key=True, default_factory=new_id)
    position: int = Field(default=0, ge=0)


def filled(name: str, *columns: str) -> CheckConstraint:
    """At least one of the columns says something."""
    return CheckConstraint(" OR ".join(f"coalesce({column}, '') <> ''" for column in columns), name=name)
