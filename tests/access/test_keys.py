"""Keys: made once, shown once, kept as a digest; refused when they are wrong, revoked or out of their time."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import text

from service.access import keyring as keyrings
from service.access import keys
from service.access.client import LOCAL, READER, Scope
from service.access.keyring import Keyring
from service.database import Database
from service.errors import NotFound, Unauthorized
from service.register.table import now


def ring(database: Database, *, on_loopback: bool = False, open_reading: bool = False) -> Keyring:
    made = Keyring(database.url.render_as_string(hide_password=False), on_loopback=on_loopback, open_reading=open_reading)
    made.take()
    return made


def made(database: Database, scope: Scope = "write", sees: str = "internal", lifetime: timedelta | None = None) -> str:
    with database.writing() as connection:
        return keys.make(connection, "Feed", scope, sees, lifetime)


@pytest.fixture
def closing() -> Iterator[list[Keyring]]:
    opened: list[Keyring] = []
    yield opened
    for each in opened:
        each.close()


def test_a_key_lets_in_as_what_it_was_made_for(database: Database, closing: list[Keyring]) -> None:
    key = made(database)
    closing.append(known := ring(database))
    client = known.client(f"Bearer {key}")
    assert (client.name, client.scope, client.audience.sees) == ("Feed", "write", "internal")
    assert known.client(f"bearer   {key}") == client
    assert (client.may("read"), client.may("write"), client.may("admin")) == (True, True, False)


def test_nothing_of_the_secret_is_kept(database: Database) -> None:
    key = made(database)
    secret = key.split("_", 2)[2]
    with database.reading() as connection:
        [row] = keys.every(connection)
    assert secret not in str(row)
    assert len(secret) == 32


@pytest.mark.parametrize("sent", ["", "Bearer", "Bearer ", "Bearer nonsense", "Bearer engk_000000000000_x", "Basic {key}"])
def test_whatever_is_no_key_is_refused(database: Database, closing: list[Keyring], sent: str) -> None:
    key = made(database)
    closing.append(known := ring(database, open_reading=True))
    with pytest.raises(Unauthorized) as refused:
        known.client(sent.format(key=key))
    assert refused.value.headers["WWW-Authenticate"].startswith("Bearer")
    assert key not in refused.value.detail


def test_a_changed_secret_is_refused(database: Database, closing: list[Keyring]) -> None:
    key = made(database)
    closing.append(known := ring(database))
    for wrong in (key[:-1], key + "x", key[:-1] + ("a" if key[-1] != "a" else "b")):
        with pytest.raises(Unauthorized):
            known.client(f"Bearer {wrong}")


def test_a_revoked_key_is_refused_and_one_that_never_was_is_named(database: Database, closing: list[Keyring]) -> None:
    key = made(database)
    closing.append(known := ring(database, on_loopback=True))
    with database.writing() as connection:
        keys.revoke(connection, key.split("_")[1])
    known.take()
    with pytest.raises(Unauthorized, match="was revoked"):
        known.client(f"Bearer {key}")
    # The last key is gone, and nothing is open again for it.
    with pytest.raises(Unauthorized):
        known.client(None)
    with pytest.raises(NotFound), database.writing() as connection:
        keys.revoke(connection, "000000000000")


def test_an_expired_key_is_refused(database: Database, closing: list[Keyring]) -> None:
    key = made(database, lifetime=timedelta(days=1))
    closing.append(known := ring(database))
    assert known.client(f"Bearer {key}").name == "Feed"
    with database.writing() as connection:
        connection.execute(text("UPDATE api_key SET expires_at = :at").bindparams(at=now() - timedelta(seconds=1)))
    known.take()
    with pytest.raises(Unauthorized, match="has expired"):
        known.client(f"Bearer {key}")


def test_without_any_key_loopback_is_open_and_nothing_else(database: Database, closing: list[Keyring]) -> None:
    closing += [local := ring(database, on_loopback=True), remote := ring(database), public := ring(database, open_reading=True)]
    assert local.client(None) == LOCAL
    assert public.client(None) == READER
    with pytest.raises(Unauthorized):
        remote.client(None)
    made(database)
    local.take()
    with pytest.raises(Unauthorized):
        local.client(None)


def test_when_a_key_was_used_last_is_noted_without_a_change_of_the_register(
    database: Database, closing: list[Keyring], monkeypatch: pytest.MonkeyPatch
) -> None:
    key = made(database)
    closing.append(known := ring(database))
    known.client(f"Bearer {key}")
    known.take()
    with database.reading() as connection:
        assert keys.every(connection)[0]["last_used_at"] is None
        before = connection.execute(text("SELECT count(*) FROM touch")).scalar()
    monkeypatch.setattr(keyrings, "_NOTED_EVERY_SECONDS", 0.0)
    known.take()
    with database.reading() as connection:
        assert keys.every(connection)[0]["last_used_at"] is not None
        assert connection.execute(text("SELECT count(*) FROM touch")).scalar() == before
