"""Merging two records that are one, and taking that back.

The merged record keeps its id, which leads to the survivor from then on. What refers to it is moved to the survivor, its
names become further names of the survivor, and where the two engagements say different things, what the merged one said
is kept as an assertion. A `Merger` row remembers all that was moved or added, so that unmerging restores it exactly.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import Connection, delete, select, text, update
from sqlmodel import SQLModel

from service.errors import Conflict, NotFound
from service.register.audience import Audience, shown
from service.register.codes import VISIBILITY
from service.register.inserting import insert_rows
from service.register.reading import records
from service.register.reading.records import Loaded
from service.register.table import new_id, now
from service.register.verbs import references
from service.register.verbs.disagreement import disagreements, paired
from service.register.verbs.journal import Actor, Record, keep
from service.register.verbs.moving import Mergeable, move, move_back, next_position
from service.register.verbs.revising import raise_version, require
from service.register.verbs.rows import Row

_SHOWN_IN: Final[dict[Mergeable, str]] = {
    "person": "SELECT engagement_id FROM participation WHERE person_id = :id",
    "organization": (
        "SELECT engagement_id FROM participation WHERE organization_id = :id UNION SELECT o.engagement_id FROM outcome o"
        " JOIN outcome_party p ON p.outcome_id = o.id WHERE p.organization_id = :id"
    ),
    "engagement": (
        "SELECT id FROM engagement WHERE parent_id = :id UNION SELECT engagement_id FROM outcome WHERE closed_by_id = :id"
    ),
}
"""Which engagements say something else when the record is merged: they get a revision too."""


_NOT_MERGED: Final = "The {} {!r} is not merged into another."


def merge(connection: Connection, noun: Mergeable, merged_id: str, survivor_id: str, *, by: Actor) -> Loaded:
    """Merge one record into another; gives the survivor as it is now.

    Raises `Conflict` when both are the same record or cannot become one, and as `require` for one that cannot be worked with.
    """
    if merged_id == survivor_id:
        raise Conflict(f"The {noun} {merged_id} cannot be merged into itself.")
    before = require(connection, noun, [merged_id, survivor_id], audience=by.audience)
    if noun == "engagement":
        _refuse_unlike(connection, before[merged_id], before[survivor_id])
    shown_in = _showing(connection, noun, merged_id, without=before)
    added = _add(connection, noun, before[merged_id], before[survivor_id])
    moved = move(connection, noun, merged_id, survivor_id, staying=_told_already(noun, before[merged_id], before[survivor_id]))
    raise_version(connection, noun, [merged_id], {"merged_into": survivor_id})
    raise_version(connection, noun, [survivor_id])
    row = {"id": new_id(), "noun": noun, "merged_id": merged_id, "survivor_id": survivor_id, "actor": by.name, "at": now()}
    insert_rows(connection, "merger", [row | {"moved": moved | added}])
    _revise_showing(connection, shown_in, by, f"The {noun} {merged_id} was merged into {survivor_id}")
    return _keep_both(connection, noun, "merge", before, merged_id, {"before": None, "after": survivor_id}, by)[survivor_id]


def unmerge(connection: Connection, noun: Mergeable, merged_id: str, *, by: Actor) -> Loaded:
    """Take a merger back; gives the record that stands on its own again.

    Raises `NotFound` when it was never merged, and `Conflict` when another merger or a revision since stands in the way.
    """
    merger = _merger(connection, noun, merged_id)
    survivor_id = merger["survivor_id"]
    _refuse_hidden(connection, noun, merged_id, survivor_id, by.audience)
    before = records.load(connection, noun, [merged_id, survivor_id])
    shown_in = _showing(connection, noun, survivor_id, without=before)
    move_back(connection, noun, merged_id, survivor_id, merger["moved"])
    _remove_added(connection, merger["moved"])
    if noun == "engagement":
        _refuse_circle(connection, before[merged_id])
    raise_version(connection, noun, [merged_id], {"merged_into": None})
    raise_version(connection, noun, [survivor_id])
    mergers = SQLModel.metadata.tables["merger"]
    connection.execute(update(mergers).where(mergers.c.id == merger["id"]).values(undone_at=now()))
    _revise_showing(connection, shown_in, by, f"The {noun} {merged_id} is no longer merged into {survivor_id}")
    return _keep_both(connection, noun, "unmerge", before, merged_id, {"before": survivor_id, "after": None}, by)[merged_id]


def _refuse_hidden(connection: Connection, noun: Mergeable, merged_id: str, survivor_id: str, audience: Audience) -> None:
    table = SQLModel.metadata.tables[noun]
    both = table.c.id.in_([merged_id, survivor_id]) & text(shown(noun, audience, noun))
    if len(connection.execute(select(table.c.id).where(both)).all()) < 2:
        raise NotFound(_NOT_MERGED.format(noun, merged_id))


def _refuse_unlike(connection: Connection, merged: Record, survivor: Record) -> None:
    levels = list(VISIBILITY)
    if levels.index(merged["visibility"]) > levels.index(survivor["visibility"]):
        raise Conflict(
            f"The engagement {merged['id']} is {merged['visibility']} and {survivor['id']} is {survivor['visibility']}:"
            " merged into it, more people would see what it says. Revise the visibility of one of them first."
        )
    if references.leads_to(connection, survivor["id"], merged["id"]):
        raise Conflict(
            f"The engagement {survivor['id']} is a part of {merged['id']}, which cannot become a part of itself."
            " Merge the other way round, or revise the parent first."
        )


def _refuse_circle(connection: Connection, merged: Record) -> None:
    if merged["parent"] and references.leads_to(connection, merged["parent"]["id"], merged["id"]):
        raise Conflict(
            f"The engagement {merged['id']} belonged to {merged['parent']['id']}, which belongs to one of its parts by now."
            " Revise the parent of that one first."
        )


def _merger(connection: Connection, noun: Mergeable, merged_id: str) -> Row:
    mergers = SQLModel.metadata.tables["merger"]
    open_ones = select(mergers).where(mergers.c.noun == noun, mergers.c.undone_at.is_(None)).with_for_update()
    found = connection.execute(open_ones.where(mergers.c.merged_id == merged_id)).mappings().first()
    if found is None:
        raise NotFound(_NOT_MERGED.format(noun, merged_id))
    table = SQLModel.metadata.tables[noun]
    locked = select(table.c.id).where(table.c.id.in_([merged_id, found["survivor_id"]])).order_by(table.c.id).with_for_update()
    connection.execute(locked)
    # What was moved twice returns in the opposite order only.
    later = connection.execute(open_ones.where(mergers.c.merged_id == found["survivor_id"])).mappings().first()
    if later is not None:
        raise Conflict(
            f"The {noun} {merged_id} was merged into {later['merged_id']}, and that into {later['survivor_id']} since."
            f" Unmerge {later['merged_id']} first."
        )
    return dict(found)


def _add(connection: Connection, noun: Mergeable, merged: Record, survivor: Record) -> dict[str, list[str]]:
    """Add to the survivor what only the merged record says; gives the ids of the rows by table."""
    name = "assertion" if noun == "engagement" else f"{noun}_name"
    column = f"{noun}_id"
    rows = _as_assertions(merged, survivor) if noun == "engagement" else _as_names(merged, survivor)
    first = next_position(connection, name, column, survivor["id"])
    whole = [{"id": new_id(), "position": first + n, column: survivor["id"], **row} for n, row in enumerate(rows)]
    insert_rows(connection, name, whole)
    return {f"added {name}": [row["id"] for row in whole]}


def _as_names(merged: Record, survivor: Record) -> list[Row]:
    known = {survivor["name_en"], survivor["name_ko"], *(name["text"] for name in survivor["names"])}
    names = {field[-2:]: merged[field] for field in ("name_en", "name_ko") if merged[field] and merged[field] not in known}
    return [{"text": name, "kind": "alias", "language": language} for language, name in names.items()]


def _as_assertions(merged: Record, survivor: Record) -> list[Row]:
    reason = f"Said by the record {merged['id']} that was merged into this one"
    source = merged["citations"][0]["source"]["id"] if merged["citations"] else None
    said = disagreements(merged, survivor)
    return [{"field": field, "value": value, "reason": reason, "source_id": source} for field, value in said]


def _remove_added(connection: Connection, moved: Mapping[str, Any]) -> None:
    for key, ids in moved.items():
        if key.startswith("added "):
            table = SQLModel.metadata.tables[key.removeprefix("added ")]
            connection.execute(delete(table).where(table.c.id.in_(ids)))


def _told_already(noun: Mergeable, merged: Record, survivor: Record) -> list[str]:
    if noun != "engagement":
        return []
    return [one["id"] for part in ("participations", "outcomes") for one, _ in paired(part, merged, survivor)[0]]


def _showing(connection: Connection, noun: Mergeable, record_id: str, without: Iterable[str]) -> dict[str, Loaded]:
    ids = set(connection.execute(text(_SHOWN_IN[noun]), {"id": record_id}).scalars()) - set(without)
    engagement = SQLModel.metadata.tables["engagement"]
    connection.execute(select(engagement.c.id).where(engagement.c.id.in_(ids)).order_by(engagement.c.id).with_for_update())
    return records.load(connection, "engagement", ids)


def _revise_showing(connection: Connection, before: Mapping[str, Record], by: Actor, reason: str) -> None:
    now_shown = records.load(connection, "engagement", before)
    changed: dict[str, Record | None] = {key: before[key] for key in before if before[key] != now_shown[key]}
    raise_version(connection, "engagement", list(changed))
    keep(connection, "engagement", "revise", changed, Actor(by.name, reason))


def _keep_both(
    connection: Connection, noun: Mergeable, verb: str, before: Mapping[str, Record], merged_id: str, change: Record, by: Actor
) -> dict[str, Loaded]:
    # Where a record lives on is not a part of it, so that its revision has to say so.
    merged, survivor = ({key: before[key]} for key in sorted(before, key=lambda key: key != merged_id))
    after = keep(connection, noun, verb, merged, by, [{"field": "merged_into", **change}])
    return after | keep(connection, noun, verb, survivor, by)
