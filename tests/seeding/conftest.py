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
def loaded_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """A SQLite file with the seed that nobody is connected to, and the report of the load."""
    file = tmp_path_factory.mktemp("seeded") / "register.db"
    shutil.copy(sqlite_template, file)
    database = Database(f"sqlite:///{file}")
    report = seeding.load(database, SEED)
    database.dispose()
    return file, report


@pytest.fixture(scope="session")
def seeded_sqlite(loaded_template: tuple[Path, Report]) -> Iterator[tuple[Database, Report]]:
    file, report = loaded_template
    database = Database(f"sqlite:///{file}")
    yield database, report
    database.dispose()


@pytest.fixture(scope="session")
def seeded_postgres(postgres_template: str) -> Iterator[tuple[Database, Report]]:
    with postgres.database_copy(postgres_template) as url:
        database = Database(url)
        yield database, seeding.load(database, SEED)
        database.dispose()


@pytest.fixture
def loaded_database(loaded_template: tuple[Path, Report], tmp_path: Path) -> Iterator[Database]:
    """A register with the seed that a test may write to."""
    file = tmp_path / "register.db"
    shutil.copy(loaded_template[0], file)
    database = Database(f"sqlite:///{file}")
    yield database
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
