"""Carrying out many operations on the records of a noun in one transaction, with a result for each.

Neighbours of one kind are done together, a few hundred at a time, each lot in a savepoint. A lot that is refused is undone and
tried again without those that the refusal names, or by halves, until what is refused stands alone: the others need not suffer for
it, and all that are wrong are named.
"""

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection

from service.errors import Conflict, Fault, Invalid, NotFound, Problem
from service.register.reading.records import Loaded, Noun
from service.register.verbs import recording, references, revising, upserting
from service.register.verbs.expecting import expect
from service.register.verbs.journal import Actor
from service.register.verbs.owners import is_id, lock, owners_of

Do = Literal["record", "upsert", "revise", "withdraw", "restore"]
What = Literal["recorded", "revised", "unchanged", "withdrawn", "restored", "refused"]

_LOT: Final = 500


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to do: with a whole shape, or to a record that is named by its id or an external id.

    `root` is where it stands in what was sent, as a JSON Pointer: `#/items/3`.
    """

    do: Do
    root: str
    shape: Any = None
    record: str = ""
    id: str | None = None
    """The id that a shape is known by, or gets where it is new; its external ids are asked otherwise."""
    patch: Any = None
    version: int | None = None
    reason: str | None = None


class Result(NamedTuple):
    """What became of an operation: the record as it is now, or why it was refused."""

    what: What
    record: Loaded | None = None
    problem: Problem | None = None


class Refused(Problem):
    """Some of the operations cannot be carried out, so none was."""

    status = 422
    type = "bulk-refused"
    title = "Some of the items cannot be carried out"


def carry_out(connection: Connection, noun: Noun, operations: Sequence[Operation], *, by: Actor) -> list[Result]:
    """Do all of these in the order given, as far as they can be done; what came before is there for what comes after."""
    # On SQLite nobody else writes meanwhile.
    if len(operations) > 1 and connection.dialect.name != "sqlite":
        _lock(connection, noun, operations)
    return [result for lot in _lots(operations) for result in _attempt(connection, noun, lot, by)]


def _lock(connection: Connection, noun: Noun, operations: Sequence[Operation]) -> None:
    names = {name for operation in operations for name in _names_of(operation)}
    owners = owners_of(connection, (name for name in names if not is_id(name)))
    known = {owner.id for owner in owners.values() if owner.noun == noun}
    lock(connection, noun, known | {name for name in names if is_id(name)})


def _names_of(operation: Operation) -> set[str]:
    if operation.shape is None:
        return {operation.record}
    return {*operation.shape.external_ids, *([operation.id] if operation.id else [])}


def refuse_all(operations: Sequence[Operation], results: Sequence[Result]) -> None:
    """Raise `Refused` with everything that was refused, if anything was."""
    refused = [(operation, result.problem) for operation, result in zip(operations, results, strict=True) if result.problem]
    if refused:
        faults = [fault for operation, problem in refused for fault in faults_of(operation, problem)]
        detail = f"{len(refused)} of {len(operations)} items cannot be carried out, so none was: {faults[0].detail}"
        raise Refused(detail, faults=faults, refused=len(refused))


def faults_of(operation: Operation, problem: Problem) -> list[Fault]:
    """What is wrong with an operation, each with its place in what was sent."""
    if not problem.faults:
        return [Fault(problem.detail, problem.type, pointer=operation.root)]
    return [replace(fault, pointer=_placed(operation, fault.pointer or "#")) for fault in problem.faults]


def _placed(operation: Operation, pointer: str) -> str:
    member = "/patch" if operation.do == "revise" else "/record" if operation.shape is not None else ""
    return pointer if pointer.startswith(operation.root) else f"{operation.root}{member}{pointer[1:]}"


def _lots(operations: Sequence[Operation]) -> Iterator[list[Operation]]:
    """Neighbours that are done together: of one kind, and none of them on a record that another is on."""
    lot: list[Operation] = []
    names: set[str] = set()
    for operation in operations:
        own = _names_of(operation)
        if lot and (operation.do != lot[0].do or len(lot) == _LOT or own & names):
            yield lot
            lot, names = [], set()
        lot.append(operation)
        names |= own
    if lot:
        yield lot


def _attempt(connection: Connection, noun: Noun, lot: list[Operation], by: Actor) -> list[Result]:
    if not lot:
        return []
    try:
        with connection.begin_nested():
            return _apply(connection, noun, lot, by)
    except Problem as problem:
        if len(lot) == 1:
            return [Result("refused", problem=problem)]
        blamed = _blamed(lot, problem)
    if blamed:
        rest = iter(_attempt(connection, noun, [each for each in lot if each.root not in blamed], by))
        return [Result("refused", problem=blamed[each.root]) if each.root in blamed else next(rest) for each in lot]
    half = len(lot) // 2
    return [*_attempt(connection, noun, lot[:half], by), *_attempt(connection, noun, lot[half:], by)]


def _blamed(lot: Sequence[Operation], problem: Problem) -> dict[str, Problem]:
    """The operations that a problem of the whole lot names by their places, each with what is wrong with it."""
    blamed: dict[str, Problem] = {}
    for operation in lot:
        if faults := tuple(fault for fault in problem.faults if (fault.pointer or "").startswith(f"{operation.root}/")):
            blamed[operation.root] = own = copy(problem)
            own.faults, own.detail = faults, faults[0].detail
    return blamed


def _apply(connection: Connection, noun: Noun, lot: list[Operation], by: Actor) -> list[Result]:
    if lot[0].do == "record":
        roots = [f"{each.root}/record" for each in lot]
        made = recording.record(connection, noun, [each.shape for each in lot], by=by, roots=roots)
        return [Result("recorded", record) for record in made]
    if lot[0].do == "upsert":
        roots = [f"{each.root}/record" for each in lot]
        ids = [each.id for each in lot]
        done = upserting.upsert(connection, noun, [each.shape for each in lot], by=by, roots=roots, ids=ids)
        return [Result(each.what, each.record) for each in done]
    named = _named(connection, noun, lot, by)
    return [_to_one(connection, noun, operation, record_id, by) for operation, record_id in zip(lot, named, strict=True)]


def _to_one(connection: Connection, noun: Noun, operation: Operation, record_id: str, by: Actor) -> Result:
    by = replace(by, reason=operation.reason)
    expected = None if operation.version is None else frozenset([operation.version])
    expect(connection, noun, record_id, expected, audience=by.audience, required=False)
    if operation.do == "revise":
        before = revising.require(connection, noun, [record_id], audience=by.audience)[record_id]
        record = revising.revise(connection, noun, {record_id: operation.patch}, by=by)[record_id]
        return Result("revised" if record["version"] > before["version"] else "unchanged", record)
    if operation.do == "withdraw":
        return Result("withdrawn", revising.withdraw(connection, noun, [record_id], by=by)[record_id])
    return Result("restored", revising.restore(connection, noun, [record_id], by=by)[record_id])


def _named(connection: Connection, noun: Noun, lot: Sequence[Operation], by: Actor) -> list[str]:
    named = {each.record for each in lot if not is_id(each.record)}
    owners = references.owners_seen(connection, named, by.audience)
    unknown = [each for each in lot if each.record in named and getattr(owners.get(each.record), "noun", None) != noun]
    if unknown:
        details = [f"There is no {noun} with the external id {each.record!r}." for each in unknown]
        told = zip(details, unknown, strict=True)
        faults = [Fault(detail, "not-found", pointer=f"{each.root}/record", value=each.record) for detail, each in told]
        raise NotFound(details[0], faults=faults)
    found = [owners[each.record].id if each.record in named else each.record for each in lot]
    if len(set(found)) < len(found):
        # Two names of one record: one after the other then.
        raise Conflict("Two items name the same record")
    return found


def refuse_too_many(count: int, most: int) -> None:
    """Raise `Invalid` for nothing to do, and for more than is done at once."""
    if not count:
        raise Invalid.field("#/items", None, f"There is nothing to do; give 1 to {most} items", "too_short")
    if count > most:
        raise Invalid.field("#/items", count, f"There are {count} items; {most} are carried out at once", "too_long")
