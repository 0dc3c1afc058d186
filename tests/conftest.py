"""What every test stands on.

A test gets a database of its own that was made by the migrations, and code under test commits to it for real. Migrating is
done once a session: SQLite's file is then copied for each test (a millisecond), PostgreSQL's database serves as the template
of a new one (some thirty milliseconds). The PostgreSQL server belongs to the session too; where the machine has none, the
tests that need it are skipped and say so.

    database            both of them, one test for each      what the register promises, it promises on both
    sqlite_database     one of them                          what only one of them can do
    postgres_database

With pytest-xdist every worker is a session: it migrates its own file and starts its own server. No test sees the settings
of the shell it was started from: variables of the service are taken out of the environment before anything reads them.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from service import schema
from service.database import Database
from service.register.verbs.journal import Actor
from tests import postgres

# A busy machine is slow, which is no finding.
hypothesis.settings.register_profile("register", deadline=None)
hypothesis.settings.load_profile("register")


def pytest_configure() -> None:
    for name in [name for name in os.environ if name.upper().startswith("ENGAGEMENTS_")]:
        del os.environ[name]


def pytest_xdist_auto_num_workers() -> int:
    # Every worker starts a PostgreSQL of its own; more than four of them help nobody.
    return min(4, os.cpu_count() or 1)


def pytest_report_header() -> list[str]:
    meilisearch = "set" if os.environ.get("MEILISEARCH_URL") else "not set: tests on a real server are skipped"
    return [f"databases: SQLite {sqlite3.sqlite_version}, {postgres_version()}", f"MEILISEARCH_URL: {meilisearch}"]


def postgres_version() -> str:
    """The version of the PostgreSQL that the tests start, or that they are skipped."""
    programs = postgres.programs_folder()
    if programs is None:
        return "no PostgreSQL: its tests are skipped"
    told = subprocess.run([programs / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    # postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)
    return f"PostgreSQL {told.split()[2]}"


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def by() -> Actor:
    return Actor("test")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that nobody is connected to."""
    file = tmp_path_factory.mktemp("template") / "register.db"
    migrated(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def postgres_session() -> Iterator[str]:
    """The URL of the session's PostgreSQL server."""
    with postgres.postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_session: str) -> str:
    """The URL of a migrated PostgreSQL database that nobody is connected to."""
    url = postgres.new_database(postgres_session, "migrated")
    migrated(url)
    return url


def migrated(url: str) -> None:
    """Migrate the database, and leave it without a connection."""
    database = Database(url)
    schema.upgrade(database)
    database.dispose()


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    file = tmp_path / "register.db"
    shutil.copy(sqlite_template, file)
    database = Database(f"sqlite:///{file}")
    yield database
    database.dispose()


@pytest.fixture
def postgres_database(postgres_template: str) -> Iterator[Database]:
    with postgres.database_copy(postgres_template) as url:
        database = Database(url)
        yield database
        database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    chosen = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    found: Database = request.getfixturevalue(chosen)
    return found
