"""What may happen to a register, each as one transaction on records that two numbers point at."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from service.database import Database
from service.errors import Problem
from service.register.engagement import EngagementShape, ParticipationShape
from service.register.person import PersonShape
from service.register.verbs import merging, recording, revising
from service.register.verbs.journal import Actor

BY: Final = Actor("machine")
VISIBILITIES: Final = ("public", "internal", "confidential")


class Undone(Exception):
    """The transaction was undone on purpose."""


def people(database: Database, count: int) -> None:
    """So many people, for the engagements to be with."""
    with database.writing() as connection:
        recording.record(connection, "person", [PersonShape(name_en=f"Person {n}") for n in range(count)], by=BY)


def write(database: Database, kind: str, one: int, other: int, word: str) -> bool:
    """One write of this kind; false where the register refuses it, as for what is withdrawn already."""
    try:
        with database.writing() as connection:
            WRITES[kind](connection, one, other, word)
    except (Problem, Undone):
        return False
    return True


def _pick(connection: Connection, question: str, number: int) -> str:
    ids: Sequence[Any] = connection.execute(text(question)).scalars().all()
    if not ids:
        raise Undone
    return str(ids[number % len(ids)])


def _engagement(connection: Connection, number: int, which: str = "withdrawn_at IS NULL AND merged_into IS NULL") -> str:
    return _pick(connection, f"SELECT id FROM engagement WHERE {which} ORDER BY recorded_at, id", number)


def _person(connection: Connection, number: int, which: str = "merged_into IS NULL") -> str:
    return _pick(connection, f"SELECT id FROM person WHERE {which} ORDER BY name_en, id", number)


def _record(connection: Connection, one: int, other: int, word: str) -> None:
    parts = [ParticipationShape(side="counterpart", person=_person(connection, number)) for number in {one % 2, 2 + other % 2}]
    recording.record(
        connection, "engagement", [EngagementShape(kind="meeting", title_en=f"Meeting {word}", participations=parts)], by=BY
    )


def _revise(connection: Connection, one: int, other: int, word: str) -> None:
    revising.revise(connection, "engagement", {_engagement(connection, one): {"title_en": f"Meeting {word}"}}, by=BY)


def _show(connection: Connection, one: int, other: int, word: str) -> None:
    change = {"visibility": VISIBILITIES[other % len(VISIBILITIES)]}
    revising.revise(connection, "engagement", {_engagement(connection, one): change}, by=BY)


def _withdraw(connection: Connection, one: int, other: int, word: str) -> None:
    revising.withdraw(connection, "engagement", [_engagement(connection, one)], by=BY)


def _restore(connection: Connection, one: int, other: int, word: str) -> None:
    revising.restore(connection, "engagement", [_engagement(connection, one, "withdrawn_at IS NOT NULL")], by=BY)


def _rename(connection: Connection, one: int, other: int, word: str) -> None:
    revising.revise(connection, "person", {_person(connection, one): {"name_ko": f"사람 {word}"}}, by=BY)


def _merge(connection: Connection, one: int, other: int, word: str) -> None:
    merging.merge(connection, "engagement", _engagement(connection, one), _engagement(connection, other), by=BY)


def _unmerge(connection: Connection, one: int, other: int, word: str) -> None:
    merging.unmerge(connection, "engagement", _engagement(connection, one, "merged_into IS NOT NULL"), by=BY)


def _merge_people(connection: Connection, one: int, other: int, word: str) -> None:
    merging.merge(connection, "person", _person(connection, one), _person(connection, other), by=BY)


def _unmerge_people(connection: Connection, one: int, other: int, word: str) -> None:
    merging.unmerge(connection, "person", _person(connection, one, "merged_into IS NOT NULL"), by=BY)


def _raw(connection: Connection, one: int, other: int, word: str) -> None:
    """Another program's statement over every row."""
    connection.execute(text("UPDATE engagement SET place_venue = :word"), {"word": word})


def _remove(connection: Connection, one: int, other: int, word: str) -> None:
    """Another program removes what no verb ever does; the rest goes by foreign key."""
    question = "DELETE FROM engagement WHERE id = :id AND id NOT IN (SELECT merged_into FROM engagement WHERE merged_into <> '')"
    connection.execute(text(question), {"id": _engagement(connection, one)})


def _undo(connection: Connection, one: int, other: int, word: str) -> None:
    _record(connection, one, other, word)
    _withdraw(connection, one, other, word)
    raise Undone


WRITES: Final[dict[str, Callable[[Connection, int, int, str], None]]] = {
    "record": _record,
    "revise": _revise,
    "show to others": _show,
    "withdraw": _withdraw,
    "restore": _restore,
    "rename a person": _rename,
    "merge": _merge,
    "unmerge": _unmerge,
    "merge people": _merge_people,
    "unmerge people": _unmerge_people,
    "raw update": _raw,
    "raw removal": _remove,
    "roll back": _undo,
}
