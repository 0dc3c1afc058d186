"""A PostgreSQL server of the tests' own: made in a temporary folder, reached through a socket in it, gone afterwards.

Only the owner of the folder can reach the socket, so no password is needed and no port can be taken by somebody else.
Nothing is flushed to disk: what a crash of the machine would lose, the tests do not need.

    with postgres_server() as server:               # once per session, about two seconds
        migrated = new_database(server, "migrated")
        ...                                         # migrate it, then close every connection to it
        with database_copy(migrated) as url:        # once per test, some twenty milliseconds
            ...
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

DEBIAN_FOLDER = Path("/usr/lib/postgresql")
MEMORY = Path("/dev/shm")
MEMORY_NEEDED = 1 << 30
OWNER = "register"
START_SECONDS = 30.0
STOP_SECONDS = 30.0
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "128MB",
    "max_connections": "100",
}

_copies = count(1)


@contextmanager
def postgres_server() -> Iterator[str]:
    """A running server; gives the URL of its database `postgres`. Skips the test where PostgreSQL is not installed."""
    programs = programs_folder()
    if programs is None:
        pytest.skip("PostgreSQL is not installed; Debian has it in the package postgresql")
    folder = Path(tempfile.mkdtemp(prefix="register-postgres-", dir=parent_folder()))
    try:
        account = unprivileged_account(folder)
        make_cluster(programs, folder, account)
        with running(programs, folder, account):
            yield database_url(folder, "postgres")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def new_database(server: str, name: str) -> str:
    """An empty database on the server; gives its URL."""
    with connected(server) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return named(server, name)


@contextmanager
def database_copy(template: str) -> Iterator[str]:
    """A copy of a database that nobody is connected to; gives its URL, and drops it with whoever is still connected."""
    name = f"copy_{next(_copies)}"
    original = make_url(template).database or ""
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(original))
    with connected(named(template, "postgres")) as connection:
        if connection.info.server_version >= 150000:
            # Copying the files is the quicker way where nothing is flushed.
            statement += sql.SQL(" STRATEGY file_copy")
        connection.execute(statement)
        try:
            yield named(template, name)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def parent_folder() -> Path:
    """Memory, where Linux offers enough of it: a copy of the register then takes 15 ms, on a busy disk 300 ms.

    Both paths are short because a socket's may have only about a hundred characters.
    """
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED
    return MEMORY if roomy else Path("/tmp")


def programs_folder() -> Path | None:
    """Where initdb and postgres are: on the path, or where Debian keeps the newest version; None when they are nowhere."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    folders = [folder for folder in DEBIAN_FOLDER.glob("*/bin") if (folder / "initdb").exists()]
    return max(folders, key=lambda folder: float(folder.parent.name), default=None)


def unprivileged_account(folder: Path) -> dict[str, Any]:
    """The arguments that start a process as the folder's owner. PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
    account = accounts.get("postgres") or accounts["nobody"]
    os.chown(folder, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def make_cluster(programs: Path, folder: Path, account: dict[str, Any]) -> None:
    """Make the server's files, in UTF-8 and sorted by code point on every machine."""
    options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", f"--username={OWNER}"]
    command = [str(programs / "initdb"), f"--pgdata={folder / 'data'}", *options]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **account)
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")


@contextmanager
def running(programs: Path, folder: Path, account: dict[str, Any]) -> Iterator[None]:
    """The server, for as long as the block lasts."""
    settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
    command = [*dies_with_us(), str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder), *settings]
    log = folder / "log"
    with (
        log.open("wb") as output,
        # A session of its own keeps Ctrl-C from the server, which is still needed while the tests end.
        subprocess.Popen(command, cwd=folder, stdout=output, stderr=output, start_new_session=True, **account) as process,
    ):
        try:
            wait_until_ready(process, database_url(folder, "postgres"), log)
            yield
        finally:
            stop(process)


def dies_with_us() -> list[str]:
    """What makes the server stop also when the tests are killed and can stop nothing themselves; Linux only."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "INT", "--"] if setpriv else []


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    """Return when the server answers; raise with its log when it ends or does not within `START_SECONDS`."""
    deadline = monotonic() + START_SECONDS
    while process.poll() is None and monotonic() < deadline:
        try:
            connected(url).close()
            return
        except psycopg.OperationalError:
            sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the server without waiting for those who are connected (SIGINT is its "fast" shutdown)."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()


def connected(url: str) -> psycopg.Connection:
    """A connection on which each statement is its own transaction, as making and dropping databases asks."""
    parts = make_url(url)
    return psycopg.connect(host=str(parts.query["host"]), user=parts.username, dbname=parts.database, autocommit=True)


def named(url: str, name: str) -> str:
    """The URL of another database on the same server."""
    return database_url(Path(str(make_url(url).query["host"])), name)


def database_url(folder: Path, name: str) -> str:
    """The URL of a database whose server has its socket in the folder."""
    return f"postgresql+psycopg://{OWNER}@/{name}?host={folder}"
