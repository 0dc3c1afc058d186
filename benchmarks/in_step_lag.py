"""How long after its commit a change can be found, with the mirror kept in this process as `serve` does by default.

    python -m benchmarks.in_step_lag --records 10000 --changes 300 --rates 1 10 50
    python -m benchmarks.in_step_lag --engine http://127.0.0.1:7700 --key …

Changes are committed one by one, each when the one before was found, and then at so many a second whatever the mirror does.
The baseline of the same run is what the engine alone needs to take in one document, ready made, and show it.
"""

import argparse
import threading
import time
from collections import deque
from random import Random

from benchmarks.scene import Scene, found, options, retitle, scene, told, until, word
from service.mirror.worker import Worker
from service.search.engine import Searcher
from service.search.engines import open_engine, open_searcher

BURST_SECONDS = 30


def main() -> None:
    known = options(__doc__, 10_000)
    known.add_argument("--changes", type=int, default=300, help="of each kind at most")
    known.add_argument("--rates", type=int, nargs="*", default=[1, 10, 50], help="writes a second")
    asked = known.parse_args()
    with scene(asked) as here:
        worker = Worker(here.settings)
        here.database.on_commit.append(worker.wake)
        with worker:
            until(here.in_step, 900, 0.05)
            _measure(here, asked)
        print(told("the engine alone (baseline)", _alone(here, 100)))


def _measure(here: Scene, asked: argparse.Namespace) -> None:
    searcher = open_searcher(here.settings.mirrors[0], here.settings.data_dir)
    chosen = Random(1).choices(here.engagements, k=asked.changes)
    print(told("one after another", [_change(here, searcher, engagement, n) for n, engagement in enumerate(chosen)]))
    for rate in asked.rates:
        number = min(asked.changes, rate * BURST_SECONDS)
        print(told(f"{rate} a second", _at_rate(here, searcher, rate, number)))
        until(here.in_step, 60, 0.05)


def _change(here: Scene, searcher: Searcher, engagement: str, n: int) -> float:
    retitle(here.database, engagement, f"Meeting {word(n)}")
    return until(lambda: found(searcher, word(n)), 30)


def _at_rate(here: Scene, searcher: Searcher, rate: int, number: int) -> list[float]:
    """Commit at a steady rate in a thread beside; wait for each in turn."""
    committed: deque[tuple[str, float]] = deque()
    chosen = Random(rate).sample(here.engagements, k=number)

    def write() -> None:
        begun = time.perf_counter()
        for n, engagement in enumerate(chosen):
            time.sleep(max(0.0, begun + n / rate - time.perf_counter()))
            sought = word(1_000 * rate + n)
            retitle(here.database, engagement, f"Meeting {sought}")
            committed.append((sought, time.perf_counter()))

    writing = threading.Thread(target=write)
    writing.start()
    lags = []
    while writing.is_alive() or committed:
        if not committed:
            time.sleep(0.001)
            continue
        sought, at = committed.popleft()
        until(lambda sought=sought: found(searcher, sought), 60)  # type: ignore[misc]
        lags.append(time.perf_counter() - at)
    return lags


def _alone(here: Scene, number: int) -> list[float]:
    engine = open_engine(here.settings.mirrors[0], here.settings.data_dir)
    searcher = engine.searcher()
    taken = []
    for n, each in enumerate(here.documents(here.engagements[:number])):
        sought = word(1_000_000 + n)
        made = each | {"titles": [sought]}
        begun = time.perf_counter()
        ticket = engine.put(str(n), [made])
        until(lambda ticket=ticket: engine.settle(ticket) is not None, 30)  # type: ignore[misc]
        until(lambda sought=sought: found(searcher, sought), 30)  # type: ignore[misc]
        taken.append(time.perf_counter() - begun)
    engine.close()
    return taken


if __name__ == "__main__":
    main()
