"""The order in which changes were committed: every revision gets a number, without gaps, by triggers of the database.

    SQLite      writers come one after the other; the number is given when the revision is written
    PostgreSQL  a constraint trigger that is deferred to the commit takes a lock that is held until the commit is seen by all, and
                gives the next number; so whoever sees a number sees all that are lower

A transaction that is undone takes its numbers back. No writer can forget it, be it the verbs or another program.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, Connection, inspect, text
from sqlmodel import Field, SQLModel

from service.register.table import refers

_NAME: Final = "number_change"


class Change(SQLModel, table=True):
    """The place of a revision in the order of commits, from 1 on."""

    __tablename__ = "change"
    __table_args__ = (refers("revision_id", "revision"),)

    position: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    revision_id: int = Field(sa_type=BigInteger, unique=True)


_NEXT: Final = "INSERT INTO change (position, revision_id) SELECT coalesce(max(position), 0) + 1, NEW.id FROM change;"
_SQLITE: Final = f"CREATE TRIGGER {_NAME} AFTER INSERT ON revision BEGIN {_NEXT} END"
_BODY: Final = f" BEGIN PERFORM pg_advisory_xact_lock(hashtext('{_NAME}')); {_NEXT} RETURN NULL; END "
_POSTGRESQL: Final = (
    f"CREATE OR REPLACE FUNCTION {_NAME}() RETURNS trigger LANGUAGE plpgsql AS $body${_BODY}$body$",
    (
        f"CREATE CONSTRAINT TRIGGER {_NAME} AFTER INSERT ON revision DEFERRABLE INITIALLY DEFERRED"
        f" FOR EACH ROW EXECUTE FUNCTION {_NAME}()"
    ),
)


def install(connection: Connection) -> None:
    """Put the trigger in place, and number what was written without it, in the order of recording."""
    if not inspect(connection).has_table("change"):
        return
    remove(connection)
    for statement in (_SQLITE,) if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.exec_driver_sql(statement)
    connection.execute(
        text(
            "INSERT INTO change (position, revision_id)"
            " SELECT (SELECT coalesce(max(position), 0) FROM change) + row_number() OVER (ORDER BY r.id), r.id FROM revision r"
            " WHERE NOT EXISTS (SELECT 1 FROM change c WHERE c.revision_id = r.id) ORDER BY r.id"
        )
    )


def missing(connection: Connection) -> list[str]:
    """The name of the trigger where it is not there, or is not what it should be."""
    if connection.dialect.name == "sqlite":
        found = connection.execute(text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = :name"), {"name": _NAME})
        return [] if found.scalar() == _SQLITE else [_NAME]
    question = (
        "SELECT p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_class c ON c.oid = t.tgrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema() AND c.relname = 'revision'"
        " AND t.tgname = :name AND t.tgenabled IN ('O', 'A') AND t.tgdeferrable AND t.tginitdeferred"
    )
    return [] if connection.execute(text(question), {"name": _NAME}).scalar() == _BODY else [_NAME]


def remove(connection: Connection) -> None:
    """Take the trigger away."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {_NAME}")
    else:
        connection.exec_driver_sql(f"DROP FUNCTION IF EXISTS {_NAME}() CASCADE")
