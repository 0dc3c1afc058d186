"""The command line of a campaign, and its course."""

import argparse
import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from sqlalchemy import text

from service import schema
from service.database import Database
from service.mirror import status, tally
from service.search.engines import open_engine
from service.settings import MirrorSettings, Settings
from tests import postgres
from tests.campaign import breaks, workers
from tests.campaign.adversary import AgainstDouble, AgainstFolder, LyingDouble
from tests.campaign.verdict import until_in_step, violations
from tests.campaign.writing import Writer

TIMES = {
    "settle_seconds": 5.0,
    "drain_seconds": 0.5,
    "lease_seconds": 2.0,
    "retry_seconds": 0.3,
    "verify_seconds": (1.0, 2.5),
    "probe_seconds": 0.5,
    "poll_seconds": 0.02,
    "keep_seconds": 1.0,
    "audit_seconds": 1e9,
}
"""Shortened, so that a campaign meets each of them often. No audit runs by the clock: it would mend what a hole let through."""

LAST_LIVES = 10
OVERTAKE_SECONDS = 20.0
"""How long the campaign waits at most for a write of the engine that is late."""
PAUSE = 0.002
"""Seconds between two writes, so that the worker has a core of its own."""


@dataclass
class Result:
    """What a campaign did and found."""

    database: str
    engine: str
    seed: int
    broken: str | None
    kills: int = 0
    writes: int = 0
    seconds: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    deeds: dict[str, int] = field(default_factory=dict)
    counts: dict[str, float] = field(default_factory=dict)
    in_step: bool = False
    violations: int = 0
    named: dict[str, str] = field(default_factory=dict)
    status: list[str] = field(default_factory=list)

    @property
    def held(self) -> bool:
        return self.in_step and not self.violations


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    options.add_argument("--engine", default="embedded", help="embedded, double, or the URL of a disposable Meilisearch server")
    options.add_argument("--key", help="the key of that server")
    options.add_argument("--kills", type=int, default=20)
    options.add_argument("--writes", type=int, default=500, help="at least so many, spread over the kills")
    options.add_argument("--records", type=int, default=300, help="engagements at most")
    options.add_argument("--minutes", type=float, default=60.0, help="end after so long in any case")
    options.add_argument("--share", type=float, default=0.02, help="of requests to the double that go wrong")
    options.add_argument("--deeds", type=float, default=0.25, help="of lives of a worker in which the engine is tampered with")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--patience", type=float, default=60.0, help="seconds that the mirror has in the end to get in step")
    options.add_argument("--break", dest="broken", choices=sorted(breaks.RULES), help="break a rule of the contract")
    asked = options.parse_args()
    result = run(asked)
    print(json.dumps({"times": TIMES, **vars(result), "held": result.held}, indent=2, default=str))  # noqa: T201  this is a program
    raise SystemExit(not result.held)


def run(asked: argparse.Namespace) -> Result:
    """The whole campaign."""
    chance = random.Random(asked.seed)
    result = Result(asked.database, asked.engine, asked.seed, asked.broken)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        url = stack.enter_context(_database(asked.database, folder))
        double = stack.enter_context(LyingDouble(chance, asked.share)) if asked.engine == "double" else None
        settings = _settings(asked, folder, url, double)
        database = Database(settings.database)
        stack.callback(database.dispose)
        against = AgainstDouble(double, chance) if double else AgainstFolder(folder / "index", chance)
        begun = time.monotonic()
        writer = Writer(database, chance, asked.records)
        _fight(asked, settings, database, writer, against, double, chance, result)
        if double:
            _overtake(asked, settings, database, writer, double)
        result.writes, result.seconds = writer.writes, round(time.monotonic() - begun, 1)
        result.faults, result.deeds = dict(double.faults) if double else {}, result.deeds | dict(against.deeds)
        _end(asked, settings, database, double, result)
    return result


def _settings(asked: argparse.Namespace, folder: Path, url: str, double: LyingDouble | None) -> Settings:
    if asked.engine == "embedded":
        mirror = MirrorSettings(name="campaign", engine="embedded")
    else:
        address, key = (double.url, double.master_key) if double else (asked.engine, asked.key)
        name = f"campaign_{asked.seed}_{int(time.time())}"
        mirror = MirrorSettings(
            name="campaign", engine="meilisearch", url=address, key=SecretStr(key) if key else None, index=name
        )
    values: dict[str, Any] = {**TIMES, "data_dir": folder, "database_url": url, "mirrors": (mirror,), "log_level": "error"}
    return Settings(**values)


@contextmanager
def _database(kind: str, folder: Path) -> Iterator[str]:
    with ExitStack() as stack:
        if kind == "sqlite":
            url = f"sqlite:///{folder}/register.db"
        else:
            url = postgres.new_database(stack.enter_context(postgres.postgres_server()), "campaign")
        database = Database(url)
        schema.upgrade(database)
        database.dispose()
        yield url


def _fight(
    asked: argparse.Namespace,
    settings: Settings,
    database: Database,
    writer: Writer,
    against: AgainstDouble | AgainstFolder,
    double: LyingDouble | None,
    chance: random.Random,
    result: Result,
) -> None:
    begun = time.monotonic()
    each = -(-asked.writes // max(1, asked.kills))
    kept: Path | None = None
    while result.kills < asked.kills and time.monotonic() - begun < asked.minutes * 60:
        if double and not double.poison and result.kills >= asked.kills * 0.7:
            double.poison = _some_ids(database, 2)
        worker = workers.start(settings, asked.broken)
        until = time.monotonic() + chance.choice((0.3, 1.0, 2.0)) * chance.random()
        done, deed_at = 0, chance.randrange(each) if chance.random() < asked.deeds else -1
        goal = writer.writes + each
        # A write may find nothing to do its deed to; ten times as many tries are enough.
        while (writer.writes < goal and done < 10 * each) or time.monotonic() < until:
            writer.write()
            done += 1
            if done == deed_at:
                against.do(worker_is_dead=False)
            time.sleep(PAUSE)
        workers.kill(worker)
        result.kills += 1
        if chance.random() < asked.deeds / 2:
            against.do(worker_is_dead=True)
        if asked.database == "sqlite" and chance.random() < asked.deeds / 10:
            kept = _put_back(settings, database, kept)
            result.deeds["register put back"] = result.deeds.get("register put back", 0) + (kept is None)
        if double:
            double.requests.clear()  # A campaign is long.
            # What is late in the last lives arrives when the mirror has long been in step.
            if chance.random() < 0.3 and result.kills < asked.kills - LAST_LIVES:
                double.deliver_late()


def _overtake(asked: argparse.Namespace, settings: Settings, database: Database, writer: Writer, double: LyingDouble) -> None:
    """Have a write on its way to the live index while a newer one of the same document is made."""
    double.share = 0.0
    worker = workers.start(settings, asked.broken)
    until_in_step(database, asked.patience)
    double.share = asked.share
    until = time.monotonic() + OVERTAKE_SECONDS
    while not writer.overtake(double.on_their_way(settings.mirrors[0].index)) and time.monotonic() < until:
        writer.write()
        time.sleep(PAUSE)
    workers.kill(worker)


def _some_ids(database: Database, count: int) -> set[str]:
    with database.reading() as connection:
        return set(connection.execute(text("SELECT id FROM engagement ORDER BY id LIMIT :n"), {"n": count}).scalars())


def _put_back(settings: Settings, database: Database, kept: Path | None) -> Path | None:
    """Keep a copy of the register the first time, put the register back to it the second."""
    file, copy = settings.data_dir / "register.db", settings.data_dir / "register-backup.db"
    database.dispose()
    source, target = (file, copy) if kept is None else (copy, file)
    if kept is not None:
        for each in (file, file.with_name("register.db-wal"), file.with_name("register.db-shm")):
            each.unlink(missing_ok=True)
    with sqlite3.connect(source) as reading, sqlite3.connect(target) as writing:
        reading.backup(writing)
    reading.close()
    writing.close()
    return copy if kept is None else None


def _end(asked: argparse.Namespace, settings: Settings, database: Database, double: LyingDouble | None, result: Result) -> None:
    """Peace: the network is sound, what is late arrives, one worker is left alone; then everything is compared."""
    if double:
        double.share = 0.0
    worker = workers.start(settings, asked.broken)
    try:
        until_in_step(database, asked.patience)
        if double:
            double.deliver_late()
        # As long as what arrived late may have to be looked for.
        time.sleep(settings.verify_seconds[-1] + 4 * settings.probe_seconds)
        result.in_step = until_in_step(database, asked.patience)
    finally:
        workers.kill(worker)
    if not result.in_step:
        result.status = [str(each) for each in status.read(database)]
    engine = open_engine(settings.mirrors[0], settings.data_dir)
    try:
        found = violations(database, engine)
    finally:
        if asked.engine not in ("embedded", "double"):
            for name in (*engine.others(), f"{engine.index}__marker"):
                engine.beside(name).clear()
            engine.clear()
        engine.close()
    result.violations, result.named = len(found), dict(sorted(found.items())[:20])
    with database.reading() as connection:
        counted = tally.read(connection)
    wanted = ("batches", "unknown", "late_write_repairs", "deaths", "drift", "repairs", "doubts", "rebuilds", "settings_repairs")
    result.counts = {f"{name} {label}".strip(): value for (_, name, label), value in counted.items() if name in wanted}


if __name__ == "__main__":
    main()
