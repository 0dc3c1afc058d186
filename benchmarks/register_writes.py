"""How many engagements a second can be recorded over HTTP, as a share of what SQLite can commit at all.

    python -m benchmarks.register_writes

The baseline is one transaction after another in this process: a row of a record and a row of an outbox, committed to the disk as
the register commits. A record of the register has two participations, a revision, a change and its touches. One uvicorn process
serves it, without a worker; connections send as soon as they are answered. Rounds of both are interleaved, because the
machine swings more than what is measured.
"""

import argparse
import json
import shutil
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.load import load
from benchmarks.register_reads import fill, served


def engagement(n: int) -> dict[str, Any]:
    """An engagement of five years, with a title of its own."""
    return {
        "kind": "meeting",
        "title_en": f"Meeting {n} about trade",
        "when": f"{2020 + n % 5}-{1 + n % 12:02}-{1 + n % 28:02}",
        "countries": ["US"],
        "participations": [{"side": "host", "headcount": 3}, {"side": "counterpart", "name_as_printed": f"Governor {n}"}],
    }


def main() -> None:
    known = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known.add_argument("--requests", type=int, default=1_000)
    known.add_argument("--rounds", type=int, default=5)
    asked = known.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="register-writes-"))
    try:
        fill(folder)
        with served(folder) as (port, _):
            report(folder, port, asked.requests, asked.rounds)
    finally:
        shutil.rmtree(folder)


def report(folder: Path, port: int, requests: int, rounds: int) -> None:
    bodies = [json.dumps(engagement(n)).encode() for n in range(requests)]
    kinds = {"one connection": 1, "eight connections": 8}
    rates: dict[str, list[float]] = {"raw": [], **{name: [] for name in kinds}}
    ratios: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(rounds):
        raw = raw_rate(folder / "raw.db", requests)
        rates["raw"].append(raw)
        for name, connections in kinds.items():
            url, headers = f"http://127.0.0.1:{port}/v1/engagements", {"Content-Type": "application/json"}
            done = uvloop.run(load(url, requests, connections, headers=headers, bodies=bodies))
            if done.failed:
                raise SystemExit(f"{done.failed} writes failed")
            rates[name].append(done.per_second)
            ratios[name].append(done.per_second / raw)
    print(f"{'raw insert with an outbox row':<34}{statistics.median(rates['raw']):>8.0f} a second")
    for name in kinds:
        told = f"{statistics.median(rates[name]):>8.0f} a second, {statistics.median(ratios[name]):.2f} of raw"
        print(f"{f'POST an engagement, {name}':<34}{told} ({min(ratios[name]):.2f} to {max(ratios[name]):.2f})")


def raw_rate(file: Path, count: int) -> float:
    """Transactions a second, each a row and its outbox row."""
    database = sqlite3.connect(file, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE IF NOT EXISTS record (id INTEGER PRIMARY KEY, title TEXT, body TEXT)")
    database.execute("CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, record_id INTEGER)")
    body = json.dumps(engagement(0))
    began = time.perf_counter()
    for _ in range(count):
        database.execute("BEGIN IMMEDIATE")
        made = database.execute("INSERT INTO record (title, body) VALUES (?, ?)", ("Meeting", body)).lastrowid
        database.execute("INSERT INTO outbox (record_id) VALUES (?)", (made,))
        database.execute("COMMIT")
    taken = time.perf_counter() - began
    database.close()
    return count / taken


if __name__ == "__main__":
    main()
