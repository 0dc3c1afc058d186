"""Revising what is there: a record's own fields by merge patch, its parts one by one, its withdrawal and restoration."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Connection, delete, func, select, text, update
from sqlmodel import SQLModel

from service.errors import Conflict, NotFound
from service.register.assertion import AssertionShape
from service.register.audience import Audience, shown
from service.register.engagement import ParticipationShape
from service.register.inserting import insert_rows
from service.register.outcome import OutcomeShape
from service.register.reading import records
from service.register.reading.records import Loaded, Noun
from service.register.source import CitationShape
from service.register.standing import refuse, refuse_level
from service.register.table import now
from service.register.text import Shape
from service.register.validation import checked
from service.register.verbs import lists, references, rows
from service.register.verbs.journal import Actor, Record, as_header, keep
from service.register.verbs.references import Claim

Part = Literal["participations", "outcomes", "citations", "assertions"]

PARTS: dict[Part, tuple[str, type[Shape]]] = {
    "participations": ("participation", ParticipationShape),
    "outcomes": ("outcome", OutcomeShape),
    "citations": ("citation", CitationShape),
    "assertions": ("assertion", AssertionShape),
}


def revise(connection: Connection, noun: Noun, patches: Mapping[str, Mapping[str, Any]], *, by: Actor) -> dict[str, Loaded]:
    """Change the records' own fields by JSON merge patch (RFC 7396): what is named is set, null removes, lists are replaced.

    A patch that changes nothing leaves no revision. Raises `NotFound`, `Gone` or `Merged` for a record that cannot be
    revised, `Invalid` for what cannot be right, `Conflict` for an external id that is taken; then nothing is kept.
    """
    before = require(connection, noun, patches, audience=by.audience)
    shapes: dict[str, Any] = {}
    for record_id, patch in patches.items():
        header = as_header(noun, before[record_id])
        patch = references.without_unseen(connection, header, patch, by.audience)
        if (patched := merge_patch(header, patch)) != header:
            shapes[record_id] = valid(rows.HEADERS[noun], patched)
    changed = [record_id for record_id, shape in shapes.items() if _write_header(connection, noun, before[record_id], shape, by)]
    return before | keep(connection, noun, "revise", {record_id: before[record_id] for record_id in changed}, by)


def _write_header(connection: Connection, noun: Noun, before: Record, shape: Any, by: Actor) -> bool:
    """Write what differs from what is kept; gives whether anything does."""
    columns, replaced = header_changes(connection, noun, before, shape, by)
    changed = bool(columns) or replaced
    if changed:
        raise_version(connection, noun, [before["id"]], columns)
    return changed


def header_changes(connection: Connection, noun: Noun, before: Record, shape: Any, by: Actor) -> tuple[rows.Row, bool]:
    """Replace the lists of the header that differ; gives the columns that are left to be written, and whether a list differed."""
    record_id = before["id"]
    shape = followed(connection, shape, before, by)
    if noun == "engagement":
        refuse_level(shape.visibility, audience=by.audience)
        if shape.parent:
            references.check_parent(connection, record_id, shape.parent)
    references.check_external_ids(connection, references.claims(shape, record_id), audience=by.audience)
    if noun == "topic" and shape.label_en:
        references.check_labels(connection, [Claim(shape.label_en, record_id, "#/label_en")])
    columns = _differing(connection, noun, record_id, rows.header_columns(noun, shape))
    made = rows.list_rows(noun, record_id, shape)
    replaced = [lists.replace(connection, table, f"{noun}_id", record_id, some) for table, some in made.items()]
    return columns, any(replaced)


def followed(connection: Connection, shape: Any, before: Record, by: Actor) -> Any:
    """The shape with every reference followed. What was referred to before may stay, seen or not by who changes the rest."""
    wanted = references.references(shape)
    return references.follow(shape, references.resolve(connection, wanted, unseen(before, by), audience=by.audience))


def unseen(before: Record, by: Actor) -> set[tuple[Noun, str]]:
    """What a record or part refers to already, as far as it need not be looked for again: who does not see it may leave it."""
    return set() if by.audience.sees_all else {(each.noun, each.id) for each in references.references_of(before)}


def _differing(connection: Connection, name: str, row_id: str, row: rows.Row) -> rows.Row:
    table = SQLModel.metadata.tables[name]
    kept = connection.execute(select(table).where(table.c.id == row_id)).mappings().one()
    return {column: value for column, value in row.items() if kept[column] != value}


def add_part(connection: Connection, noun: Noun, record_id: str, part: Part, shape: Any, *, by: Actor) -> tuple[str, Loaded]:
    """Add a participation, outcome, citation or assertion to a record; gives the part's id and the record as it is now."""
    before = require(connection, noun, [record_id], audience=by.audience)
    shape = references.follow(shape, references.resolve(connection, references.references(shape), audience=by.audience))
    table = SQLModel.metadata.tables[PARTS[part][0]]
    last = connection.execute(select(func.max(table.c.position)).where(table.c[f"{noun}_id"] == record_id)).scalar()
    made = part_rows(noun, record_id, part, shape, 0 if last is None else last + 1)
    part_id: str = made[table.name][0]["id"]
    for name, some in made.items():
        insert_rows(connection, name, some)
    raise_version(connection, noun, [record_id])
    return part_id, keep(connection, noun, "revise", before, by)[record_id]


def revise_part(
    connection: Connection, noun: Noun, record_id: str, part: Part, part_id: str, patch: Mapping[str, Any], *, by: Actor
) -> Loaded:
    """Change one part of a record by JSON merge patch; its id and its place in the order stay."""
    before = require(connection, noun, [record_id], audience=by.audience)
    there = _find_part(before[record_id], noun, record_id, part, part_id)
    given = part_as_given(there)
    patched = merge_patch(given, references.without_unseen(connection, given, patch, by.audience))
    if patched == given:
        return before[record_id]
    shape = followed(connection, valid(PARTS[part][1], patched), there, by)
    if not write_part(connection, part, part_id, part_rows(noun, record_id, part, shape, 0)):
        return before[record_id]
    raise_version(connection, noun, [record_id])
    return keep(connection, noun, "revise", before, by)[record_id]


def write_part(connection: Connection, part: Part, part_id: str, made: rows.Rows) -> bool:
    """Write what differs from what is kept; gives whether anything does."""
    name = PARTS[part][0]
    row = {column: value for column, value in made[name][0].items() if column not in ("id", "position")}
    columns = _differing(connection, name, part_id, row)
    if columns:
        table = SQLModel.metadata.tables[name]
        connection.execute(update(table).where(table.c.id == part_id).values(columns))
    if part != "outcomes":
        return bool(columns)
    parties = [party | {"outcome_id": part_id} for party in made["outcome_party"]]
    return lists.replace(connection, "outcome_party", "outcome_id", part_id, parties) or bool(columns)


def remove_part(connection: Connection, noun: Noun, record_id: str, part: Part, part_id: str, *, by: Actor) -> Loaded:
    """Take a part out of a record; the revision still shows what it was."""
    before = require(connection, noun, [record_id], audience=by.audience)
    _find_part(before[record_id], noun, record_id, part, part_id)
    table = SQLModel.metadata.tables[PARTS[part][0]]
    connection.execute(delete(table).where(table.c.id == part_id))
    raise_version(connection, noun, [record_id])
    return keep(connection, noun, "revise", before, by)[record_id]


def withdraw(connection: Connection, noun: Noun, ids: Sequence[str], *, by: Actor) -> dict[str, Loaded]:
    """Take records out of every list and out of search; they can be restored.

    Raises `Conflict` while a live record that is not among them still refers to one of them.
    """
    before = require(connection, noun, ids, audience=by.audience)
    for record_id in ids:
        _refuse_if_used(connection, noun, record_id, leaving=ids, audience=by.audience)
    raise_version(connection, noun, ids, {"withdrawn_at": now(), "withdrawn_reason": by.reason})
    return keep(connection, noun, "withdraw", before, by, [{"field": "withdrawn", "before": False, "after": True}])


def restore(connection: Connection, noun: Noun, ids: Sequence[str], *, by: Actor) -> dict[str, Loaded]:
    """Bring withdrawn records back. Raises `Conflict` for one that is not withdrawn, or refers to one that still is."""
    before = require(connection, noun, ids, audience=by.audience, withdrawn=True)
    references.refuse_withdrawn(connection, noun, before, audience=by.audience)
    raise_version(connection, noun, ids, {"withdrawn_at": None, "withdrawn_reason": None})
    return keep(connection, noun, "restore", before, by, [{"field": "withdrawn", "before": True, "after": False}])


def require(connection: Connection, noun: Noun, ids: Any, *, audience: Audience, withdrawn: bool = False) -> dict[str, Loaded]:
    """The records with these ids, whole, locked until the end of the transaction where the database locks rows.

    Raises `NotFound` for one that is not there for the audience, `Merged`, and `Gone` for a withdrawn one (or, with
    `withdrawn`, `Conflict` for one that is not).
    """
    table = SQLModel.metadata.tables[noun]
    # In the order of ids, so that two transactions that want the same records do not wait for each other.
    there = table.c.id.in_(list(ids)) & text(shown(noun, audience, noun))
    question = select(table).where(there).order_by(table.c.id).with_for_update()
    states = {row["id"]: dict(row) for row in connection.execute(question).mappings()}
    for record_id in ids:
        refuse(noun, record_id, states.get(record_id), withdrawn=withdrawn, audience=audience)
    return dict(records.load(connection, noun, ids))


def raise_version(connection: Connection, noun: Noun, ids: Sequence[str], columns: Mapping[str, Any] | None = None) -> None:
    """Set columns of these records, and raise their versions by one."""
    table = SQLModel.metadata.tables[noun]
    values = {**(columns or {}), "version": table.c.version + 1, "revised_at": now()}
    connection.execute(update(table).where(table.c.id.in_(list(ids))).values(values))


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396: objects are merged, null removes a member, everything else replaces what was there."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged[key] = None
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def part_as_given(part: Mapping[str, Any]) -> Record:
    """A part as it would be recorded: references by id, without its own id."""
    given = {key: value for key, value in part.items() if key != "id"}
    for field in ("person", "organization", "source"):
        if isinstance(given.get(field), Mapping):
            given[field] = given[field]["id"]
    if "parties" in given:
        given["parties"] = [party["id"] for party in given["parties"]]
    return given


def part_rows(noun: Noun, record_id: str, part: Part, shape: Any, position: int) -> rows.Rows:
    """What one part becomes in the tables; its own row is the first of its table."""
    if part == "outcomes":
        return rows.outcome(record_id, position, shape)
    if part == "assertions":
        return {"assertion": [rows.assertion(noun, record_id, position, shape)]}
    make: Any = rows.participation if part == "participations" else rows.citation
    return {PARTS[part][0]: [make(record_id, position, shape)]}


def _find_part(record: Record, noun: Noun, record_id: str, part: Part, part_id: str) -> Record:
    for there in record.get(part, ()):
        if there["id"] == part_id:
            found: Record = there
            return found
    raise NotFound(f"The {noun} {record_id} has no {PARTS[part][0]} with the id {part_id!r}.")


def valid(shape: type[Shape], values: Mapping[str, Any]) -> Any:
    """These values in that shape; raises `Invalid` with a fault for everything that is wrong."""
    # Null means "not given" where a field has no null of its own, so that removing it brings back its default; a field that
    # there is not cannot be removed either.
    given = {key: value for key, value in values.items() if value is not None or key not in shape.model_fields}
    return checked(shape, given)


_USES: dict[Noun, tuple[tuple[Noun, str], ...]] = {
    "person": (("engagement", "SELECT engagement_id FROM participation WHERE person_id = :id"),),
    "organization": (
        ("engagement", "SELECT engagement_id FROM participation WHERE organization_id = :id"),
        (
            "engagement",
            "SELECT o.engagement_id FROM outcome o JOIN outcome_party p ON p.outcome_id = o.id WHERE p.organization_id = :id",
        ),
    ),
    "topic": (("engagement", "SELECT engagement_id FROM engagement_topic WHERE topic_id = :id"),),
    "source": (
        ("engagement", "SELECT engagement_id FROM citation WHERE source_id = :id"),
        ("engagement", "SELECT engagement_id FROM assertion WHERE source_id = :id"),
        ("person", "SELECT person_id FROM assertion WHERE source_id = :id"),
        ("organization", "SELECT organization_id FROM assertion WHERE source_id = :id"),
    ),
    "engagement": (
        ("engagement", "SELECT id FROM engagement WHERE parent_id = :id"),
        ("engagement", "SELECT engagement_id FROM outcome WHERE closed_by_id = :id"),
    ),
}
"""Per noun, who refers to the record with the id: the noun of the users, and their ids."""


def _refuse_if_used(connection: Connection, noun: Noun, record_id: str, *, leaving: Sequence[str], audience: Audience) -> None:
    for user_noun, users in _USES[noun]:
        table = SQLModel.metadata.tables[user_noun]
        live = table.c.withdrawn_at.is_(None) & table.c.merged_into.is_(None) & table.c.id.not_in(leaving)
        question = select(table.c.id).where(table.c.id.in_(text(users)), live).limit(1)
        if (user := connection.execute(question, {"id": record_id}).scalar()) is not None:
            # Which one it is is not told to who may not see it.
            named = f"the {user_noun} {user}" if audience.sees_all else f"another {user_noun}"
            raise Conflict(f"The {noun} {record_id} cannot be withdrawn while {named} refers to it; revise that one first.")
