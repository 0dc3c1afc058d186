"""Registers that hold the seed, loaded once a session on each database; tests only read them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from service import seeding
from service.database import Database
from service.seeding import Report
from tests import postgres

SEED = Path(__file__).parents[2] / "seed"


@pytest.fixture(scope="session")
def seeded_sqlite(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Database, Report]]:
    file = tmp_path_factory.mktemp("seeded") / "register.db"
    shutil.copy(sqlite_template, file)
    yield from loaded(f"sqlite:///{file}")


@pytest.fixture(scope="session")
def seeded_postgres(postgres_template: str) -> Iterator[tuple[Database, Report]]:
    with postgres.database_copy(postgres_template) as url:
        yield from loaded(url)


def loaded(url: str) -> Iterator[tuple[Database, Report]]:
    database = Database(url)
    yield database, seeding.load(database, SEED)
    database.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def seeded(request: pytest.FixtureRequest) -> tuple[Database, Report]:
    """A register with the seed, and the report of the load; not to be written to."""
    found: tuple[Database, Report] = request.getfixturevalue("seeded_sqlite" if request.param == "sqlite" else "seeded_postgres")
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the seed that a test may change."""
    copy = tmp_path / "seed"
    shutil.copytree(SEED, copy)
    return copy
