"""Random lives of a mirror end in step, on both databases and both engines.

    MACHINE_EXAMPLES=1000 MACHINE_STEPS=60 MACHINE_SEED=1 pytest tests/mirror/test_machine.py -n 4 -o faulthandler_timeout=0

asks for more and longer ones than the few that the suite has time for, which are the same in every run.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import hypothesis
import pytest
from hypothesis.stateful import run_state_machine_as_test
from pydantic import SecretStr

from service.database import Database
from service.mirror import audit, choosing
from service.search import document
from service.settings import MirrorSettings
from tests import postgres
from tests.mirror import instances
from tests.mirror.clocks import Clocks
from tests.mirror.instances import InFolder, Instance, OnDouble, WatchedDouble
from tests.mirror.machine import Machine, Place

EXAMPLES = int(os.environ.get("MACHINE_EXAMPLES", "5"))
STEPS = int(os.environ.get("MACHINE_STEPS", "20"))
SEED = os.environ.get("MACHINE_SEED")

NewDatabase = Callable[[], AbstractContextManager[Database]]


@pytest.fixture
def folder() -> Iterator[Path]:
    """In memory where there is enough: a life commits some thousand times, and what a crash of the machine does is not asked."""
    with tempfile.TemporaryDirectory(prefix="register-machine-", dir=postgres.parent_folder()) as made:
        yield Path(made)


@pytest.fixture(params=["sqlite", "postgresql"])
def new_database(request: pytest.FixtureRequest, folder: Path) -> NewDatabase:
    template = request.getfixturevalue("sqlite_template" if request.param == "sqlite" else "postgres_template")

    @contextmanager
    def made() -> Iterator[Database]:
        if request.param == "sqlite":
            for old in folder.glob("register.db*"):
                old.unlink()
            shutil.copy(template, folder / "register.db")
            database = Database(f"sqlite:///{folder}/register.db")
            yield database
            database.dispose()
        else:
            with postgres.database_copy(template) as url:
                database = Database(url)
                yield database
                database.dispose()

    return made


@pytest.fixture(params=["double", "embedded"])
def engine(request: pytest.FixtureRequest, folder: Path) -> Iterator[tuple[Instance, MirrorSettings]]:
    if request.param == "embedded":
        yield InFolder(folder / "index"), MirrorSettings(name="primary", engine="embedded")
        return
    with WatchedDouble() as double:
        key = SecretStr(double.master_key or "")
        yield OnDouble(double), MirrorSettings(name="primary", engine="meilisearch", url=double.url, key=key)


def test_a_random_life_ends_in_step(
    new_database: NewDatabase,
    engine: tuple[Instance, MirrorSettings],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (document, audit, instances):
        monkeypatch.setattr(module, "BUCKETS", 4)  # Few documents need few buckets, and an audit asks for each.
    monkeypatch.setattr(choosing, "MAX_DOCUMENTS", 3)  # A few documents are more than one batch.
    here = Place(new_database, *engine, Clocks(monkeypatch), folder)

    class Life(Machine):
        place = here

    if SEED is not None:
        hypothesis.seed(int(SEED))(Life)
    asked = hypothesis.settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        derandomize=SEED is None,
        database=None,
        deadline=None,
        # A life that fails is told as it was: making it shorter takes longer than reading it.
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    try:
        run_state_machine_as_test(Life, settings=asked)
    finally:
        print(dict(sorted(here.counts.items())))  # noqa: T201  for whoever asked for more
