"""What every scenario ends with: the mirror says that it is in step, in so many rounds, and every document proves it right."""

from sqlalchemy import text

from service.database import Database
from service.mirror import tally
from service.mirror.keeper import Keeper
from service.mirror.status import MirrorStatus
from service.register.verbs import revising
from service.register.verbs.journal import Actor
from tests.campaign.verdict import violations
from tests.mirror.conftest import is_at_rest, state


def prove(keeper: Keeper, most: int = 60) -> MirrorStatus:
    """Run rounds until the mirror is in step, no more than so many, and compare every document; gives the status."""
    for _ in range(most):
        if not one_round(keeper) and is_at_rest(keeper):
            break
    after = state(keeper)
    assert (after.in_step, after.pending, after.open_batches, after.last_error) == (True, 0, 0, None), after
    assert violations(keeper.database, keeper.engine) == {}
    return after


def one_round(keeper: Keeper) -> bool:
    """One round now, as if every pause that somebody waits for had passed; true when there may be more to do at once."""
    keeper.retry_at = 0.0
    with keeper.database.writing() as connection:
        connection.execute(text("UPDATE ledger SET due_at = NULL WHERE due_at IS NOT NULL"))
    return keeper.cycle()


def counted(database: Database, name: str, label: str = "") -> int:
    """One of the sync's own counts, over all mirrors."""
    with database.reading() as connection:
        counts = tally.read(connection)
    return int(sum(value for (_, known, of), value in counts.items() if (known, of) == (name, label)))


def retitle(database: Database, by: Actor, meeting: str, title: str) -> None:
    with database.writing() as connection:
        revising.revise(connection, "engagement", {meeting: {"title_en": title}}, by=by)


def change_title(database: Database, meeting: str, title: str) -> None:
    """The same as one plain statement, where many edits are needed."""
    with database.writing() as connection:
        connection.execute(text("UPDATE engagement SET title_en = :title WHERE id = :id"), {"title": title, "id": meeting})
