"""What the hints at duplicates come to on the real register, and on the doubles in it that were marked by hand."""

from typing import Any

import pytest
from sqlalchemy import text

from service.database import Database
from service.register.audience import OFFICE
from service.register.reading import duplicates
from service.register.verbs import merging
from service.register.verbs.journal import Actor
from service.seeding import Report


def pairs(database: Database, noun: Any) -> set[tuple[str, ...]]:
    found = duplicates.list_pairs(database.ask, noun, 1_000, sqlite=database.is_sqlite, audience=OFFICE)
    return {tuple(record["id"] for record in pair.records) for pair in found}


@pytest.mark.parametrize("noun", ["person", "organization", "engagement"])
def test_a_register_that_somebody_has_gone_through_gives_no_hint(seeded: tuple[Database, Report], noun: Any) -> None:
    assert pairs(seeded[0], noun) == set()


def test_of_the_ten_doubles_that_were_marked_by_hand_four_are_found_and_nothing_else(
    loaded_database: Database, by: Actor
) -> None:
    with loaded_database.writing() as connection:
        marked = {tuple(sorted(row)) for row in connection.execute(text("SELECT merged_id, survivor_id FROM merger"))}
        for merged in connection.execute(text("SELECT merged_id FROM merger")).scalars().all():
            merging.unmerge(connection, "engagement", merged, by=by)
        # As if nobody had looked at them yet.
        connection.execute(text("DELETE FROM merger"))
    found = pairs(loaded_database, "engagement")
    assert found <= marked
    assert (len(found), len(marked)) == (4, 10)
