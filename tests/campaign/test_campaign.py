"""A bounded sample of the campaign on every pair of database and engine, and that it catches a worker with a broken rule."""

import argparse
from typing import Any

import pytest

from tests.campaign import postgres_is_there
from tests.campaign.__main__ import Result, run

pytestmark = pytest.mark.slow

ASKED = {
    "database": "sqlite",
    "engine": "double",
    "key": None,
    "kills": 12,
    "writes": 400,
    "records": 120,
    "minutes": 2.0,
    "share": 0.05,
    "seed": 7,
    "deeds": 0.25,
    "patience": 60.0,
    "broken": None,
}


def campaign(**asked: Any) -> Result:
    return run(argparse.Namespace(**{**ASKED, **asked}))


@pytest.mark.parametrize(("database", "engine"), [("sqlite", "embedded"), ("sqlite", "double"), ("postgresql", "double")])
def test_after_kills_and_lies_every_document_is_as_the_register_says(database: str, engine: str) -> None:
    if database == "postgresql" and not postgres_is_there():
        pytest.skip("no PostgreSQL on this machine")
    result = campaign(database=database, engine=engine)
    assert result.kills == 12
    assert result.writes >= 400
    assert result.held, result


@pytest.mark.parametrize("rule", ["acknowledge-on-acceptance", "no-barrier", "no-bisect"])
def test_a_worker_with_a_broken_rule_is_caught(rule: str) -> None:
    # What goes wrong is chance, and how much of it comes together is the machine's: nearly always the first is caught.
    asked = {"broken": rule, "kills": 40, "writes": 2000, "share": 0.05, "deeds": 0.0, "patience": 15.0}
    results = (campaign(**asked, seed=seed) for seed in (45, 1, 2, 3))
    assert not all(result.held for result in results)
