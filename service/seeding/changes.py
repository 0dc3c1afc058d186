"""What a changed seed file has otherwise than the register.

A load never overwrites: once recorded, a record belongs to the people who revise it. So a field is only reported where the
file itself changed, that is, differs from what was recorded from it, and where the register does not say the same by now.
What people revised in the register is no difference.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, select
from sqlmodel import SQLModel

from service.register.external_id import split
from service.register.reading import records
from service.register.reading.records import Noun
from service.register.verbs.journal import Record, as_header
from service.register.verbs.revising import PARTS, part_as_given
from service.seeding import sources
from service.seeding.report import Difference

ACTOR = "seed"


def recorded_before(connection: Connection) -> dict[str, Record]:
    """What earlier loads recorded, by the first external id, each record as it was then."""
    revision = SQLModel.metadata.tables["revision"]
    question = select(revision.c.after).where(revision.c.actor == ACTOR, revision.c.verb == "record")
    return {after["external_ids"][0]: after for after in connection.execute(question).scalars()}


def differences(
    connection: Connection, noun: Noun, shapes: Mapping[str, Any], before: Mapping[str, Record | None], ids: Mapping[str, str]
) -> Iterator[Difference]:
    """The fields of these shapes that changed in the file and that the register has otherwise.

    `before` holds what was recorded from the file, None for a record that somebody else recorded under that external id.
    """
    wanted = {key: _in_file(shape) for key, shape in shapes.items()}
    baselines = {key: _given(noun, record) for key, record in before.items() if record}
    suspects = {key: _changed(wanted[key], baselines.get(key)) for key in before}
    suspects = {key: fields for key, fields in suspects.items() if fields}
    loaded = records.load(connection, noun, {ids[key] for key in suspects}) if suspects else {}
    for key, fields in suspects.items():
        there = _given(noun, loaded[ids[key]])
        for field in fields:
            if difference := _left(there[field], wanted[key][field], baselines.get(key, {}).get(field)):
                yield Difference(noun, key, field, *difference)


def _in_file(shape: Any) -> dict[str, Any]:
    return _without_marks(shape.model_dump())


def _given(noun: Noun, record: Record) -> dict[str, Any]:
    """A record in the form in which it would be given."""
    parts = {part: [part_as_given(each) for each in record[part]] for part in PARTS if part in record}
    return _without_marks(as_header(noun, record) | parts)


def _without_marks(given: dict[str, Any]) -> dict[str, Any]:
    # Which files were loaded is said by an external id of the article, and is nothing that the files say.
    return given | {"external_ids": [text for text in given["external_ids"] if split(text)[0] != sources.LOADED]}


def _changed(wanted: Mapping[str, Any], baseline: Mapping[str, Any] | None) -> list[str]:
    return [field for field, value in wanted.items() if baseline is None or baseline[field] != value]


def _left(there: Any, wanted: Any, baseline: Any) -> tuple[Any, Any] | None:
    """What the register and the file have otherwise; of lists only the items that the file gained or lost."""
    if not isinstance(wanted, list):
        return None if there == wanted else (there, wanted)
    gained = [item for item in wanted if item not in (baseline or []) and item not in there]
    lost = [item for item in (baseline or []) if item not in wanted and item in there]
    return (lost, gained) if gained or lost else None
