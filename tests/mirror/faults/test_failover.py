"""A PostgreSQL that goes away, comes back as another, or refuses a transaction, at each step of the keeper's rounds."""

from contextlib import suppress
from itertools import count
from typing import Any

import pytest

from service.database import Database
from service.errors import Unavailable
from service.mirror.keeper import Keeper
from service.mirror.lease import LeaseLost
from service.register.verbs.journal import Actor
from tests.mirror.conftest import record_meeting, state
from tests.mirror.faults.proof import change_title, counted, prove
from tests.mirror.faults.steps import Fault, Steps
from tests.mirror.memory_engine import MemoryEngine
from tests.postgres import connected, named

STEPS_AT_LEAST = 25
"""How many statements and commits a round has that folds, prepares, sends and acknowledges, and looks."""


def cut(database: Database, _cursor: Any) -> None:
    """Every connection to the database is ended, as when the server stops."""
    with connected(named(database.url.render_as_string(), "postgres")) as connection:
        question = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        connection.execute(question, [database.url.database])


def refuse(code: str) -> Fault:
    """The server answers the statement with this code."""
    return lambda _database, _cursor: (f"DO $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '{code}'; END $$", ())


def time_out(_database: Database, cursor: Any) -> tuple[str, Any]:
    cursor.execute("SET LOCAL statement_timeout = 1")
    return "SELECT pg_sleep(1)", ()


FAULTS: dict[str, Fault] = {
    "connection lost": cut,
    "serialization failure": refuse("40001"),
    "statement timeout": time_out,
    "a standby that takes no writes": refuse("25006"),
}


@pytest.mark.scenario(55)
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.parametrize("name", FAULTS)
def test_a_round_that_fails_at_any_step_is_made_good_by_the_next(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, name: str
) -> None:
    meeting = record_meeting(database, by, "Title 0")
    steps = Steps(database, FAULTS[name])
    for number in count(1):
        change_title(database, meeting, f"Title {number}")
        with steps.one_goes_wrong(number), suppress(Unavailable, LeaseLost):
            keeper.cycle()
        assert state(keeper).in_step <= (engine.titles() == {f"Title {number}"}), "what it says of itself is never wrong"
        if not steps.went_wrong:
            break
    assert number > STEPS_AT_LEAST
    assert prove(keeper, most=6).dead == 0
    assert engine.titles() == {f"Title {number}"}
    assert counted(database, "batches", "failed") == 0
