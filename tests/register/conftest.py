"""The register room's tests work at a clerk's desk, on both databases."""

import pytest

from service.database import Database
from service.register.verbs.journal import Actor
from tests.register.desk import Desk


@pytest.fixture
def desk(database: Database, by: Actor) -> Desk:
    return Desk(database, by)
