"""One rename that makes many documents stale, and what an hour without an engine leaves to be done.

    python -m benchmarks.fan_out --records 12000 --met 10000 --changes 3600

The rename is one row; every engagement of that person has to be built and sent anew. For the outage the worker is stopped,
so many single changes are committed as an hour at one a second brings, and the worker is started again. The baseline of the
same run is building the same documents without ledger and engine.
"""

import time
from random import Random

from benchmarks.scene import BY, Scene, options, retitle, scene, until
from service.mirror.worker import Worker
from service.register.engagement import EngagementShape, ParticipationShape
from service.register.person import PersonShape
from service.register.verbs import recording, revising


def main() -> None:
    known = options(__doc__, 12_000)
    known.add_argument("--met", type=int, default=10_000, help="engagements of the person who is renamed")
    known.add_argument("--changes", type=int, default=3_600, help="single changes during the outage")
    asked = known.parse_args()
    with scene(asked, met_by_one=asked.met) as here:
        with Worker(here.settings) as worker:
            until(here.in_step, 1800, 0.05)
            _rename(here, worker, _met_once(here), 1)
            _rename(here, worker, here.people[0], asked.met)
        begun = time.perf_counter()
        here.documents(here.engagements[: asked.met])
        building = time.perf_counter() - begun
        print(f"building {asked.met} documents alone (baseline): {building:.1f} s, {asked.met / building:,.0f}/s")
        _outage(here, asked.changes)


def _met_once(here: Scene) -> str:
    """A person with one engagement, recorded for this."""
    with here.database.writing() as connection:
        [person] = recording.record(connection, "person", [PersonShape(name_en="Met once")], by=BY)
        met = ParticipationShape(side="counterpart", person=person["id"])
        shape = EngagementShape(kind="meeting", title_en="One meeting", when="2025-06", participations=[met])
        recording.record(connection, "engagement", [shape], by=BY)
    until(here.in_step, 60)
    return str(person["id"])


def _rename(here: Scene, worker: Worker, person: str, met: int) -> None:
    begun = time.perf_counter()
    with here.database.writing() as connection:
        revising.revise(connection, "person", {person: {"name_en": f"Renamed {met}"}}, by=BY)
    written = time.perf_counter() - begun
    worker.wake()
    time.sleep(0.001)
    took = until(here.in_step, 900, 0.01)
    print(f"rename with {met} engagements: written in {1000 * written:.1f} ms, in step {took:.2f} s later, {met / took:,.0f}/s")


def _outage(here: Scene, changes: int) -> None:
    chosen = Random(3).choices(here.engagements, k=changes)
    for n, engagement in enumerate(chosen):
        retitle(here.database, engagement, f"Changed meanwhile {n}")
    documents = len(set(chosen))
    begun = time.perf_counter()
    with Worker(here.settings):
        until(here.in_step, 900, 0.01)
        took = time.perf_counter() - begun
    print(
        f"after an outage with {changes} changes of {documents} engagements: in step {took:.2f} s after the start of the worker,"
        f" {documents / took:,.0f} documents/s"
    )


if __name__ == "__main__":
    main()
