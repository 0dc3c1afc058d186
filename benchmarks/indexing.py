"""How fast an index is filled through ledger and batches, beside feeding the bare engine the same documents.

    python -m benchmarks.indexing --records 20000
    python -m benchmarks.indexing --records 20000 --engine http://127.0.0.1:7700 --key …

Three ways in the same run, each into an index of its own: the worker, from the rows to the last acknowledgement; the engine
fed with documents ready made, each payload of 500 when the one before is in; and the same, but nothing is waited for until the
last payload is sent. Rounds alternate.
"""

import time
from statistics import median
from typing import Any

from benchmarks.scene import Scene, options, scene, until
from service.mirror import ledger
from service.mirror.choosing import MAX_DOCUMENTS
from service.mirror.worker import Worker
from service.search.engines import open_engine


def main() -> None:
    known = options(__doc__, 20_000)
    known.add_argument("--rounds", type=int, default=3)
    asked = known.parse_args()
    with scene(asked) as here:
        begun = time.perf_counter()
        made = here.documents(here.engagements)
        building = time.perf_counter() - begun
        through, fed, queued = [], [], []
        with Worker(here.settings) as worker:
            until(here.has_built, 1800, 0.05)
            until(here.in_step, 1800, 0.05)
            for _ in range(asked.rounds):
                through.append(_through_the_worker(here, worker))
                fed.append(_bare(here, made, wait=True))
                queued.append(_bare(here, made, wait=False))
        number = len(here.engagements)
        print(f"{number} documents; building them alone takes {building:.1f} s ({number / building:,.0f}/s)")
        for what, taken in (("through the worker", through), ("bare engine, one by one", fed), ("bare engine, queued", queued)):
            each = ", ".join(f"{number / one:,.0f}" for one in taken)
            print(f"{what}: {number / median(taken):,.0f} documents/s (rounds: {each})")
        print(f"worker / bare engine, one by one: {median(fed) / median(through):.2f}")
        print(f"worker / bare engine, queued: {median(queued) / median(through):.2f}")


def _through_the_worker(here: Scene, worker: Worker) -> float:
    """A rebuild until it stands beside the live index with every document, so without the exchange and the checks."""
    begun_as, begun = _build(here)[1], time.perf_counter()
    ledger.want_rebuild(here.database, here.settings.mirrors[0].name, "measured")
    worker.wake()
    until(lambda: _filled(here, begun_as), 1800, 0.01)
    taken = time.perf_counter() - begun
    until(here.has_built, 600, 0.05)
    until(here.in_step, 600, 0.05)
    return taken


def _filled(here: Scene, before: Any) -> bool:
    state, started_at = _build(here)
    return started_at != before and state in ("checking", "swapping", "verifying", "idle")


def _build(here: Scene) -> tuple[str, Any]:
    # Nothing else of the status: what it counts would take the processor from what is measured.
    [(state, started_at)] = here.database.ask("SELECT build_state, build_started_at FROM mirror", {})
    return state, started_at


def _bare(here: Scene, made: list[dict[str, Any]], *, wait: bool) -> float:
    mirror = here.settings.mirrors[0]
    engine = open_engine(mirror, here.settings.data_dir).beside(f"{mirror.index}__bare")
    engine.clear()
    engine.prepare()
    begun, tickets = time.perf_counter(), []
    for start in range(0, len(made), MAX_DOCUMENTS):
        tickets.append(engine.put(str(start), made[start : start + MAX_DOCUMENTS]))
        if wait:
            until(lambda: engine.settle(tickets[-1]) is not None, 600, 0.005)
    until(lambda: engine.settle(tickets[-1]) is not None, 600, 0.005)
    taken = time.perf_counter() - begun
    engine.clear()
    return taken


if __name__ == "__main__":
    main()
