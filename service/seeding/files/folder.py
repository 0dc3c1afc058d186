"""Reading the folder.

A file that is missing, is no JSON, or has a field that no shape knows is refused with its name and the place in it.
"""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from service.errors import Fault, Invalid
from service.register.validation import checked
from service.seeding.files.decisions import Decisions
from service.seeding.files.lists import Names, Office, Organization, Publisher, Topic
from service.seeding.files.told import (
    ArticleSource,
    Inconsistency,
    KnownOrganization,
    KnownPerson,
    Record,
    Sentence,
    Statement,
)


class Seed(NamedTuple):
    """Everything that the folder holds."""

    records: list[Record]
    statements: list[Statement]
    people: list[KnownPerson]
    article_organizations: list[KnownOrganization]
    inconsistencies: list[Inconsistency]
    sentences: list[Sentence]
    article: ArticleSource
    organizations: list[Organization]
    topics: list[Topic]
    names: Names
    offices: list[Office]
    publishers: list[Publisher]
    decisions: Decisions


_FILES: dict[str, Any] = {
    "gyeonggi/engagements.json": list[Record],
    "article/engagements.json": list[Statement],
    "article/people.json": list[KnownPerson],
    "article/organizations.json": list[KnownOrganization],
    "article/inconsistencies.json": list[Inconsistency],
    "article/sentences.json": list[Sentence],
    "article/source.json": ArticleSource,
    "organizations.json": list[Organization],
    "topics.json": list[Topic],
    "names.json": Names,
    "offices.json": list[Office],
    "publishers.json": list[Publisher],
    "decisions.json": Decisions,
}


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of every file. Raises `Invalid` for one that is missing."""
    return {name: _bytes(folder / name, name) for name in _FILES}


def fingerprint(files: dict[str, bytes]) -> str:
    """A short digest of all files together: another one means that something in them changed."""
    digest = hashlib.sha256()
    for name, data in files.items():
        digest.update(f"{name}\n{len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()[:16]


def parse(files: dict[str, bytes]) -> Seed:
    """The files in their shapes. Raises `Invalid` with the file, the place and what would be right."""
    return Seed._make(_parsed(name, files[name], shape) for name, shape in _FILES.items())


def _bytes(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Invalid(f"The seed file {name} cannot be read: {error.strerror}.") from error


def _parsed(name: str, data: bytes, shape: Any) -> Any:
    try:
        value = json.loads(data)
    except ValueError as error:
        raise Invalid(f"The seed file {name} is no JSON: {error}.") from error
    try:
        parsed = checked(shape, value)
    except Invalid as error:
        raise _in_file(name, value, error) from error
    _refuse_twice(name, value)
    return parsed


def _refuse_twice(name: str, value: Any) -> None:
    ids = [entry["id"] for entry in value if "id" in entry] if isinstance(value, list) else []
    if twice := next((each for each, times in Counter(ids).items() if times > 1), None):
        raise Invalid(f"The seed file {name} has {twice} twice.")


def _in_file(name: str, value: Any, error: Invalid) -> Invalid:
    faults = [
        Fault(f"{_entry(value, fault)}{fault.detail}", fault.code, pointer=fault.pointer, value=fault.value)
        for fault in error.faults
    ]
    return Invalid(
        f"The seed file {name} has something that cannot be loaded: {faults[0].detail} (at {faults[0].pointer}).", faults=faults
    )


def _entry(value: Any, fault: Fault) -> str:
    """Which entry of the list it is, by its id, because nobody counts to a hundred."""
    steps = (fault.pointer or "").split("/")
    if isinstance(value, list) and len(steps) > 1 and steps[1].isdigit() and isinstance(value[int(steps[1])], dict):
        return f"{value[int(steps[1])].get('id', steps[1])}: "
    return ""
