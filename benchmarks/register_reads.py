"""How fast the register answers, as a share of what the bare framework answers.

    python -m benchmarks.register_reads [--database postgresql]

Serves an invented register of 2,000 engagements from SQLite, or from a PostgreSQL that the tests' own fixture starts: one uvicorn
process, pinned to one core where `taskset` is there. In the same process, without our middleware, a bare FastAPI application
answers an object of the same size through a response model; that is the ceiling. A client on another core keeps 32 connections
busy, each endpoint in turns, and what is printed is the median of the turns; `known one` is asked with its ETag, and answered
304. The processor time is the server's own, which another program on the machine disturbs less; PostgreSQL's is not in it.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import uvicorn
import uvloop
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.load import load
from service import schema
from service.api.pages import EngagementPage
from service.api.records import Engagement
from service.app import create_app
from service.database import Database
from service.register.engagement import EngagementShape
from service.register.organization import OrganizationShape
from service.register.person import PersonShape
from service.register.source import SourceShape
from service.register.topic import TopicShape
from service.register.verbs import recording
from service.register.verbs.journal import Actor
from service.settings import Settings
from tests.postgres import new_database, postgres_server

ENGAGEMENTS = 2000
CONNECTIONS = 32
BY = Actor("benchmark")


def main() -> None:
    arguments = parsed()
    if arguments.serve:
        serve(Path(arguments.serve), arguments.port)
        return
    folder = Path(tempfile.mkdtemp(prefix="register-reads-"))
    try:
        with lying_in(arguments.database):
            ids = fill(folder)
            with served(folder) as (port, server):
                report(port, server, ids, arguments.requests, arguments.turns)
    finally:
        shutil.rmtree(folder)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=4000, help="how often each endpoint is asked in one turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    return parser.parse_args()


@contextmanager
def lying_in(kind: str) -> Iterator[None]:
    """Where the register lies until the end of the block, for this process and those that it starts."""
    if kind == "sqlite":
        yield
        return
    with postgres_server() as server:
        os.environ["ENGAGEMENTS_DATABASE_URL"] = new_database(server, "reads")
        try:
            yield
        finally:
            del os.environ["ENGAGEMENTS_DATABASE_URL"]


def settings_of(folder: Path) -> Settings:
    return Settings(data_dir=folder, worker="outside")


def fill(folder: Path) -> list[str]:
    """Record the engagements; each has two participations, an outcome, two citations and an assertion."""
    database = Database(settings_of(folder).database)
    schema.upgrade(database)
    with database.writing() as connection:
        people = recorded(connection, "person", [PersonShape(name_en=f"Governor {n}", name_ko=f"지사 {n}") for n in range(200)])
        bodies = recorded(
            connection, "organization", [OrganizationShape(name_en=f"Province {n}", level="subnational") for n in range(50)]
        )
        sources = recorded(
            connection,
            "source",
            [SourceShape(title=f"Press release {n}", url=f"https://example.org/{n}", publisher="Gyeonggi") for n in range(300)],
        )
        topics = recorded(connection, "topic", [TopicShape(label_en=f"topic {n}", label_ko=f"주제 {n}") for n in range(10)])
        shapes = [engagement(n, people, bodies, sources, topics) for n in range(ENGAGEMENTS)]
        ids = recorded(connection, "engagement", shapes)
    database.dispose()
    return ids


def recorded(connection: Any, noun: Any, shapes: list[Any]) -> list[str]:
    return [record["id"] for record in recording.record(connection, noun, shapes, by=BY)]


def engagement(n: int, people: list[str], bodies: list[str], sources: list[str], topics: list[str]) -> EngagementShape:
    return EngagementShape.model_validate(
        {
            "kind": "meeting",
            "title_en": f"Meeting {n} with a governor about trade",
            "title_ko": f"면담 {n} 통상 협력",
            "summary_en": "A talk about trade and climate.",
            "when": f"{2015 + n % 10}-{1 + n % 12:02}-{1 + n % 28:02}",
            "countries": ["US", "KR"],
            "topics": [topics[n % 10]],
            "external_ids": [f"gg-{n}"],
            "place": {"city": "Suwon", "country": "KR"},
            "participations": [
                {"side": "counterpart", "person": people[n % 200], "organization": bodies[n % 50], "office": "Governor"},
                {
                    "side": "host",
                    "person": people[(n * 7 + 1) % 200],
                    "office": "Governor of Gyeonggi",
                    "office_type": "governor",
                },
            ],
            "outcomes": [{"kind": "mou", "title_en": "MOU on trade", "status": "signed", "parties": [bodies[n % 50]]}],
            "citations": [{"source": sources[n % 300], "locator": "p. 1"}, {"source": sources[(n + 5) % 300]}],
            "assertions": [{"field": "when", "value": "2016-01-01", "source": sources[n % 300], "reason": "headline"}],
        }
    )


def serve(folder: Path, port: int) -> None:
    """Serve the register and, beside it in the same process, the bare application."""
    register, bare = create_app(settings_of(folder)), bare_app(folder)

    async def both(scope: Scope, receive: Receive, send: Send) -> None:
        chosen: ASGIApp = bare if scope.get("path", "").startswith("/bare") else register
        await chosen(scope, receive, send)

    uvicorn.run(both, host="127.0.0.1", port=port, access_log=False, log_level="warning", lifespan="on")


def bare_app(folder: Path) -> FastAPI:
    """What FastAPI does at its best: a model object that is there already, serialised through its response model."""
    app = FastAPI()
    one, page = examples(folder)

    @app.get("/bare/one")
    async def bare_one() -> Engagement:
        return one

    @app.get("/bare/page")
    async def bare_page() -> EngagementPage:
        return page

    return app


def examples(folder: Path) -> tuple[Engagement, EngagementPage]:
    from service.register.audience import OFFICE
    from service.register.reading import engagements
    from service.register.reading.one import find
    from service.register.reading.question import Window

    database = Database(settings_of(folder).database)
    listed = engagements.list_engagements(database, engagements.EngagementFilters(), Window("-when"), audience=OFFICE)
    items = [json.loads(item) for item in listed.items]
    one = json.loads(find(database, "engagement", items[0]["id"], audience=OFFICE).json)
    database.dispose()
    return Engagement.model_validate(one), EngagementPage.model_validate({"items": items, "next_cursor": "x" * 80, "total": None})


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, int]]:
    """The server in a process of its own, on the first core, while we take the last one; gives its port and its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    command = [sys.executable, "-m", "benchmarks.register_reads", "--serve", str(folder), "--port", str(port)]
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if shutil.which("taskset") and len(cores) > 1:
        command = ["taskset", "-c", str(cores[0]), *command]
        os.sched_setaffinity(0, {cores[-1]})
    with subprocess.Popen(command) as server:
        try:
            wait_for(f"http://127.0.0.1:{port}/bare/one", server)
            yield port, server.pid
        finally:
            server.terminate()


def wait_for(url: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            with urllib.request.urlopen(url):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("The server did not start.")


def report(port: int, server: int, ids: list[str], requests: int, turns: int) -> None:
    questions = {
        "bare one": ["/bare/one"],
        "one": [f"/v1/engagements/{record_id}" for record_id in ids],
        "bare page": ["/bare/page"],
        "page": ["/v1/engagements"],
        "filtered page": [f"/v1/engagements?country=US&kind=meeting&year={2015 + n}" for n in range(10)],
    }
    questions["known one"] = questions["one"]
    rows: dict[str, list[Row]] = {name: [] for name in questions}
    for turn in range(turns):
        for name, paths in questions.items():
            url = f"http://127.0.0.1:{port}{paths[turn * 7 % len(paths)]}"
            rows[name].append(measured(url, server, requests, {"If-None-Match": tag_of(url)} if name == "known one" else {}))
    print(f"{'':14}{'bytes':>8}{'rps':>9}{'p99 ms':>9}{'cpu us':>9}{'rps ratio':>11}{'cpu ratio':>11}")
    for name, paths in questions.items():
        bare = rows["bare one" if name.endswith("one") else "bare page"]
        rps, p99, cpu = (statistics.median(column) for column in zip(*rows[name], strict=True))
        by_rate = statistics.median(own.rps / base.rps for own, base in zip(rows[name], bare, strict=True))
        by_cpu = statistics.median(base.cpu / own.cpu for own, base in zip(rows[name], bare, strict=True))
        print(f"{name:14}{len(asked(port, paths[0])):8}{rps:9.0f}{p99:9.1f}{cpu:9.0f}{by_rate:11.2f}{by_cpu:11.2f}")


class Row(NamedTuple):
    rps: float
    p99: float
    cpu: float


def tag_of(url: str) -> str:
    with urllib.request.urlopen(url) as answer:
        return str(answer.headers["ETag"])


def measured(url: str, server: int, requests: int, headers: dict[str, str]) -> Row:
    before = processor_seconds(server)
    figures = uvloop.run(load(url, requests, CONNECTIONS, headers=headers))
    if figures.failed:
        raise SystemExit(f"{figures.failed} answers of {url} were no 200")
    return Row(figures.per_second, figures.p99, (processor_seconds(server) - before) / requests * 1e6)


def processor_seconds(process: int) -> float:
    """User and system time of a process, as Linux tells it; elsewhere the time that passed."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return time.monotonic()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def asked(port: int, path: str) -> bytes:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
        body: bytes = answer.read()
    return body


if __name__ == "__main__":
    main()
