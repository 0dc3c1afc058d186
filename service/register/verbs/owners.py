"""Which records external ids name, and which ids there are: looked up for many at once, in a few statements."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, TypeVar

from sqlalchemy import Connection, String, bindparam, select, text
from sqlmodel import SQLModel

from service.register.external_id import split
from service.register.reading.records import NOUNS, Noun

T = TypeVar("T")

_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_AT_ONCE: Final = 1_000
_OWNERS: Final = (
    "SELECT system, key, engagement_id, person_id, organization_id, topic_id, source_id FROM external_id WHERE key IN :keys"
)


class Owner(NamedTuple):
    """The record that an external id names."""

    noun: Noun
    id: str


def is_id(text: str) -> bool:
    """Whether this can be the id of a record, and not only an external id."""
    return _ID.fullmatch(text) is not None


def owners_of(connection: Connection, external_ids: Iterable[str]) -> dict[str, Owner]:
    """Which records these external ids name, whoever may see them, in a statement for every thousand of them."""
    wanted = {split(written): written for written in external_ids}
    found: dict[str, Owner] = {}
    for some in batches(list(wanted)):
        keys = bindparam("keys", [key for _, key in some], expanding=True, type_=String)
        for row in connection.execute(text(_OWNERS).bindparams(keys)).mappings():
            if written := wanted.get((row["system"], row["key"])):
                noun = next(noun for noun in NOUNS if row[f"{noun}_id"] is not None)
                found[written] = Owner(noun, row[f"{noun}_id"])
    return found


def lock(connection: Connection, noun: Noun, ids: Iterable[str]) -> None:
    """Keep these records for this transaction, in the order of ids, so that two that want the same do not wait for each other."""
    table = SQLModel.metadata.tables[noun]
    for some in batches(sorted(set(ids))):
        connection.execute(select(table.c.id).where(table.c.id.in_(some)).order_by(table.c.id).with_for_update())


def there(connection: Connection, noun: Noun, ids: Iterable[str]) -> set[str]:
    """Those of these ids that are ids of records, whatever became of them."""
    table = SQLModel.metadata.tables[noun]
    wanted = sorted(set(ids))
    return {
        found
        for some in batches(wanted)
        for found in connection.execute(select(table.c.id).where(table.c.id.in_(some))).scalars()
    }


def batches(things: list[T]) -> Iterator[list[T]]:
    """So many at once as a statement may have parameters for."""
    return (things[start : start + _AT_ONCE] for start in range(0, len(things), _AT_ONCE))
