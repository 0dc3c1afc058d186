"""Random lives of the register over its API, on both databases, each beside a model of it.

    API_EXAMPLES=200 API_STEPS=60 API_SEED=1 pytest tests/api/test_state_machine.py -n 2 -o faulthandler_timeout=0

asks for more and longer ones than the few that the suite has time for, which are the same in every run.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import hypothesis
import pytest
from hypothesis.stateful import run_state_machine_as_test

from service.database import Database
from tests import postgres
from tests.api.machine import Machine

EXAMPLES = int(os.environ.get("API_EXAMPLES", "6"))
STEPS = int(os.environ.get("API_STEPS", "25"))
SEED = os.environ.get("API_SEED")


@pytest.fixture(params=["sqlite", "postgresql"])
def made_anew(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], AbstractContextManager[Database]]:
    template = request.getfixturevalue("sqlite_template" if request.param == "sqlite" else "postgres_template")

    @contextmanager
    def made() -> Iterator[Database]:
        if request.param == "sqlite":
            for old in tmp_path.glob("register.db*"):
                old.unlink()
            shutil.copy(template, tmp_path / "register.db")
            database = Database(f"sqlite:///{tmp_path}/register.db")
            yield database
            database.dispose()
        else:
            with postgres.database_copy(template) as url:
                database = Database(url)
                yield database
                database.dispose()

    return made


def test_a_random_life_is_as_the_model_says(made_anew: Callable[[], AbstractContextManager[Database]], tmp_path: Path) -> None:
    class Life(Machine):
        new_database = staticmethod(made_anew)
        folder = tmp_path

    if SEED is not None:
        hypothesis.seed(int(SEED))(Life)
    asked = hypothesis.settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        derandomize=SEED is None,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    run_state_machine_as_test(Life, settings=asked)
