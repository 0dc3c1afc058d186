"""The memory of a worker process: after filling an index, and while it keeps it in step.

    python -m benchmarks.worker_memory --records 100000 --minutes 10

`engagements worker` runs as an operator runs it. Then ten changes a second are committed for so many minutes, and its resident
memory is read every ten seconds. The baseline is the same worker with an index that is in step and nothing to do. Files of the
index that are mapped into memory count as resident; what the process owns itself is told beside.
"""

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.scene import Scene, options, retitle, scene, until
from service.settings import MirrorSettings, Settings


def main() -> None:
    known = options(__doc__, 100_000)
    known.add_argument("--minutes", type=float, default=10.0)
    asked = known.parse_args()
    with scene(asked) as here:
        filling = _worker(here.settings)
        took, most, aside = _filled(here, filling)
        print(f"filled with {asked.records} documents in {took:.0f} s, {asked.records / took:,.0f}/s; at most {most:.0f} MB")
        print(f"the process that builds documents aside meanwhile: at most {aside:.0f} MB")
        print(f"in step, the same process: {_resident(filling):.0f} MB, of which its own {_own(filling):.0f} MB")
        _stop(filling)
        fresh = _worker(here.settings)
        time.sleep(15)
        print(f"a fresh worker with nothing to do (baseline): {_resident(fresh):.0f} MB")
        seen = _soak(here, fresh, asked.minutes * 60)
        print(f"in the end: {_resident(fresh):.0f} MB, of which its own {_own(fresh):.0f} MB")
        _stop(fresh)
        third = max(1, len(seen) // 3)
        first, last = sum(seen[:third]) / third, sum(seen[-third:]) / third
        print(f"{asked.minutes:g} minutes at ten changes a second: first third {first:.0f} MB, last third {last:.0f} MB,")
        print(f"  at most {max(seen):.0f} MB; every tenth reading: {', '.join(f'{each:.0f}' for each in seen[::10])}")


def _worker(settings: Settings) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "ENGAGEMENTS_DATA_DIR": str(settings.data_dir),
        "ENGAGEMENTS_MIRRORS": json.dumps([_open(each) for each in settings.mirrors]),
        "ENGAGEMENTS_LOG_LEVEL": "error",
        **({"ENGAGEMENTS_DATABASE_URL": settings.database_url} if settings.database_url else {}),
    }
    return subprocess.Popen([sys.executable, "-m", "service", "worker"], env=environment)


def _open(mirror: MirrorSettings) -> dict[str, Any]:
    """A mirror as its environment variable has it, with its key to be read."""
    key = {"key": mirror.key.get_secret_value()} if mirror.key else {}
    return mirror.model_dump(exclude_none=True, exclude={"key", "search_key"}) | key


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(60)


def _filled(here: Scene, process: "subprocess.Popen[bytes]") -> tuple[float, float, float]:
    begun, most, aside = time.perf_counter(), 0.0, 0.0
    while not here.in_step():
        if process.poll() is not None:
            raise RuntimeError("the worker has ended")
        most, aside = max(most, _resident(process)), max(aside, _aside(process))
        time.sleep(0.25)
    return time.perf_counter() - begun, most, aside


def _soak(here: Scene, process: "subprocess.Popen[bytes]", seconds: float) -> list[float]:
    begun, seen, read_at = time.perf_counter(), list[float](), 0.0
    for n in count():
        passed = time.perf_counter() - begun
        if passed > seconds:
            break
        if passed >= read_at:
            seen.append(_resident(process))
            read_at += 10
        retitle(here.database, here.engagements[n * 7919 % len(here.engagements)], f"Soak {n}")
        time.sleep(max(0.0, begun + (n + 1) / 10 - time.perf_counter()))
    until(here.in_step, 120, 0.1)
    return seen


def _resident(process: "subprocess.Popen[bytes]") -> float:
    return _megabytes(process.pid, "VmRSS")


def _own(process: "subprocess.Popen[bytes]") -> float:
    return _megabytes(process.pid, "RssAnon")


def _aside(process: "subprocess.Popen[bytes]") -> float:
    """The process beside it, if there is one; whichever thread has started it."""
    children = " ".join(file.read_text() for file in Path(f"/proc/{process.pid}/task").glob("*/children")).split()
    with suppress(OSError, IndexError):  # It has just ended.
        return sum(_megabytes(int(child), "VmRSS") for child in children)
    return 0.0


def _megabytes(pid: int, name: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split(f"{name}:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
