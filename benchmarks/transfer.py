"""How fast files are taken in and given out, and what memory that takes.

    python -m benchmarks.transfer --rows 100000

Reads an invented CSV file of simple rows (the baseline is the bare `csv` module on the same file), takes a JSON Lines file of
engagements with two participations each into a SQLite register (the baseline is checking the shapes and the verb `record` alone),
and gives all of it out again. Memory is the highest of a process of its own for each step, less what it had at its beginning.
"""

import argparse
import csv
import io
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from service import schema
from service.database import Database
from service.register.audience import OFFICE
from service.register.engagement import EngagementShape
from service.register.person import PersonShape
from service.register.reading.engagements import EngagementFilters
from service.register.verbs import recording
from service.register.verbs.journal import Actor
from service.transfer import exporting, importing
from service.transfer.importing import Plan

BY = Actor("benchmark")
PEOPLE = 500


def main() -> None:
    known = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known.add_argument("--rows", type=int, default=100_000)
    known.add_argument("--step", help=argparse.SUPPRESS)
    known.add_argument("--folder", help=argparse.SUPPRESS)
    asked = known.parse_args()
    if asked.step:
        told(asked.step, Path(asked.folder), asked.rows)
        return
    with tempfile.TemporaryDirectory(prefix="transfer-") as folder:
        prepare(Path(folder), asked.rows)
        for step in STEPS:
            command = [sys.executable, "-m", "benchmarks.transfer", "--step", step, "--folder", folder, "--rows", str(asked.rows)]
            subprocess.run(command, check=True)


def database_of(folder: Path, name: str) -> Database:
    made = Database(f"sqlite:///{folder / name}.db")
    schema.upgrade(made)
    return made


def prepare(folder: Path, rows: int) -> None:
    """The files, and two registers with the same people."""
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["External ids", "Title", "Kind", "Date", "Country", "Note"])
        writer.writerows(
            [f"row:{n}", f"Meeting {n}", "meeting", f"2024-0{1 + n % 9}-1{n % 10}", "US", "note"] for n in range(rows)
        )
    for name in ("own", "bare"):
        database = database_of(folder, name)
        with database.writing() as connection:
            shapes = [PersonShape(name_en=f"Person {n}", external_ids=[f"p:{n}"]) for n in range(PEOPLE)]
            recording.record(connection, "person", shapes, by=BY)
        database.dispose()
    with (folder / "engagements.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(engagement(n)) + "\n" for n in range(rows))


def engagement(n: int) -> dict[str, Any]:
    return {
        "external_ids": [f"feed:{n}"],
        "kind": "meeting",
        "title_en": f"Meeting {n}",
        "when": f"2024-0{1 + n % 9}-1{n % 10}",
        "countries": ["US"],
        "participations": [
            {"side": "host", "person": f"p:{n % PEOPLE}"},
            {"side": "counterpart", "person": f"p:{n * 7 % PEOPLE}", "office": "Governor"},
        ],
    }


def bare_csv(folder: Path, _rows: int) -> int:
    with (folder / "rows.csv").open(newline="", encoding="utf-8") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def checked_csv(folder: Path, _rows: int) -> int:
    database = database_of(folder, "own")
    with (folder / "rows.csv").open("rb") as file:
        report = importing.check(database, file, Plan("engagement", "csv", dry_run=True), BY, {})
    assert report.troubles_total == 0
    return report.rows


def bare_verb(folder: Path, rows: int) -> int:
    database = database_of(folder, "bare")
    with database.writing() as connection:
        for start in range(0, rows, 500):
            shapes = [EngagementShape.model_validate(engagement(n)) for n in range(start, min(rows, start + 500))]
            recording.record(connection, "engagement", shapes, by=BY)
    return rows


def imported(folder: Path, rows: int) -> int:
    database = database_of(folder, "own")
    with (folder / "engagements.jsonl").open("rb") as file:
        report = importing.take_in(database, file, Plan("engagement", "jsonl"), by=BY)
    assert report.counts == {"recorded": rows}, report.counts
    return rows


def exported(folder: Path, form: str) -> int:
    database = database_of(folder, "own")
    found = exporting.pages(database, "engagement", EngagementFilters(), audience=OFFICE)
    if form == "xlsx":
        exporting.workbook("engagement", found, "ko").close()
        return 1
    blocks = exporting.lines("engagement", found) if form == "jsonl" else exporting.csv_text("engagement", found, "ko", mark=True)
    sink = io.FileIO("/dev/null", "w")
    return sum(sink.write(block) or 0 for block in blocks)


STEPS: dict[str, Any] = {
    "CSV rows through the bare csv module": bare_csv,
    "CSV rows read, understood and checked": checked_csv,
    "engagements by the verb alone": bare_verb,
    "engagements taken in from JSON Lines": imported,
    "engagements given out as JSON Lines": lambda folder, _rows: exported(folder, "jsonl"),
    "engagements given out as CSV": lambda folder, _rows: exported(folder, "csv"),
    "engagements given out as XLSX": lambda folder, _rows: exported(folder, "xlsx"),
}


def told(step: str, folder: Path, rows: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    STEPS[step](folder, rows)
    taken = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{step:<40}{rows / taken:>10,.0f} a second{(after - before) / 1024:>8.0f} MiB more, {after / 1024:.0f} MiB in all",
        flush=True,
    )


if __name__ == "__main__":
    main()
