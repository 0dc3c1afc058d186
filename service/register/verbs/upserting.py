"""Upserting: a record is known again by its external ids, and recorded or revised, so that a feed may be sent again and again.

What a shape says is set; what it does not name stays as it is, unless it is to replace the record whole. Its lists of parts are
matched with those that are there: a part that stays keeps its id. External ids that the feed does not know stay in any case.
Where nothing differs nothing is written.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection

from service.errors import Conflict, Fault, Invalid
from service.register.reading.records import Loaded, Noun
from service.register.table import new_id
from service.register.text import Shape
from service.register.verbs import recording, references
from service.register.verbs.journal import Actor, as_header, keep
from service.register.verbs.owners import Owner, there
from service.register.verbs.revising import PARTS, Part, part_as_given, require, valid
from service.register.verbs.rewriting import Wanted, matched, rewrite
from service.register.verbs.rows import HEADERS

What = Literal["recorded", "revised", "unchanged"]


class Upserted(NamedTuple):
    """What became of one shape, and the record as it is now."""

    what: What
    record: Loaded


def upsert(
    connection: Connection,
    noun: Noun,
    shapes: Sequence[Any],
    *,
    by: Actor,
    whole: bool = False,
    roots: Sequence[str] | None = None,
    ids: Sequence[str | None] | None = None,
) -> list[Upserted]:
    """Record what is not there, and let what is there say what the shape says; in the order given.

    Where `ids` has an id for a shape, the record is known by it before its external ids are asked, and a new one gets it.

    With `whole` what a shape does not name is removed. Raises `Invalid` for a shape without an external id and for two that have
    one in common, `Conflict` where a shape's external ids name several records or one of another noun, `Gone` for a withdrawn
    record, and whatever recording and revising raise. A pointer begins with the number of the shape, `#/3/external_ids`, or with
    its root where `roots` are given.
    """
    roots = roots or [f"#/{n}" for n in range(len(shapes))]
    ids = ids or [None] * len(shapes)
    owners = references.owners_seen(connection, _names(shapes, roots, ids), by.audience)
    kept = there(connection, noun, [each for each in ids if each])
    known = [
        own if own in kept else _owner(noun, shape, root, owners) for shape, root, own in zip(shapes, roots, ids, strict=True)
    ]
    before = require(connection, noun, [record_id for record_id in known if record_id], audience=by.audience)
    new = [n for n, record_id in enumerate(known) if record_id is None]
    made = _record(connection, noun, {n: shapes[n] for n in new}, by, roots, ids)
    answered: list[Upserted] = []
    for n, record_id in enumerate(known):
        if record_id is None:
            answered.append(Upserted("recorded", made[n]))
        else:
            answered.append(_revise(connection, noun, before[record_id], shapes[n], roots[n], by, whole))
    return answered


def _record(
    connection: Connection, noun: Noun, shapes: Mapping[int, Any], by: Actor, roots: Sequence[str], ids: Sequence[str | None]
) -> dict[int, Loaded]:
    if not shapes:
        return {}
    given = [ids[n] or new_id() for n in shapes]
    made = recording.record(connection, noun, list(shapes.values()), by=by, roots=[roots[n] for n in shapes], ids=given)
    return dict(zip(shapes, made, strict=True))


def _names(shapes: Sequence[Any], roots: Sequence[str], ids: Sequence[str | None]) -> list[str]:
    first: dict[str, str] = {}
    for shape, root, own in zip(shapes, roots, ids, strict=True):
        if not shape.external_ids and own is None:
            detail = "An upsert knows a record by its external ids; give at least one, such as feed:2024-0017"
            raise Invalid.field(f"{root}/external_ids", None, detail, "missing")
        for written in shape.external_ids:
            if first.setdefault(written, root) != root:
                detail = f"The external id {written!r} stands at {first[written]} already; one item speaks of a record"
                raise Invalid.field(f"{root}/external_ids", written, detail, "repeated")
    return list(first)


def _owner(noun: Noun, shape: Any, root: str, owners: Mapping[str, Owner]) -> str | None:
    named = {written: owners[written] for written in shape.external_ids if written in owners}
    others = [written for written, owner in named.items() if owner.noun != noun]
    ids = list(dict.fromkeys(owner.id for owner in named.values()))
    if others or len(ids) > 1:
        what = f"a record of another noun than {noun}" if others else f"{len(ids)} different records"
        written = others[0] if others else next(iter(named))
        detail = f"The external ids {', '.join(named)} name {what}; merge them first, or leave one out"
        raise Conflict(detail, faults=[Fault(detail, "taken", pointer=f"{root}/external_ids", value=written)])
    return ids[0] if ids else None


def _revise(connection: Connection, noun: Noun, before: Loaded, shape: Any, root: str, by: Actor, whole: bool) -> Upserted:
    said = set(type(shape).model_fields) if whole else shape.model_fields_set
    wanted = list(references.references(shape, root))
    shape = references.follow(shape, references.resolve(connection, wanted, audience=by.audience)) if wanted else shape
    header = as_header(noun, before)
    given = {field: _dumped(getattr(shape, field)) for field in HEADERS[noun].model_fields if field in said}
    given = dict(references.without_unseen(connection, header, given, by.audience))
    known = [*before["external_ids"], *(each for each in shape.external_ids if each not in before["external_ids"])]
    stated = valid(HEADERS[noun], {**header, **given, "external_ids": known})
    parts: dict[Part, list[Wanted]] = {
        part: matched(part, before[part], getattr(shape, part)) for part in PARTS if part in said and part in before
    }
    if _says(noun, before, stated, parts) or not rewrite(connection, noun, before, stated, parts, by=by):
        return Upserted("unchanged", before)
    return Upserted("revised", keep(connection, noun, "revise", {before["id"]: before}, by)[before["id"]])


def _dumped(value: Any) -> Any:
    if isinstance(value, Shape):
        return value.model_dump()
    return [_dumped(each) for each in value] if isinstance(value, list) else value


def _says(noun: Noun, before: Loaded, stated: Shape, parts: Mapping[Part, Sequence[Wanted]]) -> bool:
    """Whether the record says all of this already, in this order: then nothing has to be asked."""
    if valid(HEADERS[noun], as_header(noun, before)) != stated:
        return False
    for part, wanted in parts.items():
        shape = PARTS[part][1]
        there = [(each["id"], valid(shape, part_as_given(each))) for each in before[part]]
        if there != [(each.id, each.shape) for each in wanted]:
            return False
    return True
