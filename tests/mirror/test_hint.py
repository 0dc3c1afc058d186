"""A server that was left its default indexing memory is slow with every small change, and the status says what would help."""

from datetime import timedelta

import pytest
from sqlalchemy import text, update

from service.database import Database
from service.mirror.keeper import Keeper
from service.mirror.tables import BATCH
from service.register.verbs import revising
from service.register.verbs.journal import Actor
from tests.mirror.conftest import record_meeting, settle, state


@pytest.fixture
def busy(database: Database, by: Actor, keeper: Keeper) -> Keeper:
    """A keeper that has sent twenty changes, one by one."""
    meeting = record_meeting(database, by)
    for n in range(20):
        with database.writing() as connection:
            revising.revise(connection, "engagement", {meeting: {"title_en": f"Meeting {n}"}}, by=by)
        settle(keeper)
    return keeper


def took(database: Database, seconds: float) -> None:
    """Let every batch have taken so long."""
    with database.writing() as connection:
        rows = connection.execute(text("SELECT id FROM batch")).scalars().all()
        for batch_id in rows:
            prepared = connection.execute(BATCH.select().where(BATCH.c.id == batch_id)).mappings().one()["prepared_at"]
            finished = {"finished_at": prepared + timedelta(seconds=seconds)}
            connection.execute(update(BATCH).where(BATCH.c.id == batch_id).values(**finished))


def test_slow_small_batches_are_hinted_at(database: Database, busy: Keeper) -> None:
    took(database, 0.541)
    hint = state(busy).hint
    assert hint is not None
    assert "0.54 s" in hint
    assert "MEILI_MAX_INDEXING_MEMORY=300MiB" in hint


def test_quick_ones_and_few_ones_are_not(database: Database, busy: Keeper) -> None:
    took(database, 0.047)
    assert state(busy).hint is None
    took(database, 0.541)
    with database.writing() as connection:
        connection.execute(text("DELETE FROM batch WHERE id IN (SELECT id FROM batch LIMIT 5)"))
    assert state(busy).hint is None


def test_slow_large_batches_are_nothing_unusual(database: Database, busy: Keeper) -> None:
    took(database, 0.541)
    with database.writing() as connection:
        connection.execute(text("UPDATE batch SET documents = 500"))
    assert state(busy).hint is None
