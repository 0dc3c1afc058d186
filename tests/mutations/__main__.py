"""The program: change a copy of the tree, run the tests that have to notice, and print a table."""

import argparse
import compileall
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Final

from tests.mutations.rules import MUTATIONS, Mutation

CHECKOUT: Final = Path(__file__).parents[2]
ALL: Final = ("tests/mirror",)
LONGEST_SECONDS: Final = 900.0

_LEFT_OUT: Final = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "data", "dist")
_FIRST: Final = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """What became of one change: the first test that failed by it, or why it counts as survived."""

    mutation: Mutation
    caught_by: str | None
    seconds: float
    why: str = ""


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    options.add_argument("--only", action="append", choices=[each.name for each in MUTATIONS], metavar="NAME")
    options.add_argument("--list", action="store_true", help="name the rules and do nothing")
    asked = options.parse_args()
    chosen = [each for each in MUTATIONS if not asked.only or each.name in asked.only]
    if asked.list:
        print(*(f"{each.name}: {each.rule}" for each in chosen), sep="\n")  # noqa: T201  this is a program
        return
    findings = []
    with tempfile.TemporaryDirectory(prefix="register-mutations-") as folder:
        for finding in run(chosen, Path(folder) / "tree"):
            print(f"{finding.mutation.name}: {finding.caught_by or finding.why}", file=sys.stderr, flush=True)  # noqa: T201
            findings.append(finding)
    print(table(findings))  # noqa: T201
    raise SystemExit(not all(finding.caught_by for finding in findings))


def run(chosen: Iterable[Mutation], tree: Path) -> Iterator[Finding]:
    """Make each change in a copy of the checkout, and take it back after its tests."""
    shutil.copytree(CHECKOUT, tree, ignore=_LEFT_OUT)
    # Byte code that is checked by what is in the source: by its time and size, a change might go unseen.
    compileall.compile_dir(tree / "service", quiet=1, invalidation_mode=PycInvalidationMode.CHECKED_HASH)
    for mutation in chosen:
        file = tree / mutation.file
        source = file.read_text(encoding="utf-8")
        begun = time.monotonic()
        if source.count(mutation.old) != 1:
            yield Finding(mutation, None, 0.0, f"its old text occurs {source.count(mutation.old)} times")
            continue
        file.write_text(source.replace(mutation.old, mutation.new), encoding="utf-8")
        code, said = pytest_in(tree, mutation.tests or ALL)
        file.write_text(source, encoding="utf-8")
        yield judged(mutation, tree, code, said, time.monotonic() - begun)


def judged(mutation: Mutation, tree: Path, code: int, said: str, seconds: float) -> Finding:
    """Caught only by a test that fails with the change and passes without it."""
    first = _FIRST.search(said)
    if code == 0:
        return Finding(mutation, None, seconds, "SURVIVED")
    if code != 1 or first is None:
        return Finding(mutation, None, seconds, f"the tests could not be run: {said[-2000:]}")
    if pytest_in(tree, (first[1],))[0] != 0:
        return Finding(mutation, None, seconds, f"{first[1]} fails without the change too")
    return Finding(mutation, first[1], seconds)


def pytest_in(tree: Path, tests: Iterable[str]) -> tuple[int, str]:
    """Run tests of the copy until one fails; gives pytest's code and what it said."""
    command = [sys.executable, "-m", "pytest", *tests, "-x", "-q", "-n", "0", "-p", "no:cacheprovider", "--tb=no"]
    environment = {**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "500"}
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return -1, f"no end within {LONGEST_SECONDS:g} s"
    return done.returncode, done.stdout + done.stderr


def table(findings: Iterable[Finding]) -> str:
    """The findings as they stand in docs/mutations.md."""
    rows = ["| rule | change | caught by | seconds |", "| --- | --- | --- | --- |"]
    for finding in findings:
        mutation, caught = finding.mutation, finding.caught_by
        by = f"`{caught.removeprefix('tests/').replace('|', '¦')}`" if caught else f"**{finding.why}**"
        change = f"`{mutation.name}` in `{mutation.file.removeprefix('service/')}`"
        rows.append(f"| {mutation.rule} | {change} | {by} | {finding.seconds:.0f} |")
    return "\n".join(rows)


if __name__ == "__main__":
    main()
