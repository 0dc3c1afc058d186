"""The journal: a revision for every record that a verb changed, with the fields that differ and the record as it is now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Connection

from service.register.audience import OFFICE, Audience
from service.register.inserting import insert_rows
from service.register.reading import records
from service.register.reading.records import Loaded, Noun
from service.register.table import now
from service.register.verbs.rows import HEADERS

Record = dict[str, Any]

_BOOKKEEPING = {"version", "recorded_at", "revised_at"}


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and why, as it is kept in the revision; what they may not see they cannot change either."""

    name: str
    reason: str | None = None
    audience: Audience = OFFICE


def keep(
    connection: Connection,
    noun: Noun,
    verb: str,
    before: Mapping[str, Record | None],
    by: Actor,
    extra: Sequence[Record] = (),
) -> dict[str, Loaded]:
    """Write a revision for each of these records, and give the records back as they are now.

    `before` holds each record as it was, None for one that is new. `extra` are changes that the record itself does not
    show, such as its withdrawal.
    """
    after = records.load(connection, noun, before)
    rows = [
        {
            "noun": noun,
            "record_id": record_id,
            "version": after[record_id]["version"],
            "verb": verb,
            "actor": by.name,
            "reason": by.reason,
            "at": now(),
            "changes": [*extra, *differences(before[record_id], after[record_id])],
            "after": after[record_id],
        }
        for record_id in before
    ]
    insert_rows(connection, "revision", rows)
    return after


def differences(before: Record | None, after: Record) -> list[Record]:
    """The fields that differ, each with what it was and what it is; a new record differs from nothing."""
    if before is None:
        return []
    return [
        {"field": field, "before": before.get(field), "after": value}
        for field, value in after.items()
        if field not in _BOOKKEEPING and before.get(field) != value
    ]


def as_header(noun: Noun, record: Record) -> Record:
    """The record's own fields as they would be recorded: references by id, lists without ids."""
    header = {field: record[field] for field in HEADERS[noun].model_fields}
    if noun == "engagement":
        header["topics"] = [topic["id"] for topic in record["topics"]]
        header["parent"] = cast(Record, record["parent"])["id"] if record["parent"] else None
    if "names" in header:
        header["names"] = [{key: value for key, value in name.items() if key != "id"} for name in record["names"]]
    return header
