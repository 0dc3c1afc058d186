"""Undoing: a record says again what it said after one of its versions, as a new revision. Nothing is taken out of its history."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, func, select
from sqlmodel import SQLModel

from service.errors import Forbidden, NotFound
from service.register.reading.records import Loaded, Noun
from service.register.verbs.journal import Actor, as_header, keep
from service.register.verbs.revising import PARTS, part_as_given, require, valid
from service.register.verbs.rewriting import Wanted, rewrite
from service.register.verbs.rows import HEADERS


def revert(connection: Connection, noun: Noun, record_id: str, version: int, *, by: Actor) -> Loaded:
    """Let the record say again what it said after this version; a record that says it already gets no revision.

    Parts that were removed since come back under their ids. Raises `NotFound` for a version that there is not, `Forbidden` for
    whoever does not see everything (what a record once referred to may be beyond them), `Invalid` or `Conflict` where what it
    referred to is not there any more, or its external ids are taken.
    """
    before = require(connection, noun, [record_id], audience=by.audience)
    if not by.audience.sees_all:
        raise Forbidden("An earlier version may refer to what this key does not see; a key that sees everything is needed")
    said = _said(connection, noun, record_id, version)
    header = valid(HEADERS[noun], as_header(noun, said))
    parts = {
        part: [Wanted(each["id"], valid(shape, part_as_given(each))) for each in said[part]]
        for part, (_, shape) in PARTS.items()
        if part in said
    }
    if not rewrite(connection, noun, before[record_id], header, parts, by=by):
        return before[record_id]
    because = by if by.reason else replace(by, reason=f"As it was after version {version}")
    return keep(connection, noun, "revise", before, because)[record_id]


def _said(connection: Connection, noun: Noun, record_id: str, version: int) -> dict[str, Any]:
    revision = SQLModel.metadata.tables["revision"]
    of_record = (revision.c.noun == noun) & (revision.c.record_id == record_id)
    said: dict[str, Any] | None = connection.execute(
        select(revision.c.after).where(of_record, revision.c.version == version)
    ).scalar()
    if said is None:
        newest = connection.execute(select(func.max(revision.c.version)).where(of_record)).scalar()
        raise NotFound(f"There is no version {version} of the {noun} {record_id!r}; its versions are 1 to {newest}.")
    return said
