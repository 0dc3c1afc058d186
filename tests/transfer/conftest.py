"""Registers to take files out of and into."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from service import seeding
from service.database import Database
from service.register.audience import OFFICE
from service.register.reading import directory, engagements
from service.register.reading.records import NOUNS, Noun
from service.register.verbs.journal import Actor
from service.settings import resource
from service.transfer import exporting, importing
from service.transfer.importing import Plan, Report
from tests.register.desk import Desk

FILTERS: dict[Noun, Any] = {
    "engagement": engagements.EngagementFilters(),
    "person": directory.PersonFilters(),
    "organization": directory.OrganizationFilters(),
    "topic": directory.TopicFilters(),
    "source": directory.SourceFilters(),
}
ORDER: tuple[Noun, ...] = ("topic", "source", "person", "organization", "engagement")
"""The nouns, so that what is referred to comes first."""

Take = Callable[..., Report]


def dumped(database: Database, noun: Noun) -> bytes:
    """All of a noun as JSON Lines."""
    return b"".join(exporting.lines(noun, exporting.pages(database, noun, FILTERS[noun], audience=OFFICE)))


def tabled(database: Database, noun: Noun, language: Any = "en", *, mark: bool = True) -> bytes:
    """All of a noun as CSV."""
    found = exporting.pages(database, noun, FILTERS[noun], audience=OFFICE)
    return b"".join(exporting.csv_text(noun, found, language, mark=mark))


def revisions(database: Database) -> int:
    """How many revisions there are."""
    [(count,)] = database.ask("SELECT count(*) FROM revision", {})
    return int(count)


@pytest.fixture
def take(database: Database, by: Actor) -> Take:
    """Take a file into the register; gives the report."""

    def take_in(content: bytes, noun: Noun = "engagement", format: Any = "csv", **how: Any) -> Report:
        return importing.take_in(database, BytesIO(content), Plan(noun, format, **how), by=by)

    return take_in


@pytest.fixture
def desk(database: Database, by: Actor) -> Desk:
    return Desk(database, by)


@pytest.fixture
def seeded(tmp_path: Path, sqlite_template: Path) -> Database:
    """A register with the seed in it, beside the one of the test."""
    import shutil

    file = tmp_path / "seeded.db"
    shutil.copy(sqlite_template, file)
    database = Database(f"sqlite:///{file}")
    seeding.load(database, resource("seed"))
    return database


assert set(ORDER) == set(NOUNS)
