"""A load of HTTP requests from a process of its own: a fixed number over a fixed number of keep-alive connections.

    python -m benchmarks.load http://127.0.0.1:8000/health --requests 20000 --connections 16

Each connection asks as soon as it is answered. The requests are put together before, and of the answer only its length is
read, so that one core of load keeps a core of server busy. Prints one JSON object.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from types import MappingProxyType
from typing import cast
from urllib.parse import urlsplit

import uvloop


@dataclass(frozen=True)
class Figures:
    """What a load found; times in milliseconds."""

    requests: int
    failed: int
    per_second: float
    p50: float
    p99: float


class Asking(asyncio.Protocol):
    """One connection, which asks until the shared number of requests is used up."""

    def __init__(self, requests: list[bytes], left: list[int], times: list[float], done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._left = left
        self._times = times
        self.done = done
        self._buffer = b""
        self.failed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(ConnectionError(f"the server ended the connection: {exc}"))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0 or len(self._buffer) < end + 4 + _length(self._buffer[:end]):
            return
        self._times.append(time.perf_counter() - self._began)
        self.failed += not self._buffer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201", b"HTTP/1.1 304"))
        self._buffer = b""
        self._ask()

    def _ask(self) -> None:
        if self._left[0] <= 0:
            if not self.done.done():
                self.done.set_result(None)
            self._transport.close()
            return
        self._left[0] -= 1
        self._began = time.perf_counter()
        self._transport.write(self._requests[self._left[0] % len(self._requests)])


async def load(
    url: str, requests: int, connections: int, *, headers: Mapping[str, str] = MappingProxyType({}), bodies: Sequence[bytes] = ()
) -> Figures:
    """Ask, and say how it went; with bodies, which take turns, it is a POST."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": parts.netloc, **headers}.items())
    start = f"{'POST' if bodies else 'GET'} {target or '/'} HTTP/1.1\r\n{lines}".encode()
    asked = [b"%bContent-Length: %d\r\n\r\n%b" % (start, len(body), body) for body in bodies] or [start + b"\r\n"]
    loop = asyncio.get_running_loop()
    left, times = [requests], list[float]()
    asking = [Asking(asked, left, times, loop.create_future()) for _ in range(connections)]
    began = time.perf_counter()
    for each in asking:
        await loop.create_connection(partial(_same, each), parts.hostname or "", parts.port or 80)
    await asyncio.gather(*(each.done for each in asking))
    took = time.perf_counter() - began
    times.sort()
    failed = sum(each.failed for each in asking)
    return Figures(len(times), failed, len(times) / took, 1000 * times[len(times) // 2], 1000 * times[len(times) * 99 // 100])


def _same(asking: Asking) -> Asking:
    return asking


def _length(head: bytes) -> int:
    if head.startswith(b"HTTP/1.1 304"):
        return 0
    start = head.lower().index(b"content-length:") + 15
    return int(head[start:].split(b"\r\n", 1)[0])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("url")
    options.add_argument("--requests", type=int, default=10_000)
    options.add_argument("--connections", type=int, default=16)
    asked = options.parse_args()
    print(json.dumps(asdict(uvloop.run(load(asked.url, asked.requests, asked.connections)))))


if __name__ == "__main__":
    main()
