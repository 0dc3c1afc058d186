"""Recording what is new: one record or many in one transaction, with everything that belongs to them."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from service.errors import Invalid
from service.register.audience import Audience
from service.register.inserting import insert_rows
from service.register.reading.records import Loaded, Noun
from service.register.standing import refuse_level
from service.register.table import new_id, now
from service.register.verbs import references, rows
from service.register.verbs.journal import Actor, keep
from service.register.verbs.references import Claim, Reference
from service.register.verbs.rows import Rows

_ORDER = (
    *("engagement", "person", "organization", "topic", "source", "external_id", "person_name", "organization_name"),
    *("engagement_country", "engagement_topic", "participation", "outcome", "outcome_party", "citation", "assertion"),
)


def record(
    connection: Connection,
    noun: Noun,
    shapes: Sequence[Any],
    *,
    by: Actor,
    ids: Sequence[str] | None = None,
    roots: Sequence[str] | None = None,
) -> list[Loaded]:
    """Record each shape as a new record, and give the records as they can be read now, in the same order.

    `ids` may be given where one of the shapes refers to another (a parent before its parts); otherwise they are made here.
    Raises `Invalid` for a reference to nothing and `Conflict` for an external id or label that is taken; then nothing is
    kept. Of several shapes, a pointer begins with the number of the one that is wrong, `#/3/when`, or with its root where
    `roots` are given.
    """
    given = list(ids) if ids is not None else [new_id() for _ in shapes]
    roots = roots or (["#"] if len(shapes) == 1 else [f"#/{n}" for n in range(len(shapes))])
    # One of them may refer to another by the external id that it is about to have.
    own = {written: record_id for shape, record_id in zip(shapes, given, strict=True) for written in shape.external_ids}
    wanted = [list(references.references(shape, root)) for shape, root in zip(shapes, roots, strict=True)]
    if any(reference.id in own for some in wanted for reference in some):
        shapes = [references.follow(shape, own) for shape in shapes]
        wanted = [list(references.references(shape, root)) for shape, root in zip(shapes, roots, strict=True)]
    _refuse_later_parents(given, wanted)
    known = {(noun, record_id) for record_id in given}
    stand_for = references.resolve(connection, [reference for some in wanted for reference in some], known, audience=by.audience)
    moved = {old: new for old, new in stand_for.items() if old != new}
    followed = [references.follow(shape, moved) for shape in shapes] if moved else shapes
    if noun == "engagement" and not by.audience.sees_all:
        for shape, root in zip(shapes, roots, strict=True):
            refuse_level(shape.visibility, audience=by.audience, pointer=f"{root}/visibility")
    _refuse_taken_names(connection, noun, given, followed, roots, by.audience)
    write(connection, _all_rows(noun, zip(given, followed, strict=True)))
    after = keep(connection, noun, "record", dict.fromkeys(given), by)
    return [after[record_id] for record_id in given]


def _refuse_later_parents(given: Sequence[str], wanted: Sequence[Sequence[Reference]]) -> None:
    places = {record_id: n for n, record_id in enumerate(given)}
    for n, references_of_one in enumerate(wanted):
        for reference in references_of_one:
            if reference.pointer.endswith("/parent") and places.get(reference.id, -1) >= n:
                detail = "An engagement comes after the trip or delegation that it belongs to, and is not its own"
                raise Invalid.field(reference.pointer, reference.id, detail, "order")


def _refuse_taken_names(
    connection: Connection,
    noun: Noun,
    ids: Sequence[str],
    shapes: Sequence[Any],
    roots: Sequence[str],
    audience: Audience,
) -> None:
    together = list(zip(shapes, ids, roots, strict=True))
    claims = [claim for one in together for claim in references.claims(*one)]
    references.check_external_ids(connection, claims, audience=audience)
    if noun == "topic":
        labels = [Claim(shape.label_en, record_id, f"{root}/label_en") for shape, record_id, root in together if shape.label_en]
        references.check_labels(connection, labels)


def _all_rows(noun: Noun, shapes: Iterable[tuple[str, Any]]) -> Rows:
    moment = now()
    gathered: Rows = {}
    for record_id, shape in shapes:
        life = {"id": record_id, "version": 1, "recorded_at": moment, "revised_at": moment}
        made = {noun: [life | rows.header_columns(noun, shape)]}
        for part in (made, rows.list_rows(noun, record_id, shape), rows.part_rows(noun, record_id, shape)):
            for table, some in part.items():
                gathered.setdefault(table, []).extend(some)
    return gathered


def write(connection: Connection, gathered: Rows) -> None:
    """Insert rows into their tables, the ones that others refer to first."""
    for table in _ORDER:
        insert_rows(connection, table, gathered.get(table, ()))
