"""The process that builds documents aside: it makes what this one would make, and whatever becomes of it, nobody waits long."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text

from service.database import Database
from service.mirror import aside as module
from service.mirror.aside import Aside
from service.mirror.contents import contents
from service.register.verbs.journal import Actor
from tests.mirror.conftest import record_meeting


@pytest.fixture
def meetings(database: Database, by: Actor) -> list[str]:
    return [record_meeting(database, by, f"Meeting {n} 면담", when="2024-05~") for n in range(5)]


@pytest.fixture
def aside(database: Database) -> Iterator[Aside]:
    made = Aside(database.url.render_as_string(hide_password=False))
    yield made
    made.close()


def until(true: Callable[[], object], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def process_of(aside: Aside) -> "subprocess.Popen[bytes]":
    assert aside._process is not None
    return aside._process


def test_it_builds_what_would_be_built_here(database: Database, meetings: list[str], aside: Aside) -> None:
    assert aside.contents(meetings) is None, "while it starts, whoever asks does not wait"
    until(lambda: aside.contents(meetings))
    asked = [*meetings, "there-is-none"]
    assert aside.contents(asked) == contents(database, asked)
    assert len(contents(database, asked)[0]) == 5


def test_a_row_that_cannot_be_read_is_told_with_its_reason(database: Database, meetings: list[str], aside: Aside) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL lets no such bytes in")
    with database.writing() as connection:
        connection.execute(text("UPDATE engagement SET title_en = CAST(x'80ff' AS TEXT) WHERE id = :id"), {"id": meetings[2]})
    until(lambda: aside.contents(meetings[:1]))
    there, unbuilt = aside.contents(meetings) or ({}, {})
    assert set(there) == {*meetings} - {meetings[2]}
    assert unbuilt == contents(database, meetings)[1]
    assert unbuilt[meetings[2]].code == "unreadable"


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_when_it_dies_or_hangs_the_documents_are_built_here(
    database: Database, meetings: list[str], monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setattr(module, "MANY", 2)
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)
    here = module.aside(database.url.render_as_string(hide_password=False))
    until(lambda: here.contents(meetings))
    first = process_of(here)
    first.send_signal(number)
    assert module.contents_aside(database, meetings) == contents(database, meetings)
    assert first.returncode is not None, "it is gone for good"
    until(lambda: here.contents(meetings))
    here.close()


def test_one_of_another_version_builds_nothing(meetings: list[str], aside: Aside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SCHEMA", "another")
    assert aside.contents(meetings) is None
    first = process_of(aside)
    until(lambda: aside.contents(meetings) or first.returncode is not None)
    assert first.returncode is not None
    assert aside.contents(meetings) is None
    assert aside._process is None, "it is not tried again"


def test_it_is_let_go_when_nothing_was_asked_for_a_while(
    meetings: list[str], aside: Aside, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: aside.contents(meetings))
    process = process_of(aside)
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.1)
    aside.contents(meetings)
    until(lambda: process.returncode is not None)
    assert aside.contents(meetings) is None, "it starts anew"


def test_it_does_not_outlive_who_was_killed(database: Database) -> None:
    program = (
        "import sys, time; from service.mirror.aside import Aside; a = Aside(sys.argv[1]); a.contents([]);"
        " print(a._process.pid, flush=True); time.sleep(60)"
    )
    url = database.url.render_as_string(hide_password=False)
    parent = subprocess.Popen([sys.executable, "-c", program, url], stdout=subprocess.PIPE)
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_running(child)
        parent.kill()
    until(lambda: not is_running(child))
