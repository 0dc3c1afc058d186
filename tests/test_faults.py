"""The table of faults is true: every fault has a test that is marked with its number, and every mark stands in the table.

The table and the marks are read, not run: what a test shows, the test says; that there is one for every fault, this says.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TESTS = Path(__file__).parent
TABLE = (TESTS.parent / "docs" / "faults.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
NAMED = re.compile(r"`([\w/]+\.py::\w+)`")

FAULTS: Final = 70
"""The faults are numbered from 1 to this."""


def rows() -> dict[int, set[str]]:
    """The tests that the table names, by the number of the fault."""
    return {int(number): set(NAMED.findall(tests)) for number, _, _, tests in ROW.findall(TABLE)}


def marks() -> dict[int, set[str]]:
    """The tests that are marked, by the number of the fault."""
    found: dict[int, set[str]] = {}
    for file in sorted(TESTS.rglob("test_*.py")):
        for name, number in _marked(file):
            found.setdefault(number, set()).add(f"{file.relative_to(TESTS).as_posix()}::{name}")
    return found


def _marked(file: Path) -> Iterator[tuple[str, int]]:
    """Each test of a file with each number that it is marked with, by itself or in one of its parameters."""
    for test in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(test, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for part in (each for decorator in test.decorator_list for each in ast.walk(decorator)):
            if isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute) and part.func.attr == "scenario":
                yield from ((test.name, ast.literal_eval(number)) for number in part.args)


def test_every_fault_stands_in_the_table_once_and_in_order() -> None:
    numbers = [int(row[0]) for row in ROW.findall(TABLE)]
    assert numbers == list(range(1, FAULTS + 1))


def test_no_line_of_the_table_is_overlooked() -> None:
    lines = [line for line in TABLE.splitlines() if re.match(r"\| *\d", line)]
    assert len(lines) == len(rows())


def test_every_fault_has_tests_and_those_that_are_marked_with_its_number() -> None:
    marked = marks()
    assert {number: tests for number, tests in rows().items() if not tests or tests != marked.get(number)} == {}


def test_every_mark_stands_in_the_table() -> None:
    assert sorted(set(marks()) - set(rows())) == []
