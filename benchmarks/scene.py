"""The scene of the mirror's benchmarks: a register with so many records, an engine beside it, and how figures are told."""

import argparse
import asyncio
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import SecretStr

from service import collector, logs, schema
from service.database import Database
from service.mirror import status
from service.mirror.choosing import MAX_DOCUMENTS
from service.mirror.status import Build
from service.register.engagement import EngagementShape, ParticipationShape
from service.register.person import PersonShape
from service.register.reading import dossiers
from service.register.verbs import recording, revising
from service.register.verbs.journal import Actor
from service.search import document, question
from service.search.engine import Query, Searcher
from service.search.engines import open_engine
from service.settings import MirrorSettings, Settings

BY: Final = Actor("benchmark")
PEOPLE: Final = 200
_LETTERS: Final = "bcdfghjklmnpqrstvwxz"
_RUNNER: Final = asyncio.Runner()


@dataclass(frozen=True)
class Scene:
    """A register with its database and one mirror."""

    settings: Settings
    database: Database
    people: list[str]
    engagements: list[str]

    def in_step(self) -> bool:
        """Whether the mirror holds all that is committed."""
        mirrors = status.read(self.database)
        return bool(mirrors) and all(mirror.in_step for mirror in mirrors)

    def documents(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """What the search documents of these engagements are, loaded as many at a time as go into a batch."""
        made: list[dict[str, Any]] = []
        for start in range(0, len(ids), MAX_DOCUMENTS):
            with self.database.reading() as connection:
                loaded = dossiers.load(connection, ids[start : start + MAX_DOCUMENTS])
            made += [{**document.build(dossier), "sync_generation": 1} for dossier in loaded.values()]
        return made

    def build(self) -> Build:
        """How far a rebuild of the mirror is."""
        return status.read(self.database)[0].build

    def has_built(self) -> bool:
        """Whether no rebuild is under way or wanted. Raises `RuntimeError` where the last one was abandoned."""
        build = self.build()
        if build.last_error:
            raise RuntimeError(build.last_error)
        return build.state == "idle" and build.wanted is None


def options(told: str | None, records: int) -> argparse.ArgumentParser:
    """What every benchmark of the mirror is told."""
    known = argparse.ArgumentParser(description=told, formatter_class=argparse.RawDescriptionHelpFormatter)
    known.add_argument("--records", type=int, default=records)
    known.add_argument("--engine", default="embedded", help="embedded, or the URL of a disposable Meilisearch server")
    known.add_argument("--key", default=os.environ.get("MEILISEARCH_KEY"), help="the key of that server")
    known.add_argument("--database-url", help="an empty PostgreSQL database; a SQLite file by default")
    return known


@contextmanager
def scene(asked: argparse.Namespace, *, met_by_one: int = 0, **values: Any) -> Iterator[Scene]:
    """A register of `asked.records` engagements in a folder of its own; the first person is in `met_by_one` of them."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = Settings(
            **{
                "data_dir": Path(folder),
                "database_url": asked.database_url,
                "mirrors": (mirror_of(asked),),
                "log_level": "error",
                **values,
            }
        )
        logs.configure(settings)
        database = Database(settings.database)
        schema.upgrade(database)
        people, engagements = _fill(database, asked.records, met_by_one)
        collector.settle_in()
        try:
            yield Scene(settings, database, people, engagements)
        finally:
            database.dispose()
            tidy(settings)


def mirror_of(asked: argparse.Namespace) -> MirrorSettings:
    """The mirror that was asked for, with an index of its own."""
    if asked.engine == "embedded":
        return MirrorSettings(engine="embedded")
    key = SecretStr(asked.key) if asked.key else None
    return MirrorSettings(engine="meilisearch", url=asked.engine, key=key, index=f"benchmark_{time.time_ns()}")


def tidy(settings: Settings) -> None:
    """Remove what the mirrors hold."""
    for mirror in settings.mirrors:
        engine = open_engine(mirror, settings.data_dir)
        for name in (*engine.others(), mirror.index):
            engine.beside(name).clear()


def _fill(database: Database, records: int, met_by_one: int) -> tuple[list[str], list[str]]:
    with database.writing() as connection:
        shapes = [PersonShape(name_en=f"Person {n}") for n in range(PEOPLE)]
        people = [each["id"] for each in recording.record(connection, "person", shapes, by=BY)]
    ids: list[str] = []
    for start in range(0, records, 1000):
        made = [_engagement(n, people, met_by_one) for n in range(start, min(records, start + 1000))]
        with database.writing() as connection:
            ids += [record["id"] for record in recording.record(connection, "engagement", made, by=BY)]
    return people, ids


def _engagement(n: int, people: Sequence[str], met_by_one: int) -> EngagementShape:
    person = people[0] if n < met_by_one else people[1 + n % (PEOPLE - 1)]
    return EngagementShape(
        kind="meeting",
        title_en=f"Meeting {n} on trade and climate",
        title_ko=f"통상·기후 면담 {n}",
        summary_en=f"The two sides spoke about trade, climate and the exchange of {n} students; they meet again in spring.",
        when=f"{2000 + n % 25}-{n % 12 + 1:02}",
        countries=["US"],
        participations=[ParticipationShape(side="counterpart", person=person)],
    )


def word(n: int) -> str:
    """A word without vowels, different in every letter from the one before, so that no typo of another is found."""
    return "".join(random.Random(n + 17).choices(_LETTERS, k=12))


def retitle(database: Database, engagement: str, title: str) -> None:
    """One committed change."""
    with database.writing() as connection:
        revising.revise(connection, "engagement", {engagement: {"title_en": title}}, by=BY)


def found(searcher: Searcher, text: str, runner: asyncio.Runner = _RUNNER) -> bool:
    """Whether a search finds a word; as a phrase, because looking for misspellings takes the processor from what is measured."""
    asked = question.to_query(question.Question(text=f'"{text}"', limit=1))
    return runner.run(_total(searcher, asked)) > 0


async def _total(searcher: Searcher, asked: Query) -> int:
    return (await searcher.search(asked)).total


def until(true: Callable[[], bool], seconds: float, pause: float = 0.004) -> float:
    """Wait until it is true; gives how long that took in seconds. Raises `TimeoutError` after `seconds`."""
    begun = time.perf_counter()
    while not true():
        if time.perf_counter() - begun > seconds:
            raise TimeoutError(f"it took more than {seconds} s")
        time.sleep(pause)
    return time.perf_counter() - begun


def told(what: str, taken: Sequence[float]) -> str:
    """A line of figures from durations in seconds."""
    ordered = sorted(value * 1000 for value in taken)
    p95, p99 = (ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.95, 0.99))
    median = statistics.median(ordered)
    return f"{what}: n={len(ordered)} p50 {median:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms, max {ordered[-1]:.1f} ms"
