"""What the hop to Meilisearch costs: searches through one worker, as a share of static bytes through a bare one.

    python -m benchmarks.search_hop

One uvicorn worker has a core for itself; the load and a stand-in for Meilisearch, which answers every search at once with
the same 5 KB, have another. Three servers are measured in turn in the same run, because a shared machine is not the same
machine a minute later, and the best round of each counts:

    bare      as many bytes from FastAPI, without asking anybody: the ceiling
    hop       an endpoint that asks the searcher and answers with what it found
    service   the service itself, /v1/search, with all that it does besides
"""

import argparse
import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from typing import Any, cast

import orjson
import uvloop
from fastapi import FastAPI, Request, Response

from service.app import create_app
from service.database import Database
from service.schema import upgrade
from service.search.engine import Query
from service.search.engines import open_searcher
from service.settings import Settings

SERVERS = {
    "bare": ("benchmarks.search_hop:bare", "/bytes"),
    "hop": ("benchmarks.search_hop:hop", "/search?q=newsom"),
    "service": ("benchmarks.search_hop:service", "/v1/search?q=newsom&limit=8"),
}

_PEOPLE = [
    {
        "id": "0197a000-0000-7000-8000-00000000000a",
        "name_en": "Gavin Newsom",
        "name_ko": "개빈 뉴섬",
        "side": "host",
        "office": "Governor",
    },
    {
        "id": "0197a000-0000-7000-8000-00000000000b",
        "name_en": "Kim Dong-yeon",
        "name_ko": "김동연",
        "side": "counterpart",
        "office": "Governor",
    },
]
_CARD = {
    "id": "0197a000-0000-7000-8000-000000000001",
    "kind": "meeting",
    "status": "held",
    "title_en": "Governor Kim meets Governor Newsom of California",
    "title_ko": "김동연 경기도지사, 개빈 뉴섬 캘리포니아 주지사 면담",
    "when": "2024-05-06",
    "countries": ["US"],
    "summary_en": None,
    "summary_ko": None,
    "people": _PEOPLE,
    "organizations": [],
    "external_ids": ["gg-2024-05-06-north-america-trip"],
    "version": 1,
}
_FOUND = {"query": "newsom", "processingTimeMs": 1, "hitsPerPage": 8, "page": 1, "totalPages": 6, "totalHits": 45}
FOUND = orjson.dumps({"hits": [{"card": _CARD}] * 8, **_FOUND})


def bare() -> FastAPI:
    """The ceiling: FastAPI with nothing to do."""
    app = FastAPI(openapi_url=None)

    @app.get("/bytes")
    async def constant() -> Response:
        return Response(FOUND, media_type="application/json")

    return app


def hop() -> FastAPI:
    """The least that a search needs: a question, the hop, an answer."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        settings = Settings()
        app.state.searcher = open_searcher(settings.mirrors[0], settings.data_dir)
        yield
        await app.state.searcher.close()

    app = FastAPI(openapi_url=None, lifespan=lifespan)

    @app.get("/search")
    async def search(request: Request, q: str = "") -> Response:
        answer = await request.app.state.searcher.search(Query(q))
        return Response(orjson.dumps(answer.cards), media_type="application/json")

    return app


def service() -> FastAPI:
    """The service, on a register without records."""
    settings = Settings()
    database = Database(settings.database)
    upgrade(database)
    database.dispose()
    return create_app(settings)


class StandIn(asyncio.Protocol):
    """Answers every request with the same bytes; the load sends one at a time, so the end of a read is the end of a request."""

    _answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(FOUND), FOUND)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:  # noqa: ARG002
        self._transport.write(self._answer)


async def stand_in(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(StandIn, "127.0.0.1", port)
    await server.serve_forever()


@contextmanager
def running(core: int, port: int, *command: str, **environment: str) -> Iterator[None]:
    """A program on one core, listening on a port, for as long as the block lasts."""
    with subprocess.Popen(_pinned(core, *command), env={**os.environ, **environment}) as process:
        try:
            _wait_for(port, process)
            yield
        finally:
            process.terminate()


def _pinned(core: int, *command: str) -> list[str]:
    """The command of a Python program, on one core where the machine has several and can do that."""
    taskset = ["taskset", "-c", str(core)] if shutil.which("taskset") and (os.cpu_count() or 1) > 1 else []
    return [*taskset, sys.executable, "-m", *command]


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"nothing came to listen on port {port}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _measured(url: str, requests: int, connections: int) -> dict[str, Any]:
    command = ("benchmarks.load", url, "--requests", str(requests), "--connections", str(connections))
    found: dict[str, Any] = json.loads(subprocess.run(_pinned(1, *command), capture_output=True, check=True, timeout=300).stdout)
    if found["failed"]:
        raise SystemExit(f"{found['failed']} of {found['requests']} requests to {url} failed")
    return found


def measure(requests: int, connections: int, rounds: int) -> None:
    """Serve all of them, measure them in turn, print the figures and their ratios."""
    meilisearch = _free_port()
    mirrors = json.dumps([{"engine": "meilisearch", "url": f"http://127.0.0.1:{meilisearch}"}])
    uvicorn = ("uvicorn", "--factory", "--log-level", "warning", "--no-access-log", "--loop", "uvloop", "--http", "httptools")
    best: dict[str, dict[str, Any]] = {name: {"per_second": 0.0} for name in SERVERS}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as programs:
        settings = {"ENGAGEMENTS_MIRRORS": mirrors, "ENGAGEMENTS_DATA_DIR": folder, "ENGAGEMENTS_WORKER": "outside"}
        programs.enter_context(running(1, meilisearch, "benchmarks.search_hop", "--stand-in", str(meilisearch)))
        urls = {}
        for name, (application, path) in SERVERS.items():
            port = _free_port()
            programs.enter_context(running(0, port, *uvicorn, application, "--port", str(port), **settings))
            urls[name] = f"http://127.0.0.1:{port}{path}"
        size = {name: len(urllib.request.urlopen(url, timeout=10).read()) for name, url in urls.items()}
        for _ in range(rounds):
            for name, url in urls.items():
                best[name] = max(best[name], _measured(url, requests, connections), key=lambda each: each["per_second"])
    for name, found in best.items():
        ratio = found["per_second"] / best["bare"]["per_second"]
        times = f"p50 {found['p50']:6.2f} ms  p99 {found['p99']:6.2f} ms"
        print(f"{name:8} {found['per_second']:8,.0f}/s  {ratio:.2f} of bare  {times}  {size[name]:,} bytes")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--requests", type=int, default=10_000, help="how many requests a round has")
    options.add_argument("--connections", type=int, default=16)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--stand-in", type=int, metavar="PORT", help="be the stand-in for Meilisearch on this port")
    asked = options.parse_args()
    if asked.stand_in:
        uvloop.run(stand_in(asked.stand_in))
    else:
        measure(asked.requests, asked.connections, asked.rounds)


if __name__ == "__main__":
    main()
