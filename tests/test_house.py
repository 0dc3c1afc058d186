"""The house stays readable: short files, files that are named for what is in them, and a sentence at each door."""

import ast
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
SERVICE = sorted((CHECKOUT / "service").rglob("*.py"))
FOLDERS = ("service", "migrations", "tests", "benchmarks")
EVERYWHERE = sorted(path for folder in FOLDERS for path in (CHECKOUT / folder).rglob("*.py"))

LONGEST = 300
MAY_BE_LONGER = {
    "service/register/codes.py": "the coded lists are one table, which is easier to compare in one piece",
}
NAMELESS = {"utils", "util", "helpers", "helper", "common", "misc", "base", "core", "lib", "shared", "tools"}


def named(path: Path) -> str:
    return path.relative_to(CHECKOUT).as_posix()


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""


def test_a_file_of_the_service_is_short_enough_to_be_read() -> None:
    too_long = {named(path): lines(path) for path in SERVICE if lines(path) > LONGEST}
    assert {name: count for name, count in too_long.items() if name not in MAY_BE_LONGER} == {}, "make each a folder of its name"


def test_an_exception_that_is_no_longer_needed_is_taken_back() -> None:
    assert [name for name in MAY_BE_LONGER if lines(CHECKOUT / name) <= LONGEST] == []


def test_a_file_is_named_for_what_is_in_it() -> None:
    assert [named(path) for path in EVERYWHERE if path.stem in NAMELESS or path.parent.name in NAMELESS] == []


def test_a_module_says_what_it_is_for() -> None:
    assert [named(path) for path in EVERYWHERE if lines(path) and not docstring(path)] == []


def test_what_a_module_says_is_a_sentence() -> None:
    first = {named(path): docstring(path).split("\n\n")[0].strip() for path in SERVICE if docstring(path)}
    assert {name: said for name, said in first.items() if not is_sentence(said)} == {}


def is_sentence(said: str) -> bool:
    return said[-1] in ".:…" and (said[0].isupper() or said[0] == "`")
