"""What the mirror costs those who write: with its engine up, with its engine frozen, without a worker, without triggers.

    python -m benchmarks.write_cost --records 2000
    python -m benchmarks.write_cost --engine http://127.0.0.1:7700 --key …

A frozen engine takes connections and never answers: a relay stands before the engine, and stops relaying. The rounds of all
kinds are interleaved in one process, each a hundred single changes, because the machine swings more than what is measured.
The engine is the protocol double of the tests where none is named; it stands for nothing but being up.
"""

import argparse
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from statistics import median

from sqlalchemy import text

from benchmarks.relay import Relay
from benchmarks.scene import BY, Scene, options, retitle, scene, told, until
from service.mirror import capture
from service.mirror.worker import Worker
from service.register.engagement import EngagementShape, ParticipationShape
from service.register.verbs import recording
from tests.meilisearch_double import MeilisearchDouble

A_ROUND = 100


def main() -> None:
    known = options(__doc__, 2_000)
    known.add_argument("--rounds", type=int, default=8)
    asked = known.parse_args()
    with ExitStack() as stack:
        if asked.engine == "embedded":
            double = stack.enter_context(MeilisearchDouble())
            asked.engine, asked.key = double.url, double.master_key
        relay = stack.enter_context(Relay(asked.engine))
        asked.engine = relay.url
        here = stack.enter_context(scene(asked, retry_seconds=0.2))
        _frozen(here, relay, asked)
        _triggers(here, asked)


def _frozen(here: Scene, relay: Relay, asked: argparse.Namespace) -> None:
    taken: dict[str, list[list[float]]] = {"up": [], "frozen": []}
    with Worker(here.settings) as worker:
        here.database.on_commit.append(worker.wake)
        until(here.in_step, 600, 0.05)
        for number in range(asked.rounds):
            for kind in ("up", "frozen") if number % 2 else ("frozen", "up"):
                with relay.frozen() if kind == "frozen" else nullcontext():
                    taken[kind].append(_round(here, number))
                until(here.in_step, 120, 0.02)
        here.database.on_commit.clear()
    for kind, rounds in taken.items():
        print(told(f"one write, engine {kind}", [each for one in rounds for each in one]))
    _ratios("p99 of a round, frozen / up", [_p99(b) / _p99(a) for a, b in zip(taken["up"], taken["frozen"], strict=True)])
    _ratios("median of a round, frozen / up", [median(b) / median(a) for a, b in zip(taken["up"], taken["frozen"], strict=True)])


def _triggers(here: Scene, asked: argparse.Namespace) -> None:
    for what, write in (("single changes", _round), ("new engagements, a hundred at once", _bulk)):
        taken: dict[str, list[float]] = {"with": [], "without": []}
        for number in range(asked.rounds):
            for kind in ("with", "without") if number % 2 else ("without", "with"):
                with _without_triggers(here) if kind == "without" else nullcontext():
                    taken[kind].append(A_ROUND / sum(write(here, number)))
        for kind, rates in taken.items():
            print(f"{what}, {kind} triggers: {median(rates):,.0f} a second")
        _ratios("throughput with / without triggers", [a / b for a, b in zip(taken["with"], taken["without"], strict=True)])


def _round(here: Scene, number: int) -> list[float]:
    taken = []
    for n, engagement in enumerate(here.engagements[:A_ROUND]):
        begun = time.perf_counter()
        retitle(here.database, engagement, f"Meeting {number} {n} {time.time_ns()}")
        taken.append(time.perf_counter() - begun)
    return taken


def _bulk(here: Scene, number: int) -> list[float]:
    person = here.people[number % len(here.people)]
    shapes = [
        EngagementShape(
            kind="meeting",
            title_en=f"Meeting {number} {n}",
            when="2025-06",
            countries=["US", "CA"],
            participations=[ParticipationShape(side="counterpart", person=person), ParticipationShape(side="host", headcount=2)],
        )
        for n in range(A_ROUND)
    ]
    begun = time.perf_counter()
    with here.database.writing() as connection:
        recording.record(connection, "engagement", shapes, by=BY)
    return [time.perf_counter() - begun]


@contextmanager
def _without_triggers(here: Scene) -> Iterator[None]:
    with here.database.writing() as connection:
        capture.remove(connection)
    yield
    with here.database.writing() as connection:
        capture.install(connection)
        connection.execute(text("DELETE FROM touch"))


def _ratios(what: str, ratios: list[float]) -> None:
    ordered = sorted(ratios)
    print(f"{what}: median {median(ordered):.2f}, from {ordered[0]:.2f} to {ordered[-1]:.2f}")


def _p99(taken: list[float]) -> float:
    return sorted(taken)[int(len(taken) * 0.99) - 1]


if __name__ == "__main__":
    main()
