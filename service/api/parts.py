"""What the parts of a record have in common: they are read within their record, and each change is a revision of it."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import Response

from service.api import answers
from service.api.requests import plural
from service.database import Database
from service.errors import NotFound
from service.register.reading.one import find
from service.register.reading.records import Noun
from service.register.text import Shape
from service.register.verbs import revising
from service.register.verbs.journal import Actor
from service.register.verbs.revising import Part


def listed(register: Database, noun: Noun, record_id: str, part: Part) -> Response:
    """All parts of this kind, in their order."""
    return answers.written({"items": _record(register, noun, record_id)[part]})


def read(register: Database, noun: Noun, record_id: str, part: Part, part_id: str) -> Response:
    """One part."""
    return answers.written(_found(_record(register, noun, record_id), noun, part, part_id))


def added(register: Database, noun: Noun, record_id: str, part: Part, shape: Shape, by: Actor) -> Response:
    """A part that is new."""
    with register.writing() as connection:
        part_id, record = revising.add_part(connection, noun, record_id, part, shape, by=by)
    return answers.created(_found(record, noun, part, part_id), f"/v1/{plural(noun)}/{record_id}/{part}/{part_id}")


def revised(
    register: Database, noun: Noun, record_id: str, part: Part, part_id: str, patch: Mapping[str, Any], by: Actor
) -> Response:
    """A part after a merge patch."""
    with register.writing() as connection:
        record = revising.revise_part(connection, noun, record_id, part, part_id, patch, by=by)
    return answers.written(_found(record, noun, part, part_id))


def removed(register: Database, noun: Noun, record_id: str, part: Part, part_id: str, by: Actor) -> Response:
    """Nothing, because the part is gone; the record's history still has it."""
    with register.writing() as connection:
        revising.remove_part(connection, noun, record_id, part, part_id, by=by)
    return answers.nothing()


def _record(register: Database, noun: Noun, record_id: str) -> dict[str, Any]:
    record: dict[str, Any] = orjson.loads(find(register, noun, record_id).json)
    return record


def _found(record: Mapping[str, Any], noun: Noun, part: Part, part_id: str) -> dict[str, Any]:
    for there in record[part]:
        if there["id"] == part_id:
            found: dict[str, Any] = there
            return found
    raise NotFound(f"The {noun} {record['id']} has no {part.removesuffix('s')} with the id {part_id!r}.")
