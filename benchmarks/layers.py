"""What each layer around a request costs, and what the rest of one does.

    python -m benchmarks.layers

The layers of the service (`service/api/errors.py`) are put around an application that answers 3 KiB at once, one after the
other from the inside out, and called in this process; a request brings a key, so that each of them has to do all of its work.
The baseline is that application alone. Below it is the same for one engagement, read by the whole service. Times are processor
time of the thread that serves, the median of interleaved rounds.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import uvloop
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.register_reads import fill, settings_of
from service.access import keys
from service.api.gate import Gate
from service.api.middleware import Bounds, Entrance
from service.api.preferences import Preferring
from service.api.rates import Rates
from service.app import create_app
from service.database import Database

BODY = b"x" * 3_072
EVERY_SO_MANY = 10**9


async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"3072"), (b"etag", b'"1-5f0c4d1f9a2b"')]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})


LAYERS: dict[str, Callable[[ASGIApp], ASGIApp]] = {
    "preferences of writes": Preferring,
    "rates": lambda app: Rates(app, EVERY_SO_MANY),
    "gate": Gate,
    "entrance": lambda app: Entrance(app, Bounds(1 << 21, 1 << 24, 1 << 28)),
}


async def measured(app: ASGIApp, scope: Scope, requests: int) -> float:
    """Microseconds that the thread works for a request."""

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] >= 400:
            raise SystemExit(f"{scope['path']} is answered {message['status']}")

    began = time.thread_time()
    for _ in range(requests):
        await app({**scope, "state": {}}, receive, send)
    return (time.thread_time() - began) / requests * 1e6


def scope_of(path: str, key: str, app: Any, method: str) -> Scope:
    headers = [(b"host", b"register.example"), (b"authorization", f"Bearer {key}".encode()), (b"user-agent", b"benchmark")]
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
        "app": app,
    }


async def main(requests: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="layers-") as folder:
        settings = settings_of(Path(folder)).model_copy(update={"requests_per_minute": EVERY_SO_MANY})
        ids = fill(Path(folder))
        database = Database(settings.database)
        with database.writing() as connection:
            key = keys.make(connection, "benchmark", "admin", "confidential")
        database.dispose()
        app = create_app(settings)
        async with app.router.lifespan_context(app):
            await report(app, ids, key, requests, rounds)


async def report(app: Any, ids: list[str], key: str, requests: int, rounds: int) -> None:
    tokens = SimpleNamespace(newest=1)
    around = SimpleNamespace(state=SimpleNamespace(keyring=app.state.keyring, tokens=tokens))
    stacks: dict[str, ASGIApp] = {"an answer of 3 KiB (baseline)": answer}
    for name, layer in LAYERS.items():
        # The gate finds the client that the rates count, so inside of it there is one already.
        stacks[name] = layer(list(stacks.values())[-1])
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for method in ("GET", "POST"):
            for name, stack in stacks.items():
                inner = stack if name in ("gate", "entrance") else known_to(stack, app, key)
                scope = scope_of("/v1/engagements", key, around, method)
                times.setdefault((method, name), []).append(await measured(inner, scope, requests))
        scope = scope_of(f"/v1/engagements/{ids[3]}", key, app, "GET")
        times.setdefault(("GET", "one engagement, whole service"), []).append(await measured(app, scope, requests // 4))
    print(f"{'':34}{'GET us':>9}{'adds':>7}{'POST us':>9}{'adds':>7}")
    before: dict[str, float] = {}
    for name in (*stacks, "one engagement, whole service"):
        told = ""
        for method in ("GET", "POST"):
            if (method, name) in times:
                now = statistics.median(times[method, name])
                added = f"{now - before[method]:7.1f}" if method in before else f"{'':7}"
                told, before[method] = f"{told}{now:9.1f}{added}", now
        print(f"{name:34}{told}")


def known_to(app: ASGIApp, service: Any, key: str) -> ASGIApp:
    """The application behind a gate that was passed, at no cost."""
    client = service.state.keyring.client(f"Bearer {key}")

    async def passed(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["client"] = client
        await app(scope, receive, send)

    return passed


if __name__ == "__main__":
    known = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known.add_argument("--requests", type=int, default=4_000)
    known.add_argument("--rounds", type=int, default=7)
    asked = known.parse_args()
    uvloop.run(main(asked.requests, asked.rounds))
