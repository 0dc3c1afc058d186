"""What the README says is true: its settings, its commands, and what it shows of their answers."""

import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import typer.main

from service import cli, schema, seeding
from service.database import Database
from service.mirror import status
from service.mirror.worker import Worker
from service.settings import Settings, resource

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ \.venv/bin/engagements (.+)\n((?:(?!\$|```).*\n)*)", README, re.MULTILINE)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder as `./run` makes it: migrated, seeded, and its index in step."""
    folder = tmp_path_factory.mktemp("data")
    settings = Settings(data_dir=folder)
    database = Database(settings.database)
    schema.upgrade(database)
    seeding.load(database, resource("seed"))
    with Worker(settings):
        limit = time.monotonic() + 60
        while not (mirrors := status.read(database)) or not mirrors[0].in_step:
            assert time.monotonic() < limit, mirrors
            time.sleep(0.05)
    database.dispose()
    return folder


def test_every_setting_is_in_the_table_with_its_default_and_meaning() -> None:
    for row in settings_table():
        assert row in README, f"the README's table should have this line:\n{row}"
    named = set(re.findall(r"ENGAGEMENTS_([A-Z_]+)", README))
    assert named == {field.upper() for field in Settings.model_fields}


def test_every_command_that_the_readme_names_exists() -> None:
    commands: dict[str, Any] = typer.main.get_command(cli.cli).commands  # type: ignore[attr-defined]
    named = set(re.findall(r"^(?:\$ \.venv/bin/)?engagements ([a-z]+)", README, re.MULTILINE))
    assert named
    assert named <= set(commands)


@pytest.mark.parametrize(("words", "shown"), COMMANDS, ids=[words for words, _ in COMMANDS])
def test_a_command_answers_as_it_is_shown(words: str, shown: str, seeded: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "service", *shlex.split(words)],
        env={**os.environ, "ENGAGEMENTS_DATA_DIR": str(seeded)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
    )
    assert answer.stdout == shown


def test_several_commands_are_shown() -> None:
    assert len(COMMANDS) >= 5


def settings_table() -> list[str]:
    """The lines of the README's table of settings."""
    return [
        f"| `ENGAGEMENTS_{name.upper()}` | {_default(name, field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]


def _default(name: str, value: Any) -> str:
    if name == "mirrors":
        return "`embedded`"
    return "" if value is None else f"`{value}`"
