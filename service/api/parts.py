"""What the parts of a record have in common: they are read within their record, and each change is a revision of it.

The tag of a part is that of its record's version, so a change of any part makes those of all others stale.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Response
from sqlalchemy import Connection

from service.api import answers
from service.api.idempotency import Once
from service.api.requests import path_of
from service.database import Database
from service.errors import NotFound
from service.register.audience import Audience
from service.register.reading.one import as_shown, find
from service.register.reading.records import Loaded, Noun
from service.register.text import Shape
from service.register.verbs import revising
from service.register.verbs.expecting import Expected, expect
from service.register.verbs.journal import Actor
from service.register.verbs.revising import Part


def listed(register: Database, noun: Noun, record_id: str, part: Part, *, audience: Audience) -> Response:
    """All parts of this kind, in their order."""
    found = find(register, noun, record_id, audience=audience)
    return answers.part({"items": orjson.loads(found.json)[part]}, found.version)


def read(register: Database, noun: Noun, record_id: str, part: Part, part_id: str, *, audience: Audience) -> Response:
    """One part."""
    found = find(register, noun, record_id, audience=audience)
    return answers.part(_found(orjson.loads(found.json), noun, part, part_id), found.version)


def added(once: Once, noun: Noun, record_id: str, part: Part, shape: Shape, expected: Expected, by: Actor) -> Response:
    """A part that is new."""

    def add(connection: Connection) -> Response:
        expect(connection, noun, record_id, expected, audience=by.audience, required=False)
        part_id, record = revising.add_part(connection, noun, record_id, part, shape, by=by)
        shown = _shown(connection, noun, record, part, part_id, by)
        return answers.part(shown, record["version"], f"{path_of(noun, record_id)}/{part}/{part_id}")

    return once(add)


def revised(
    register: Database,
    noun: Noun,
    record_id: str,
    part: Part,
    part_id: str,
    patch: Mapping[str, Any],
    expected: Expected,
    by: Actor,
) -> Response:
    """A part after a merge patch."""
    with register.writing() as connection:
        expect(connection, noun, record_id, expected, audience=by.audience)
        record = revising.revise_part(connection, noun, record_id, part, part_id, patch, by=by)
        return answers.part(_shown(connection, noun, record, part, part_id, by), record["version"])


def removed(register: Database, noun: Noun, record_id: str, part: Part, part_id: str, expected: Expected, by: Actor) -> Response:
    """Nothing, because the part is gone; the record's history still has it."""
    with register.writing() as connection:
        expect(connection, noun, record_id, expected, audience=by.audience)
        revising.remove_part(connection, noun, record_id, part, part_id, by=by)
        return answers.nothing()


def _shown(connection: Connection, noun: Noun, record: Loaded, part: Part, part_id: str, by: Actor) -> dict[str, Any]:
    told = record if by.audience.sees_all else orjson.loads(as_shown(connection, noun, record, audience=by.audience).json)
    return _found(told, noun, part, part_id)


def _found(record: Mapping[str, Any], noun: Noun, part: Part, part_id: str) -> dict[str, Any]:
    for there in record[part]:
        if there["id"] == part_id:
            found: dict[str, Any] = there
            return found
    raise NotFound(f"The {noun} {record['id']} has no {part.removesuffix('s')} with the id {part_id!r}.")
