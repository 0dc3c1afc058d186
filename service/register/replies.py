"""What was answered to a request with an Idempotency-Key, kept in the transaction of its write, so that a retry gets the same.

Follows draft-ietf-httpapi-idempotency-key-header: a key stands for one request of one client. What was refused wrote nothing and
is not kept; a retry of it is a new try.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import JSON, Column, Connection, LargeBinary, delete, select, text
from sqlmodel import Field, SQLModel

from service.errors import KeyReused, StillRunning
from service.register.inserting import insert_rows
from service.register.table import now

KEPT_HOURS: Final = 48
"""How long an answer can be had again; the key is free after that."""


class IdempotentReply(SQLModel, table=True):
    """The answer to one request of one client."""

    __tablename__ = "idempotent_reply"

    client: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str = Field(description="Of method, path, query and body.")
    status: int
    headers: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    at: datetime = Field(index=True, default_factory=now)


class Reply(NamedTuple):
    """An answer as it was sent."""

    status: int
    headers: dict[str, str]
    body: bytes


class Attempt(NamedTuple):
    """A request that may be a retry: whose it is, its key, and a fingerprint of what it asks for."""

    client: str
    key: str
    fingerprint: str


def find(connection: Connection, attempt: Attempt) -> Reply | None:
    """What was answered to this request before; None where it is the first try.

    Until the end of the transaction nobody else works on the same key. Raises `KeyReused` where the key stands for another
    request, and `StillRunning` where another process works on it at this moment.
    """
    _claim(connection, attempt)
    table = SQLModel.metadata.tables["idempotent_reply"]
    question = select(table).where(table.c.client == attempt.client, table.c.key == attempt.key)
    kept = connection.execute(question).mappings().first()
    if kept is None or kept["at"] < now() - timedelta(hours=KEPT_HOURS):
        return None
    if kept["fingerprint"] != attempt.fingerprint:
        raise KeyReused(f"The Idempotency-Key {attempt.key!r} stands for a request with another path or body; make a new key")
    return Reply(kept["status"], kept["headers"], bytes(kept["body"]))


def keep(connection: Connection, attempt: Attempt, reply: Reply) -> None:
    """Keep an answer with what it tells of, and let go of the oldest ones."""
    table = SQLModel.metadata.tables["idempotent_reply"]
    outdated = table.c.at < now() - timedelta(hours=KEPT_HOURS)
    connection.execute(delete(table).where(outdated))
    insert_rows(connection, "idempotent_reply", [{**attempt._asdict(), **reply._asdict(), "at": now()}])


def _claim(connection: Connection, attempt: Attempt) -> None:
    # On SQLite nobody else writes meanwhile.
    if connection.dialect.name == "sqlite":
        return
    number = int.from_bytes(hashlib.sha256(f"{attempt.client}\n{attempt.key}".encode()).digest()[:8], "big", signed=True)
    if not connection.execute(text("SELECT pg_try_advisory_xact_lock(:number)"), {"number": number}).scalar():
        raise running(attempt.key)


def running(key: str) -> StillRunning:
    """The refusal of a request whose first try is not over yet."""
    return StillRunning(
        f"The first request with the Idempotency-Key {key!r} is still being worked on; try again in a moment",
        headers={"Retry-After": "1"},
    )
