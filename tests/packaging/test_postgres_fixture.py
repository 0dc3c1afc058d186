"""The tests' own PostgreSQL: private, made from nothing, and gone without a trace."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from tests import postgres

CHECKOUT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.postgres_server() as url:
        yield url


def test_it_stores_korean_and_sorts_by_code_point(server: str) -> None:
    engine = create_engine(server)
    with engine.connect() as connection:
        assert connection.execute(text("SHOW server_encoding")).scalar_one() == "UTF8"
        ordered = connection.execute(text("SELECT x FROM (VALUES ('김동연'), ('b'), ('B'), ('é')) AS v(x) ORDER BY x")).scalars()
        assert list(ordered) == ["B", "b", "é", "김동연"]
    engine.dispose()


def test_its_processes_do_not_belong_to_root(server: str) -> None:
    assert lock_file(server).stat().st_uid != 0


def test_only_the_owner_can_reach_its_socket(server: str) -> None:
    assert folder_of(server).stat().st_mode & 0o077 == 0
    with postgres.connected(server) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_a_copy_has_what_the_template_has_and_is_dropped_afterwards(server: str) -> None:
    template = postgres.new_database(server, "governors")
    with postgres.connected(template) as connection:
        connection.execute("CREATE TABLE person (name text)")
        connection.execute("INSERT INTO person VALUES ('Gavin Newsom')")
    with postgres.database_copy(template) as url, postgres.connected(url) as connection:
        assert connection.execute("SELECT name FROM person").fetchall() == [("Gavin Newsom",)]
        connection.execute("INSERT INTO person VALUES ('David Eby')")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        postgres.connected(url)
    with postgres.database_copy(template) as url, postgres.connected(url) as connection:
        assert connection.execute("SELECT count(*) FROM person").fetchone() == (1,)


def test_a_copy_is_dropped_when_the_test_fails_with_a_connection_open(server: str) -> None:
    template = postgres.new_database(server, "premiers")
    opened = []

    def failing_test() -> None:
        with postgres.database_copy(template) as url:
            opened.append(postgres.connected(url))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing_test()
    with pytest.raises(psycopg.OperationalError):
        opened[0].execute("SELECT 1")
    opened[0].close()


def test_nothing_is_left_when_the_session_fails() -> None:
    urls = []

    def failing_session() -> None:
        with postgres.postgres_server() as url:
            urls.append(url)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing_session()
    assert not folder_of(urls[0]).exists()
    with pytest.raises(psycopg.OperationalError):
        postgres.connected(urls[0])


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv (Debian: util-linux) is not installed")
@pytest.mark.usefixtures("server")
def test_the_server_stops_when_the_tests_are_killed() -> None:
    program = "from tests.postgres import *\nwith postgres_server() as url:\n    print(url, flush=True)\n    input()"
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        url = tests.stdout.readline().strip()
        assert lock_file(url).exists()
        tests.send_signal(signal.SIGKILL)
    deadline = monotonic() + 20
    while lock_file(url).exists() and monotonic() < deadline:
        sleep(0.05)
    stopped = not lock_file(url).exists()
    shutil.rmtree(folder_of(url))
    assert stopped


@pytest.mark.usefixtures("server")
def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    programs = postgres.programs_folder()
    assert programs is not None
    account = postgres.unprivileged_account(tmp_path)
    with pytest.raises(RuntimeError, match=r"PostgreSQL did not start:\n.*\S"), postgres.running(programs, tmp_path, account):
        pass


def test_without_postgresql_the_test_is_skipped_and_the_package_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(postgres, "DEBIAN_FOLDER", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(pytest.skip.Exception, match="package postgresql"), postgres.postgres_server():
        pass


def folder_of(url: str) -> Path:
    return Path(str(make_url(url).query["host"]))


def lock_file(url: str) -> Path:
    """The file that a server keeps for as long as it runs."""
    return folder_of(url) / "data" / "postmaster.pid"
