"""API keys: made once and shown once, kept as a digest only.

A key reads `engk_<id>_<secret>`. The id is no secret and names the key in lists and logs. The secret has 192 random bits, so
that a plain SHA-256 of it can be kept: what cannot be guessed needs no slow hash.
"""

import hmac
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, insert, select, update
from sqlmodel import Field, SQLModel

from service.access.client import SCOPES, Scope
from service.errors import NotFound
from service.register.codes import VISIBILITY
from service.register.table import now, one_of

_MARK: Final = "engk"


class ApiKey(SQLModel, table=True):
    """A key: what it may do (`scope`), up to which level of visibility it sees, and until when it is good."""

    __tablename__ = "api_key"
    __table_args__ = (one_of("scope", SCOPES), one_of("sees", VISIBILITY))

    id: str = Field(primary_key=True)
    name: str
    scope: str
    sees: str
    digest: str
    made_at: datetime = Field(default_factory=now)
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None


class Given(NamedTuple):
    """A key as a request brings it."""

    id: str
    secret: str


def make(connection: Connection, name: str, scope: Scope, sees: str, lifetime: timedelta | None = None) -> str:
    """A new key, whole; it cannot be shown again."""
    key_id, secret = secrets.token_hex(6), secrets.token_urlsafe(24)
    moment = now()
    row = {"id": key_id, "name": name, "scope": scope, "sees": sees, "digest": _digest(secret), "made_at": moment}
    connection.execute(insert(_table()), row | {"expires_at": moment + lifetime if lifetime else None})
    return f"{_MARK}_{key_id}_{secret}"


def revoke(connection: Connection, key_id: str) -> None:
    """Let a key be good for nothing from now on. Raises `NotFound`; one that was revoked before stays so."""
    table = _table()
    if connection.execute(select(table.c.id).where(table.c.id == key_id)).scalar() is None:
        raise NotFound(f"There is no key with the id {key_id!r}; `engagements keys list` shows them all.")
    connection.execute(update(table).where(table.c.id == key_id, table.c.revoked_at.is_(None)).values(revoked_at=now()))


def every(connection: Connection) -> list[Mapping[str, Any]]:
    """All keys that were ever made, in that order, without their secrets."""
    return [dict(row) for row in connection.execute(select(_table()).order_by(_table().c.made_at, _table().c.id)).mappings()]


def used(connection: Connection, moments: Mapping[str, datetime]) -> None:
    """Note when keys were used last."""
    for key_id, moment in moments.items():
        connection.execute(update(_table()).where(_table().c.id == key_id).values(last_used_at=moment))


def is_good(row: Mapping[str, Any], moment: datetime) -> bool:
    """Whether a key may be used at this moment."""
    return row["revoked_at"] is None and (row["expires_at"] is None or row["expires_at"] > moment)


def read(text: str) -> Given | None:
    """The parts of a key as it was given; None for what is none."""
    mark, _, rest = text.partition("_")
    key_id, _, secret = rest.partition("_")
    return Given(key_id, secret) if mark == _MARK and key_id and secret else None


def matches(row: Mapping[str, Any], given: Given) -> bool:
    """Whether the secret is the key's; takes as long for a wrong one as for the right one."""
    return hmac.compare_digest(row["digest"], _digest(given.secret))


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def _table() -> Any:
    return SQLModel.metadata.tables["api_key"]
