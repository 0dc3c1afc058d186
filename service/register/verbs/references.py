"""What a shape refers to must be there: ids of other records, external ids that are still free, a parent that is no child.

A record is referred to by its id or by one of its external ids. A reference to a record that was merged into another is followed
to the survivor, so that old ids stay good. On PostgreSQL a record that is referred to is locked against withdrawal and merging
until the end of the transaction; on SQLite nobody else writes meanwhile.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from typing import Any, NamedTuple, get_args

from pydantic import BaseModel
from sqlalchemy import Connection, Select, select, text
from sqlmodel import SQLModel

from service.errors import Conflict, Fault, Invalid
from service.register.audience import OFFICE, Audience, shown
from service.register.external_id import split
from service.register.reading.records import Noun
from service.register.verbs.owners import Owner, batches, is_id, owners_of

_NOUN_OF_FIELD: Mapping[str, Noun] = {
    "person": "person",
    "organization": "organization",
    "parties": "organization",
    "topics": "topic",
    "source": "source",
    "parent": "engagement",
    "closed_by": "engagement",
}


class Reference(NamedTuple):
    """An id in a shape: what it should be the id of, and where it stands."""

    noun: Noun
    id: str
    pointer: str


class Claim(NamedTuple):
    """A name that one record of the register may have, who wants it, and where that is said."""

    name: str
    record_id: str
    pointer: str


class _State(NamedTuple):
    withdrawn: bool
    survivor: str | None


def references(shape: BaseModel, pointer: str = "#") -> Iterator[Reference]:
    """Every id of another record in the shape, at any depth."""
    for field, noun in _referring(type(shape)):
        value = getattr(shape, field)
        if value is None:
            continue
        for place, item in _items(f"{pointer}/{field}", value):
            if isinstance(item, BaseModel):
                yield from references(item, place)
            elif noun and item is not None:
                yield Reference(noun, item, place)


@cache
def _referring(shape: type[BaseModel]) -> tuple[tuple[str, Noun | None], ...]:
    """The fields that may hold an id of another record, and of which noun, or a shape that may hold one."""
    fields = [(field, _NOUN_OF_FIELD.get(field), _shapes(known.annotation)) for field, known in shape.model_fields.items()]
    return tuple((field, noun) for field, noun, inner in fields if noun or any(_referring(each) for each in inner))


def _shapes(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [shape for each in get_args(annotation) for shape in _shapes(each)]


def references_of(record: Mapping[str, Any], pointer: str = "#") -> Iterator[Reference]:
    """Every id of another record in a record as it is read, where what is referred to stands as an object with its id."""
    for field, value in record.items():
        noun = _NOUN_OF_FIELD.get(field)
        for place, item in _items(f"{pointer}/{field}", value):
            if noun and item is not None:
                yield Reference(noun, item["id"] if isinstance(item, Mapping) else item, place)
            elif isinstance(item, Mapping):
                yield from references_of(item, place)


def _items(place: str, value: Any) -> list[tuple[str, Any]]:
    return [(f"{place}/{n}", item) for n, item in enumerate(value)] if isinstance(value, list) else [(place, value)]


def resolve(
    connection: Connection, wanted: Iterable[Reference], known: Set[tuple[Noun, str]] = frozenset(), *, audience: Audience
) -> dict[str, str]:
    """Which id each referred id stands for now: itself, or the survivor of a merger; those in `known` are taken as they are.

    Raises `Invalid` with a fault for every id that there is no record for, none that the audience may see, or whose record was
    withdrawn.
    """
    found, faults = _look_up(connection, wanted, known, audience)
    if faults:
        raise Invalid(faults[0].detail, faults=faults)
    return found


def refuse_withdrawn(
    connection: Connection, noun: Noun, restored: Mapping[str, Mapping[str, Any]], *, audience: Audience
) -> None:
    """Raise `Conflict` when one of these records refers to one that was withdrawn and is not among them."""
    known = {(noun, record_id) for record_id in restored}
    for record_id, record in restored.items():
        _, faults = _look_up(connection, references_of(record), known, OFFICE)
        if faults:
            why = faults[0].detail if audience.sees_all else "something that it refers to was withdrawn"
            raise Conflict(f"The {noun} {record_id} cannot be restored: {why}")


def _look_up(
    connection: Connection, wanted: Iterable[Reference], known: Set[tuple[Noun, str]], audience: Audience
) -> tuple[dict[str, str], list[Fault]]:
    by_noun: dict[Noun, list[Reference]] = defaultdict(list)
    for reference in wanted:
        if (reference.noun, reference.id) not in known:
            by_noun[reference.noun].append(reference)
    named = {reference.id for some in by_noun.values() for reference in some if not is_id(reference.id)}
    owners = owners_of(connection, named)
    found: dict[str, str] = {}
    faults: list[Fault] = []
    for noun, refs in by_noun.items():
        ids = {reference.id: owners.get(reference.id, Owner(noun, reference.id)).id for reference in refs}
        states = _states(connection, noun, set(ids.values()), audience)
        for reference in refs:
            last = _last(states, ids[reference.id])
            found[reference.id] = last
            if fault := _fault(reference, states.get(last), owners.get(reference.id) if audience.sees_all else None):
                faults.append(fault)
    return found, faults


def owners_seen(connection: Connection, external_ids: Iterable[str], audience: Audience) -> dict[str, Owner]:
    """Which records these external ids name, of those that are there for the audience."""
    owners = owners_of(connection, external_ids)
    if audience.sees_all:
        return owners
    by_noun: dict[Noun, set[str]] = defaultdict(set)
    for owner in owners.values():
        by_noun[owner.noun].add(owner.id)
    seen = {each for noun, ids in by_noun.items() for each in _states(connection, noun, ids, audience)}
    return {written: owner for written, owner in owners.items() if owner.id in seen}


def _states(connection: Connection, noun: Noun, ids: set[str], audience: Audience) -> dict[str, _State]:
    # Survivors are looked up as well, because a record that was merged into a withdrawn one is withdrawn with it.
    states: dict[str, _State] = {}
    while ids:
        for some in batches(sorted(ids)):
            for row in connection.execute(_locked(noun, some, audience)).mappings():
                states[row["id"]] = _State(row["withdrawn_at"] is not None, row.get("merged_into"))
        ids = {state.survivor for state in states.values() if state.survivor} - states.keys()
    return states


def _locked(noun: Noun, ids: Sequence[str], audience: Audience) -> Select[Any]:
    # In the order of ids, so that two transactions that want the same records do not wait for each other.
    table = SQLModel.metadata.tables[noun]
    columns = [table.c[name] for name in ("id", "withdrawn_at", "merged_into") if name in table.c]
    there = table.c.id.in_(ids) & text(shown(noun, audience, noun))
    return select(*columns).where(there).order_by(table.c.id).with_for_update(read=True, key_share=True)


def _last(states: Mapping[str, _State], record_id: str) -> str:
    while (state := states.get(record_id)) and state.survivor:
        record_id = state.survivor
    return record_id


def _fault(reference: Reference, state: _State | None, owner: Owner | None) -> Fault | None:
    if state is None and owner and owner.noun != reference.noun:
        detail = f"{reference.id!r} is an external id of the noun {owner.noun}; the noun {reference.noun} is expected here"
    elif state is None:
        detail = f"There is no {reference.noun} with the id {reference.id!r}; record it first"
    elif state.withdrawn:
        detail = f"The {reference.noun} {reference.id!r} was withdrawn; restore it first, or refer to another"
    else:
        return None
    return Fault(detail=detail, code="unknown_id", pointer=reference.pointer, value=reference.id)


def follow(shape: BaseModel, stand_for: Mapping[str, str]) -> Any:
    """The shape with every referred id replaced by the one that it stands for now."""
    given = ((field, getattr(shape, field)) for field, _ in _referring(type(shape)))
    followed = {field: new for field, value in given if (new := _follow(value, stand_for)) is not value}
    return shape.model_copy(update=followed) if followed else shape


def _follow(value: Any, stand_for: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        followed = [_follow(item, stand_for) for item in value]
        return followed if any(new is not old for new, old in zip(followed, value, strict=True)) else value
    return follow(value, stand_for) if isinstance(value, BaseModel) else stand_for.get(value, value)


def claims(shape: Any, record_id: str, pointer: str = "#") -> list[Claim]:
    """The external ids that the shape wants for its record."""
    return [Claim(written, record_id, place) for place, written in _items(f"{pointer}/external_ids", shape.external_ids)]


def without_unseen(
    connection: Connection, header: Mapping[str, Any], patch: Mapping[str, Any], audience: Audience
) -> Mapping[str, Any]:
    """The patch without the removal of what its author could not see: whoever is shown null sends null back."""
    if audience.sees_all:
        return patch
    removed = [field for field in ("parent", "closed_by") if field in patch and patch[field] is None and header.get(field)]
    wanted = [Reference("engagement", header[field], f"#/{field}") for field in removed]
    seen = _states(connection, "engagement", {each.id for each in wanted}, audience)
    return {field: value for field, value in patch.items() if field not in removed or header[field] in seen}


def check_external_ids(connection: Connection, wanted: Iterable[Claim], *, audience: Audience) -> None:
    """Raise `Conflict` when one of these external ids belongs to another record, or two of the records want the same."""
    claimed: dict[tuple[str, str], Claim] = {}
    for claim in wanted:
        first = claimed.setdefault(split(claim.name), claim)
        _refuse_taken(claim, first.record_id, "external id", OFFICE)
    for written, owner in owners_of(connection, [claim.name for claim in claimed.values()]).items():
        _refuse_taken(claimed[split(written)], owner.id, "external id", audience)


def check_labels(connection: Connection, wanted: Iterable[Claim]) -> None:
    """Raise `Conflict` when one of these English labels belongs to another topic, or two of the topics want the same."""
    claimed: dict[str, Claim] = {}
    for claim in wanted:
        first = claimed.setdefault(claim.name, claim)
        _refuse_taken(claim, first.record_id, "label", OFFICE)
    topic = SQLModel.metadata.tables["topic"]
    for label, holder in connection.execute(select(topic.c.label_en, topic.c.id).where(topic.c.label_en.in_(claimed))):
        _refuse_taken(claimed[label], holder, "label", OFFICE)


def _refuse_taken(claim: Claim, holder: str, what: str, audience: Audience) -> None:
    if claim.record_id == holder:
        return
    # Which record it is is not told to who may not see it.
    named = f"the record {holder}" if audience.sees_all else "another record"
    members: dict[str, Any] = {"holder": holder} if audience.sees_all else {}
    detail = f"The {what} {claim.name!r} belongs to {named} already; it can name one record only"
    raise Conflict(detail, faults=[Fault(detail=detail, code="taken", pointer=claim.pointer, value=claim.name)], **members)


def check_parent(connection: Connection, engagement_id: str, parent_id: str) -> None:
    """Raise `Invalid` when the parent is the engagement itself or one of those below it."""
    if leads_to(connection, parent_id, engagement_id):
        detail = (
            "An engagement cannot be its own parent, nor the child of one of its parts; name the trip or delegation it belongs to"
        )
        raise Invalid.field("#/parent", parent_id, detail, "cycle")


def leads_to(connection: Connection, start: str, end: str) -> bool:
    """Whether the second engagement is the first one, its parent, or further up."""
    engagement = SQLModel.metadata.tables["engagement"]
    step: str | None = start
    seen: set[str] = set()
    while step is not None and step != end and step not in seen:
        seen.add(step)
        # Locked, so that nobody closes a circle from the other side at the same moment.
        above = select(engagement.c.parent_id).where(engagement.c.id == step).with_for_update(read=True, key_share=True)
        step = connection.execute(above).scalar()
    return step == end
