"""A rebuild while searches and writes go on: how many searches fail, and for how long nothing new can be found.

    python -m benchmarks.rebuild_load --records 10000
    python -m benchmarks.rebuild_load --records 30000 --engine http://127.0.0.1:7700 --key …

One thread commits a change every tenth of a second and waits for it to be found; another asks as fast as it can, with sixteen
different words, and counts what fails and what finds nothing. Both have done so before the rebuild begins (the baseline) and
go on until it has ended. The freeze is the longest time between two moments at which a change came to be found.
"""

import asyncio
import threading
import time
from dataclasses import dataclass, field

from benchmarks.scene import Scene, found, options, retitle, scene, told, until, word
from service.mirror import ledger
from service.mirror.worker import Worker
from service.search import question
from service.search.engines import open_searcher

BEFORE_SECONDS = 10.0
WORDS = ("trade", "climate", "meeting", "students", "통상", "기후", "면담", "spring")


@dataclass
class Seen:
    """What was seen in one stretch of time."""

    searches: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    empty: int = 0
    lags: list[float] = field(default_factory=list)
    shown_at: list[float] = field(default_factory=list)

    @property
    def freeze(self) -> float:
        """The longest stretch in which no change came to be found, in seconds."""
        return max((b - a for a, b in zip(self.shown_at, self.shown_at[1:], strict=False)), default=0.0)


class Load:
    """Searches and changes, in two threads, noted where `seen` says."""

    def __init__(self, here: Scene) -> None:
        self.here = here
        self.seen = Seen()
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=each) for each in (self._search, self._change)]

    def _search(self) -> None:
        asyncio.run(self._ask_on())

    async def _ask_on(self) -> None:
        searcher = open_searcher(self.here.settings.mirrors[0], self.here.settings.data_dir)
        asked = [question.to_query(question.Question(text=text, limit=10)) for text in WORDS]
        number = 0
        while not self.ended.is_set():
            begun, seen, number = time.perf_counter(), self.seen, number + 1
            try:
                page = await searcher.search(asked[number % len(asked)])
            except Exception as error:  # noqa: BLE001  whatever it is, it is a search that failed
                seen.failed.append(repr(error))
            else:
                seen.empty += page.total == 0
            seen.searches.append(time.perf_counter() - begun)
            await asyncio.sleep(0.002)

    def _change(self) -> None:
        searcher = open_searcher(self.here.settings.mirrors[0], self.here.settings.data_dir)
        number = 0
        with asyncio.Runner() as runner:
            while not self.ended.is_set():
                number += 1
                retitle(self.here.database, self.here.engagements[number % len(self.here.engagements)], f"Meeting {word(number)}")
                lag = until(lambda: found(searcher, word(number), runner), 120)  # noqa: B023
                self.seen.lags.append(lag)
                self.seen.shown_at.append(time.perf_counter())
                self.ended.wait(max(0.0, 0.1 - lag))


def main() -> None:
    asked = options(__doc__, 10_000).parse_args()
    with scene(asked) as here, Worker(here.settings) as worker:
        here.database.on_commit.append(worker.wake)
        until(here.in_step, 1800, 0.05)
        load = Load(here)
        for thread in load.threads:
            thread.start()
        time.sleep(BEFORE_SECONDS)
        before, load.seen = load.seen, Seen()
        took = _rebuild(here, worker)
        during = load.seen
        load.ended.set()
        for thread in load.threads:
            thread.join()
        print(f"rebuild of {asked.records} records under load: {took:.1f} s")
        for what, seen in (("before (baseline)", before), ("during the rebuild", during)):
            print(f"{what}: {len(seen.searches)} searches, {len(seen.failed)} failed, {seen.empty} found nothing")
            print(told("  a search", seen.searches))
            print(told("  commit to searchable", seen.lags))
            print(f"  longest stretch without anything new to be found: {1000 * seen.freeze:.0f} ms")
        for error in sorted(set(during.failed)):
            print(f"  failed: {error}")


def _rebuild(here: Scene, worker: Worker) -> float:
    begun = time.perf_counter()
    ledger.want_rebuild(here.database, here.settings.mirrors[0].name, "measured")
    worker.wake()
    until(here.has_built, 3600, 0.02)
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
