"""Random requests out of the OpenAPI document, sent to a served register with records in it.

    python -m tests.contract.campaign --cases 20000 --seed 1

Schemathesis makes the requests and holds the answers to the document; `schemathesis.toml` says what it does not hold against us.
"""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from service.database import Database
from service.register.verbs.journal import Actor
from tests.api.office import furnished
from tests.contract.service import Kind, new_register, served

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
OPERATIONS = sum(len(methods) for methods in json.loads(Path("openapi.json").read_text())["paths"].values())
ALL_PHASES = "examples,coverage,fuzzing,stateful"


@dataclass
class Outcome:
    """What the rounds came to; anything in `failures` is a defect of the service or of its document."""

    cases: int = 0
    operations: int = 0
    tested: int = 0
    seconds: float = 0
    failures: Counter[str] = field(default_factory=Counter)
    told: list[str] = field(default_factory=list)


def run(kind: Kind, *, cases: int, seed: int, phases: str = ALL_PHASES) -> Outcome:
    """Send rounds of requests, each with another seed, until there were so many cases."""
    outcome = Outcome()
    with new_register(kind) as (url, folder):
        database = Database(url)
        furnished(database, Actor("contract"))
        database.dispose()
        with served(url, folder, searching=True) as service:
            while outcome.cases < cases:
                _round(service.url, folder, seed, -(-(cases - outcome.cases) // OPERATIONS), phases, outcome)
                seed += 1
    return outcome


def _round(url: str, folder: Path, seed: int, examples: int, phases: str, outcome: Outcome) -> None:
    report = folder / "report.json"
    command = [str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(CONFIGURATION), "run"]
    command += [f"{url}/openapi.json", "--seed", str(seed), "--max-examples", str(examples), "--phases", phases]
    command += ["--report", "json", "--report-json-path", str(report), "--no-color", "--no-shrink"]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert report.exists(), done.stdout[-3000:] + done.stderr[-3000:]
    read = json.loads(report.read_text())
    outcome.cases += read["test_cases"]["generated"]
    outcome.operations = read["operations"]["total"]
    outcome.tested = max(outcome.tested, read["operations"]["tested"])
    outcome.seconds += read["running_time"]
    for failure in [*read["failures"], *read["errors"]]:
        outcome.failures[failure.get("title", "error")] += failure.get("count", 1)
    if read["failures"] or read["errors"]:
        outcome.told.append(done.stdout)
    report.unlink()


def main() -> None:
    known = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    known.add_argument("--cases", type=int, default=20_000)
    known.add_argument("--seed", type=int, default=1)
    known.add_argument("--phases", default=ALL_PHASES)
    known.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    asked = known.parse_args()
    outcome = run(asked.database, cases=asked.cases, seed=asked.seed, phases=asked.phases)
    sys.stdout.write("\n".join(outcome.told))
    sys.stdout.write(
        f"{asked.database}, seed {asked.seed}: {outcome.cases} cases, {outcome.tested} of {outcome.operations} operations,"
        f" {outcome.seconds:.0f} s, failures: {dict(outcome.failures) or 'none'}\n"
    )
    raise SystemExit(bool(outcome.failures))


if __name__ == "__main__":
    main()
