"""Making a record say this, all of it, whatever it said before.

What stays keeps its ids, and nothing is written where nothing differs.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, select, update
from sqlmodel import SQLModel

from service.register.inserting import insert_rows
from service.register.reading.records import Loaded, Noun
from service.register.verbs import references
from service.register.verbs.disagreement import key_of
from service.register.verbs.journal import Actor, Record, keep
from service.register.verbs.revising import (
    PARTS,
    Part,
    followed,
    header_changes,
    part_as_given,
    part_rows,
    raise_version,
    require,
    unseen,
    valid,
    write_part,
)


class Wanted(NamedTuple):
    """A part as it is to be, under the id that it has or had; None gives it a new one."""

    id: str | None
    shape: Any


def rewrite(
    connection: Connection, noun: Noun, before: Loaded, header: Any, parts: Mapping[Part, Sequence[Wanted]], *, by: Actor
) -> bool:
    """Write what differs of the header and of these kinds of parts; gives whether anything does. The revision is the caller's."""
    columns, replaced = header_changes(connection, noun, before, header, by)
    rewritten = [_rewrite_parts(connection, noun, before, part, wanted, by) for part, wanted in parts.items()]
    changed = bool(columns) or replaced or any(rewritten)
    if changed:
        raise_version(connection, noun, [before["id"]], columns)
    return changed


def matched(part: Part, there: Sequence[Record], shapes: Sequence[Any]) -> list[Wanted]:
    """The parts as they are to be, each under the id of the one that it says the same as, or that it is about the same as."""
    kind = PARTS[part][1]
    given = {each["id"]: valid(kind, part_as_given(each)) for each in there}
    free = dict(given)
    ids: dict[int, str] = {}
    for alike in (lambda one, other: one == other, lambda one, other: key_of(part, one) == key_of(part, other)):
        for n, shape in enumerate(shapes):
            if n not in ids and (found := next((part_id for part_id, other in free.items() if alike(shape, other)), None)):
                ids[n] = found
                del free[found]
    return [Wanted(ids.get(n), shape) for n, shape in enumerate(shapes)]


def replace_parts(connection: Connection, noun: Noun, record_id: str, part: Part, shapes: Sequence[Any], *, by: Actor) -> Loaded:
    """Let these be all the parts of their kind, in this order; gives the record as it is now. Raises as revising does."""
    before = require(connection, noun, [record_id], audience=by.audience)[record_id]
    wanted = [reference for n, shape in enumerate(shapes) for reference in references.references(shape, f"#/items/{n}")]
    stand_for = references.resolve(connection, wanted, unseen(before, by), audience=by.audience)
    followed = [references.follow(shape, stand_for) for shape in shapes]
    parts: dict[Part, Sequence[Wanted]] = {part: matched(part, before[part], followed)}
    if not any(_rewrite_parts(connection, noun, before, each, some, by) for each, some in parts.items()):
        return before
    raise_version(connection, noun, [record_id])
    return keep(connection, noun, "revise", {record_id: before}, by)[record_id]


def _rewrite_parts(connection: Connection, noun: Noun, before: Loaded, part: Part, wanted: Sequence[Wanted], by: Actor) -> bool:
    table = SQLModel.metadata.tables[PARTS[part][0]]
    there = {each["id"]: each for each in before[part]}
    kept = [each.id for each in wanted if each.id in there]
    gone = [part_id for part_id in there if part_id not in kept]
    if gone:
        connection.execute(delete(table).where(table.c.id.in_(gone)))
    moved = bool(gone) or [part_id for part_id in there if part_id in kept] != kept or len(kept) < len(wanted)
    changed = moved
    for position, each in enumerate(wanted):
        shape = followed(connection, each.shape, there.get(each.id or "", {}), by)
        made = part_rows(noun, before["id"], part, shape, position)
        if each.id is not None and each.id in there:
            changed |= write_part(connection, part, each.id, made)
            if moved:
                connection.execute(update(table).where(table.c.id == each.id).values(position=position))
        else:
            _insert(connection, table.name, made, each.id)
    return changed


def _insert(connection: Connection, name: str, made: Mapping[str, list[dict[str, Any]]], part_id: str | None) -> None:
    table = SQLModel.metadata.tables[name]
    # A part that went elsewhere with a merger keeps its id there.
    if part_id and connection.execute(select(table.c.id).where(table.c.id == part_id)).scalar() is None:
        old = made[name][0]["id"]
        made = {
            each: [{key: part_id if value == old else value for key, value in row.items()} for row in some]
            for each, some in made.items()
        }
    for each, some in made.items():
        insert_rows(connection, each, some)
