"""How quickly the service starts, loads its seed, and how much memory it keeps.

    python -m benchmarks.start

The baseline of the same run is a Python that only imports what the service is made of.
"""

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

BARE = "import fastapi, sqlmodel, uvicorn, uvloop, httptools, tantivy, structlog, orjson, pydantic_settings"
WORDS = ("김동연", "youngkin", "govenor", "도지사", "California")
ROUNDS = 5


def main() -> None:
    bare = statistics.median(_timed([sys.executable, "-c", BARE]) for _ in range(ROUNDS))
    print(f"bare imports (baseline): {bare * 1000:.0f} ms")
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "ENGAGEMENTS_DATA_DIR": folder, "ENGAGEMENTS_LOG_LEVEL": "warning"}
        command = [sys.executable, "-m", "service"]
        print(f"migrate: {_timed([*command, 'migrate'], environment) * 1000:.0f} ms")
        print(f"seed, the whole command: {_timed([*command, 'seed', '--json'], environment) * 1000:.0f} ms")
        print(f"seed again: {_timed([*command, 'seed', '--json'], environment) * 1000:.0f} ms")
        starts = [_start(command, environment, 18200 + n) for n in range(ROUNDS)]
    ready = statistics.median(seconds for seconds, _ in starts)
    print(f"start to the first answer: {ready * 1000:.0f} ms, {ready / bare:.2f} × the bare imports")
    print(f"resident memory after {len(WORDS)} searches: {statistics.median(rss for _, rss in starts):.0f} MB")


def _timed(command: list[str], environment: dict[str, str] | None = None) -> float:
    begun = time.perf_counter()
    subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - begun


def _start(command: list[str], environment: dict[str, str], port: int) -> tuple[float, float]:
    begun = time.perf_counter()
    process = subprocess.Popen([*command, "serve", "--port", str(port)], env=environment, stderr=subprocess.DEVNULL)
    try:
        _get(port, "/healthz", wait=30)
        ready = time.perf_counter() - begun
        for word in WORDS:
            found = json.loads(_get(port, f"/v1/search?q={urllib.parse.quote(word)}&facets=country,kind,year,person", wait=30))
            assert found["items"], word
        return ready, _resident(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _get(port: int, path: str, wait: float) -> bytes:
    limit = time.perf_counter() + wait
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return bytes(answer.read())
        except OSError:
            if time.perf_counter() > limit:
                raise
            time.sleep(0.005)


def _resident(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) / 1024


if __name__ == "__main__":
    main()
