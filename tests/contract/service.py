"""A served register for the proofs: on SQLite or on a PostgreSQL of its own, killed and started again on the same port."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from service import schema
from service.database import Database
from tests.packaging.started import free_port, wait_until_healthy
from tests.postgres import new_database, postgres_server

Kind = Literal["sqlite", "postgresql"]


@contextmanager
def new_register(kind: Kind) -> Iterator[tuple[str, Path]]:
    """The URL of a migrated database that is gone afterwards, and a folder."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="contract-")))
        url = f"sqlite:///{folder}/register.db"
        if kind == "postgresql":
            url = new_database(stack.enter_context(postgres_server()), "contract")
        database = Database(url)
        schema.upgrade(database)
        database.dispose()
        yield url, folder


@dataclass
class Service:
    """A process of the service that can be killed and started again."""

    database_url: str
    folder: Path
    port: int
    worker: str = "outside"
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Return when it answers."""
        log = self.folder / f"log-{self.port}"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service", "serve"],
                env=_environment(self),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        wait_until_healthy(self.process, self.port, log)

    def kill(self) -> None:
        """End it at once, as a cut of the current would."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _environment(service: Service) -> dict[str, str]:
    data = service.folder / f"data-{service.port}"
    data.mkdir(exist_ok=True)
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("ENGAGEMENTS_")},
        "ENGAGEMENTS_DATABASE_URL": service.database_url,
        "ENGAGEMENTS_DATA_DIR": str(data),
        "ENGAGEMENTS_PORT": str(service.port),
        "ENGAGEMENTS_WORKER": service.worker,
        "ENGAGEMENTS_LOG_LEVEL": "warning",
    }


@contextmanager
def served(database_url: str, folder: Path, *, searching: bool = False) -> Iterator[Service]:
    """A running service; with `searching` it has filled its index."""
    service = Service(database_url, folder, free_port(), "inside" if searching else "outside")
    try:
        service.start()
        if searching:
            _until_it_searches(service.url)
        yield service
    finally:
        service.kill()


def _until_it_searches(url: str) -> None:
    deadline = time.monotonic() + 60
    while httpx.get(f"{url}/v1/search", timeout=30).status_code != 200:
        assert time.monotonic() < deadline, "search did not come up"
        time.sleep(0.1)
