"""Imports run one way through the house, and what the outside world offers is used in one room only.

    settings, errors, database, …  ←  register  ←  search  ←  mirror  ←  schema  ←  seeding  ←  api | staff  ←  app, cli …

A module may import its own room and those before it. `api` and `staff` stand on the same step and do not know each other.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

CHECKOUT = Path(__file__).parents[1]
MODULES = sorted((CHECKOUT / "service").rglob("*.py"))

STAIRCASE: tuple[tuple[frozenset[str], ...], ...] = (
    (frozenset({"settings", "errors", "database", "logs", "collector"}),),
    (frozenset({"register"}),),
    (frozenset({"search"}), frozenset({"access"})),
    (frozenset({"mirror"}),),
    (frozenset({"schema"}),),
    (frozenset({"seeding"}), frozenset({"transfer"})),
    (frozenset({"api"}), frozenset({"staff"})),
    (frozenset({"app", "cli", "commands", "serving", "__main__"}),),
)
"""Each step with its rooms, and each room with the modules and folders directly under `service/` that make it up."""

PURE_OF_THE_REGISTER = {"codes", "offices", "when", "places"}
"""What the search room may know of the register: words, offices, dates and places, but no tables."""

FOREIGN = {
    "fastapi": ("api", "staff", "app.py"),
    "starlette": ("api", "staff", "app.py"),
    "uvicorn": ("serving.py",),
    "typer": ("cli.py", "commands", "serving.py"),
    "prometheus_client": ("api/metrics.py",),
    "meilisearch": ("search/meilisearch",),
    "tantivy": ("search/embedded",),
    "alembic": ("schema.py",),
    "psycopg": (),
    "sqlite3": ("database.py",),
}
"""Libraries that only these files and folders of `service/` may import."""


class Import(NamedTuple):
    """That a line imports a module, by its full name."""

    line: int
    name: str


def imports(source: str) -> Iterator[Import]:
    """Every import of a module, also those inside of functions and those that only a type checker sees."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Import(node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (Import(node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def step_and_room(name: str) -> tuple[int, frozenset[str]] | None:
    """Where a module or folder directly under `service/` belongs; None for what is no such module."""
    for step, rooms in enumerate(STAIRCASE):
        for room in rooms:
            if name in room:
                return step, room
    return None


def violations(path: str, source: str) -> list[str]:
    """What a module at this path below `service/` imports and should not, a line for each with file, line and rule."""
    own = step_and_room(path.split("/")[0].removesuffix(".py"))
    found = []
    for line, name in imports(source):
        parts = name.split(".")
        rule = against_the_staircase(own, parts) or against_search(path, parts) or against_foreign(path, parts)
        if rule:
            found.append(f"service/{path}:{line} imports {name}: {rule}")
    return found


def against_the_staircase(own: tuple[int, frozenset[str]] | None, parts: list[str]) -> str | None:
    target = step_and_room(parts[1]) if parts[0] == "service" and len(parts) > 1 else None
    if own is None or target is None or own[1] == target[1] or target[0] < own[0]:
        return None
    return f"{' / '.join(sorted(own[1]))} may know only the rooms before it, and {parts[1]} is not one of them"


def against_search(path: str, parts: list[str]) -> str | None:
    if not path.startswith("search/"):
        return None
    if parts[0] in ("sqlalchemy", "sqlmodel") or parts[:2] == ["service", "database"]:
        return "the search room knows no database"
    if parts[:2] == ["service", "register"] and (len(parts) < 3 or parts[2] not in PURE_OF_THE_REGISTER):
        return f"the search room may know only {', '.join(sorted(PURE_OF_THE_REGISTER))} of the register"
    return None


def against_foreign(path: str, parts: list[str]) -> str | None:
    rooms = FOREIGN.get(parts[0])
    if rooms is None or any(path == room or path.startswith(f"{room}/") for room in rooms):
        return None
    return f"only {', '.join(rooms)} may import {parts[0]}" if rooms else f"nobody imports {parts[0]} directly"


def test_every_module_imports_only_what_its_room_may_know() -> None:
    found = []
    for module in MODULES:
        found += violations(module.relative_to(CHECKOUT / "service").as_posix(), module.read_text(encoding="utf-8"))
    assert not found, "\n".join(found)


def test_every_module_belongs_to_a_room() -> None:
    there = {path.stem for path in (CHECKOUT / "service").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert {name for name in there if step_and_room(name) is None} == {"__init__"}


@pytest.mark.parametrize(
    ("path", "source", "told"),
    [
        (
            "register/engagement.py",
            "from service.search import keys",
            "service/register/engagement.py:1 imports service.search.keys",
        ),
        (
            "register/verbs/rows.py",
            "x = 1\ndef f():\n    import service.mirror.capture",
            "rows.py:3 imports service.mirror.capture",
        ),
        ("register/when.py", "from service import mirror", "register may know only the rooms before it"),
        ("settings.py", "from service.register import codes", "collector / database / errors / logs / settings may know only"),
        ("mirror/worker.py", "from service.schema import upgrade", "schema is not one of them"),
        ("mirror/status.py", "if TYPE_CHECKING:\n    from service.api.index import MirrorState", "status.py:2"),
        ("api/index.py", "from service.staff import page", "staff is not one of them"),
        ("seeding/loading.py", "import service.cli", "cli is not one of them"),
        ("search/keys.py", "from sqlmodel import Session", "the search room knows no database"),
        (
            "search/document.py",
            "from service.register.engagement import Engagement",
            "may know only codes, offices, places, when",
        ),
        ("search/document.py", "from service import register", "may know only codes, offices, places, when"),
        ("search/engines.py", "import meilisearch", "only search/meilisearch may import meilisearch"),
        ("mirror/sender.py", "from meilisearch.errors import MeilisearchApiError", "only search/meilisearch may import"),
        ("cli.py", "from fastapi import FastAPI", "only api, staff, app.py may import fastapi"),
        ("register/verbs/rows.py", "import psycopg", "nobody imports psycopg directly"),
    ],
)
def test_an_import_against_the_rules_is_told_with_its_file_line_and_rule(path: str, source: str, told: str) -> None:
    (message,) = violations(path, source)
    assert told in message


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("api/index.py", "from fastapi import APIRouter\nfrom service.mirror import status\nfrom service import __version__"),
        ("search/document.py", "from service.register import codes, places, when\nfrom service.register.when import parse"),
        ("search/meilisearch/transport.py", "from meilisearch import Client"),
        ("mirror/fold.py", "from service.register.reading import records\nfrom service.search.engine import Engine"),
        ("app.py", "from service.api import routes\nfrom service.staff import page\nfrom service.serving import serve"),
    ],
)
def test_an_import_of_a_room_before_is_right(path: str, source: str) -> None:
    assert violations(path, source) == []


def loaded_by(*modules: str) -> set[str]:
    """The libraries that a fresh interpreter has loaded once these modules are imported."""
    program = f"import sys, {', '.join(modules)}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def modules_of(room: str) -> list[str]:
    folder = CHECKOUT / "service" / room
    return [".".join(path.relative_to(CHECKOUT).with_suffix("").parts) for path in sorted(folder.rglob("*.py"))]


def test_the_worker_loads_no_web_framework() -> None:
    loaded = loaded_by(*modules_of("mirror"), "service.cli", "service.schema")
    assert "sqlalchemy" in loaded
    assert loaded & {"fastapi", "starlette", "uvicorn"} == set()


def test_the_register_loads_no_engine_and_no_web_framework() -> None:
    loaded = loaded_by(*modules_of("register"))
    assert "sqlmodel" in loaded
    assert loaded & {"fastapi", "starlette", "uvicorn", "meilisearch", "tantivy"} == set()


def test_what_search_knows_of_the_register_loads_no_database() -> None:
    loaded = loaded_by(*(f"service.register.{name}" for name in sorted(PURE_OF_THE_REGISTER)))
    assert "pydantic" in loaded
    assert loaded & {"sqlalchemy", "sqlmodel"} == set()
