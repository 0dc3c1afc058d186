"""Programs that are started as their users start them: in a clean folder, with a clean environment, for a bounded time."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep

import pytest

INSTALL_SECONDS = 240.0
STOP_SECONDS = 30.0

UNREACHABLE = re.compile(
    r"dns error|failed to lookup address|error sending request|NewConnectionError|Network is unreachable|"
    r"Temporary failure in name resolution|network connectivity is disabled|ConnectTimeout|operation timed out",
    re.IGNORECASE,
)


def surroundings(**given: str) -> dict[str, str]:
    """Our environment without what belongs to this checkout's own session, and with what is given."""
    ours = re.compile(r"ENGAGEMENTS_|MEILISEARCH_|PYTEST_|PYTHONPATH$|VIRTUAL_ENV$|UV_PROJECT_ENVIRONMENT$|COVERAGE_")
    kept = {name: value for name, value in os.environ.items() if not ours.match(name)}
    # The interpreter beneath our virtual environment makes the new one; pip gives up on a dead network within seconds.
    return {**kept, "PYTHON": base_python(), "PIP_RETRIES": "1", **given}


def base_python() -> str:
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def installing(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str]) -> str:
    """Run something that installs packages; gives its output. Skips the test where no package registry can be reached."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    skip_if_unreachable(done.returncode, done.stdout)
    assert done.returncode == 0, done.stdout
    return done.stdout


def skip_if_unreachable(code: int | None, output: str) -> None:
    if code and (found := UNREACHABLE.search(output)):
        pytest.skip(f"the package registry cannot be reached: {found[0]}")


@contextmanager
def serving(
    command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str], port: int, log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """The program from the moment that it answers /healthz; killed at the end of the block if it is still there."""
    with (
        log.open("wb") as output,
        subprocess.Popen(command, cwd=cwd, env=env, stdout=output, stderr=output, start_new_session=True) as process,
    ):
        try:
            wait_until_healthy(process, port, log)
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = monotonic() + INSTALL_SECONDS
    while not healthy(port):
        text = log.read_text(errors="replace")
        skip_if_unreachable(process.poll(), text)
        assert process.poll() is None, f"ended with {process.returncode}:\n{text}"
        assert monotonic() < deadline, f"did not answer:\n{text}"
        sleep(0.05)


def healthy(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def stopped(process: subprocess.Popen[bytes], number: signal.Signals) -> int:
    """Send the signal to the program and all it started, as a terminal does; gives the exit code."""
    os.killpg(process.pid, number)
    return process.wait(STOP_SECONDS)
