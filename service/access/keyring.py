"""All keys of the register, in memory: a request is let in without a question to the database.

They are read anew every second, so that a key that was made or revoked by another process is known or refused a second later.
"""

import time
from datetime import datetime
from typing import Final

import structlog
from anyio import sleep, to_thread

from service.access import keys
from service.access.client import LOCAL, READER, Client, Scope
from service.database import Database
from service.errors import Problem, Unauthorized
from service.register.audience import Audience
from service.register.table import now

log = structlog.get_logger()

_EVERY_SECONDS: Final = 1.0
_NOTED_EVERY_SECONDS: Final = 30.0
_CHALLENGE: Final = {"WWW-Authenticate": 'Bearer realm="engagements"'}
_REFUSED: Final = {"WWW-Authenticate": 'Bearer realm="engagements", error="invalid_token"'}


class Keyring:
    """Says on whose behalf a request is made.

    As long as no key was ever made, whoever reaches a service on loopback may do everything. Where `open_reading` is set, whoever
    brings no key may read what is public.
    """

    def __init__(self, url: str, *, on_loopback: bool, open_reading: bool) -> None:
        # Connections of its own, so that noting the use of a key is no change of the register for anybody.
        self.database = Database(url, pool_size=1)
        self.on_loopback = on_loopback
        self.open_reading = open_reading
        self._keys: dict[str, tuple[dict[str, object], Client]] = {}
        self._used: dict[str, datetime] = {}
        self._noted_at = time.monotonic()

    @property
    def is_open(self) -> bool:
        """Whether everything is allowed without a key."""
        return self.on_loopback and not self._keys

    def client(self, authorization: str | None) -> Client:
        """Whom the Authorization header speaks for; raises `Unauthorized`."""
        if authorization is not None:
            return self._bearer(authorization)
        if self.is_open:
            return LOCAL
        if self.open_reading:
            return READER
        raise Unauthorized(
            "Send a key as `Authorization: Bearer engk_…`; whoever runs the register makes them", headers=_CHALLENGE
        )

    def _bearer(self, authorization: str) -> Client:
        scheme, _, text = authorization.strip().partition(" ")
        given = keys.read(text.strip()) if scheme.lower() == "bearer" else None
        row, client = self._keys.get(given.id, (None, None)) if given else (None, None)
        if given is None or row is None or client is None or not keys.matches(row, given):
            raise Unauthorized(
                "The Authorization header has no key of this register: `Bearer engk_…` is expected", headers=_REFUSED
            )
        moment = now()
        if not keys.is_good(row, moment):
            why = "was revoked" if row["revoked_at"] else "has expired"
            raise Unauthorized(f"The key {given.id} {why}", headers=_REFUSED)
        self._used[given.id] = moment
        return client

    def take(self) -> None:
        """Read all keys anew, and note from time to time which were used. Raises `Unavailable`, and what is known stays known."""
        with self.database.reading() as connection:
            rows = keys.every(connection)
        self._keys = {row["id"]: (dict(row), _client(row["id"], row["name"], row["scope"], row["sees"])) for row in rows}
        if self._used and time.monotonic() - self._noted_at >= _NOTED_EVERY_SECONDS:
            self.note()

    def note(self) -> None:
        """Write down when keys were used last."""
        moments, self._used, self._noted_at = self._used, {}, time.monotonic()
        if moments:
            with self.database.writing() as connection:
                keys.used(connection, moments)

    async def keep(self) -> None:
        """Read the keys again and again, until cancelled."""
        while True:
            await sleep(_EVERY_SECONDS)
            try:
                await to_thread.run_sync(self.take)
            except Problem as problem:
                log.warning("keys not read", error=problem.detail)

    def close(self) -> None:
        """Write down what is left to be, and close the connections."""
        try:
            self.note()
        except Problem as problem:
            log.warning("use of keys not noted", error=problem.detail)
        self.database.dispose()


def _client(key_id: str, name: str, scope: Scope, sees: str) -> Client:
    return Client(key_id, name, scope, Audience(sees))
