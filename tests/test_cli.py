"""The command line as its user sees it: what it prints, and what it exits with."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def engagements(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
        known = {**os.environ, "ENGAGEMENTS_DATA_DIR": str(tmp_path / "data"), **environment}
        return subprocess.run(
            [sys.executable, "-m", "service", *words],
            env=known,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return engagements


def test_migrate_makes_the_database_and_then_finds_it_right(run: Run) -> None:
    assert run("migrate", "--check").returncode == 1
    made = run("migrate")
    assert (made.returncode, made.stdout) == (0, "The database stands at 0005, made anew.\n")
    assert run("migrate", "--check").stdout == "The database and the code agree.\n"


def test_a_command_before_migrating_says_what_to_do(run: Run) -> None:
    answer = run("seed")
    assert answer.returncode == 1
    assert answer.stderr.strip().endswith("run `engagements migrate`.")
    assert len(answer.stderr.splitlines()) == 1, "one line, no traceback"


def test_a_wrong_setting_is_named_with_what_would_be_right(run: Run) -> None:
    for name, value, hint in (
        ("ENGAGEMENTS_PORT", "99999", "65535"),
        ("ENGAGEMENTS_PROT", "8000", "ENGAGEMENTS_PORT"),
        ("ENGAGEMENTS_MIRRORS", "elasticsearch", "meilisearch"),
        ("ENGAGEMENTS_DATABASE_URL", "mysql://x", "postgresql"),
    ):
        answer = run("migrate", **{name: value})
        assert answer.returncode == 2, answer.stderr
        assert name in answer.stderr
        assert hint in answer.stderr
        assert "Traceback" not in answer.stderr


def test_an_unknown_command_exits_with_2(run: Run) -> None:
    assert run("serch", "x").returncode == 2


def test_the_status_of_an_empty_house_says_so(run: Run) -> None:
    run("migrate")
    answer = run("index", "status")
    assert answer.returncode == 1
    assert "enrol" in answer.stderr


def test_the_openapi_document_is_printed_as_json(run: Run) -> None:
    document = json.loads(run("openapi").stdout)
    assert document["openapi"].startswith("3.1")
    assert "/v1/search" in document["paths"]


def test_search_without_an_index_says_that_it_cannot(run: Run) -> None:
    run("migrate")
    answer = run("search", "newsom")
    assert "Traceback" not in answer.stderr
    assert answer.returncode in (0, 1)
