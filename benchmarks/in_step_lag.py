"""How long after its commit a change can be found, with the embedded engine and the mirror in this process.

    python -m benchmarks.in_step_lag --records 10000 --changes 300

The baseline of the same run is what the engine alone needs to take in one document and show it.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from service import logs, schema
from service.database import Database
from service.mirror import status
from service.mirror.worker import Worker
from service.register.engagement import EngagementShape, ParticipationShape
from service.register.person import PersonShape
from service.register.reading import dossiers
from service.register.verbs import recording, revising
from service.register.verbs.journal import Actor
from service.search import document, question
from service.search.embedded import EmbeddedEngine
from service.search.engine import Searcher
from service.search.engines import open_searcher
from service.settings import Settings

BY = Actor("benchmark")
LOOP = asyncio.new_event_loop()
LETTERS = "bcdfghjklmnpqrstvwxz"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--changes", type=int, default=300)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = Settings(data_dir=Path(folder), log_level="warning")
        logs.configure(settings)
        database = Database(settings.database)
        schema.upgrade(database)
        ids = _fill(database, asked.records)
        worker = Worker(settings)
        database.on_commit.append(worker.wake)
        started = time.perf_counter()
        with worker:
            _until(lambda: bool(mirrors := status.read(database)) and mirrors[0].in_step, 600)
            print(
                f"first filling: {asked.records / (time.perf_counter() - started):,.0f} documents/s, through ledger and batches"
            )
            searcher = open_searcher(settings.mirrors[0], settings.data_dir)
            chosen = random.Random(1).choices(ids, k=asked.changes)
            _print("commit to searchable", [_change(database, searcher, engagement, n) for n, engagement in enumerate(chosen)])
        _print("engine alone (baseline)", _alone(database, Path(folder), chosen[:100]))
        database.dispose()


def _fill(database: Database, records: int) -> list[str]:
    with database.writing() as connection:
        people = recording.record(connection, "person", [PersonShape(name_en=f"Person {n}") for n in range(200)], by=BY)
        shapes = [
            EngagementShape(
                kind="meeting",
                title_en=f"Meeting {n} on trade and climate",
                title_ko=f"통상·기후 면담 {n}",
                when=f"{2000 + n % 25}-{n % 12 + 1:02}",
                countries=["US"],
                participations=[ParticipationShape(side="counterpart", person=people[n % 200]["id"])],
            )
            for n in range(records)
        ]
        return [record["id"] for record in recording.record(connection, "engagement", shapes, by=BY)]


def _change(database: Database, searcher: Searcher, engagement: str, n: int) -> float:
    # A word without vowels, different in every letter from the one before, so that no typo of another is found.
    word = "".join(random.Random(n + 17).choices(LETTERS, k=12))
    with database.writing() as connection:
        revising.revise(connection, "engagement", {engagement: {"title_en": f"Meeting {word}"}}, by=BY)
    committed = time.perf_counter()
    _until(lambda: _found(searcher, word), 10)
    return time.perf_counter() - committed


def _alone(database: Database, folder: Path, ids: list[str]) -> list[float]:
    engine = EmbeddedEngine(folder / "index")
    engine.prepare()
    searcher = engine.searcher()
    with database.reading() as connection:
        documents = [document.build(dossier) for dossier in dossiers.load(connection, ids).values()]
    taken = []
    for n, made in enumerate(documents):
        word = "".join(random.Random(n + 9_999).choices(LETTERS, k=12))
        begun = time.perf_counter()
        engine.put(str(n), [made | {"titles": [word], "sync_generation": 1}])
        _until(lambda word=word: _found(searcher, word), 10)  # type: ignore[misc]
        taken.append(time.perf_counter() - begun)
    return taken


def _found(searcher: Searcher, word: str) -> bool:
    # As a phrase, because looking for misspellings of the word would take the processor from the mirror that is measured.
    return LOOP.run_until_complete(searcher.search(question.to_query(question.Question(text=f'"{word}"', limit=1)))).total > 0


def _until(true: Callable[[], bool], seconds: float) -> None:
    limit = time.perf_counter() + seconds
    while not true():
        if time.perf_counter() > limit:
            raise TimeoutError("the mirror did not get in step")
        time.sleep(0.002)


def _print(what: str, taken: list[float]) -> None:
    ordered = sorted(value * 1000 for value in taken)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    print(f"{what}: n={len(ordered)} p50 {statistics.median(ordered):.1f} ms, p99 {p99:.1f} ms, max {ordered[-1]:.1f} ms")


if __name__ == "__main__":
    main()
