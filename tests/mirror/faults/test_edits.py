"""Faults of the data: edits at the worst moment, changes of many documents at once, transactions out of order."""

from typing import Final

import pytest
from sqlalchemy import Connection, insert, text
from sqlmodel import SQLModel

from service.database import Database
from service.mirror.keeper import Keeper
from service.mirror.tokens import Tokens
from service.register.engagement import Engagement, ParticipationShape
from service.register.verbs import merging, revising
from service.register.verbs.journal import Actor
from tests.mirror.conftest import record_meeting, record_person, state
from tests.mirror.faults.proof import one_round, prove, retitle
from tests.mirror.hands import Raw
from tests.mirror.memory_engine import MemoryEngine

FAN_OUT: Final = 600
"""More than a batch holds. With 10,000 the same test takes a minute, most of it for building 30,000 documents."""


@pytest.mark.scenario(47)
def test_what_is_edited_removed_and_made_again_under_its_id_before_anybody_looks_is_what_was_made_last(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    hand = Raw(database)
    for known in ("again", "gone", "new"):
        row = {"id": known, "kind": "meeting", "title_en": "Before"}
        if known != "new":
            hand.insert("engagement", row)
            prove(keeper)
        else:
            hand.insert("engagement", row)
        hand.update("engagement", row, {"title_en": "Edited"})
        hand.delete("engagement", row)
        if known != "gone":
            hand.insert("engagement", row | {"title_en": f"Made {known}"})
    assert state(keeper).pending > 0
    after = prove(keeper)
    assert (after.documents, after.dead, engine.titles()) == (2, 0, {"Made again", "Made new"})


@pytest.mark.scenario(49)
def test_a_rename_that_changes_many_documents_and_other_edits_meanwhile_all_arrive(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    fan_out = FAN_OUT
    minister = record_person(database, by, name_en="Kim Min-seok")
    copies = meetings_with(database, by, minister, fan_out)
    prove(keeper, most=3 * fan_out // 500 + 20)
    engine.instance.requests.clear()
    rename(database, by, minister, "Kim Min-Seok")
    added: list[str] = []

    def meanwhile() -> None:
        engine.instance.before_settling = None
        assert state(keeper).pending == fan_out, "the rename is under way"
        retitle(database, by, copies[-1], "Edited meanwhile")
        rename(database, by, minister, "Kim Minseok")
        with database.writing() as connection:
            revising.withdraw(connection, "engagement", [copies[0]], by=by)
        added.append(record_meeting(database, by, "Added meanwhile"))

    engine.instance.before_settling = meanwhile
    one_round(keeper)
    after = prove(keeper, most=2 * fan_out // 500 + 10)
    assert (after.documents, after.dead) == (fan_out, 0)
    assert {*engine.documents} == {*copies[1:], *added}
    assert all(each["people"] == ["Kim Minseok"] for key, each in engine.documents.items() if key not in added)
    assert engine.documents[copies[-1]]["titles"] == ["Edited meanwhile"]
    # No document is sent more often than it was made dirty.
    assert sum(len(ids) for _, _, ids in engine.instance.requests) <= 2 * fan_out + 2


def meetings_with(database: Database, by: Actor, person: str, how_many: int) -> list[str]:
    """So many engagements with one person; copied row by row, because recording ten thousand takes a while."""
    first = record_meeting(database, by, participations=[ParticipationShape(side="counterpart", person=person)])
    ids = [first, *(f"copy-{n:05d}" for n in range(how_many - 1))]
    with database.writing() as connection:
        for table, key in (("engagement", "id"), ("participation", "engagement_id")):
            question = text(f"SELECT * FROM {table} WHERE {key} = :first")
            row = dict(connection.execute(question, {"first": first}).mappings().one())
            rows = [{**row, "id": each, key: each} for each in ids[1:]]
            columns, values = ", ".join(row), ", ".join(f":{column}" for column in row)
            connection.execute(text(f"INSERT INTO {table} ({columns}) VALUES ({values})"), rows)
    return ids


def rename(database: Database, by: Actor, person: str, name: str) -> None:
    with database.writing() as connection:
        connection.execute(text("UPDATE person SET name_en = :name WHERE id = :id"), {"name": name, "id": person})


@pytest.mark.scenario(50)
@pytest.mark.parametrize("looked_between", [True, False])
def test_people_who_were_merged_and_split_again_have_their_own_engagements(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, looked_between: bool
) -> None:
    kim, other = record_person(database, by, name_en="Kim Dong-yeon"), record_person(database, by, name_en="Kim Dong-won")
    his, hers = (
        record_meeting(database, by, f"Meeting {n}", participations=[ParticipationShape(side="host", person=person)])
        for n, person in enumerate((kim, other))
    )
    prove(keeper)
    with database.writing() as connection:
        merging.merge(connection, "person", other, kim, by=by)
    if looked_between:
        prove(keeper)
        assert engine.documents[hers]["people"] == ["Kim Dong-yeon"]
        assert engine.documents[hers]["aliases"] == ["Kim Dong-won"]
        assert engine.documents[hers]["person_ids"] == [kim, other]
    with database.writing() as connection:
        merging.unmerge(connection, "person", other, by=by)
    assert prove(keeper).dead == 0
    told = {key: (each["people"], each["aliases"], each["person_ids"]) for key, each in engine.documents.items()}
    assert told == {his: (["Kim Dong-yeon"], [], [kim]), hers: (["Kim Dong-won"], [], [other])}


@pytest.mark.scenario(53)
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_transaction_that_commits_after_one_with_later_numbers_is_not_passed_over(
    database: Database, keeper: Keeper, engine: MemoryEngine
) -> None:
    tokens = Tokens(database)
    with database.engine.connect() as earlier:
        insert_meeting(earlier, "earlier")
        tokens.note(earlier)
        token = tokens.newest
        with database.writing() as later:
            insert_meeting(later, "later")
            tokens.note(later)
        assert tokens.newest > token
        assert prove(keeper).documents == 1
        assert engine.titles() == {"later"}
        earlier.commit()
    assert tokens._ask(keeper.mirror, token) == (True, 0), "its own token is not reached before it is folded and sent"
    assert prove(keeper).documents == 2
    assert tokens._ask(keeper.mirror, token) == (False, 0)
    assert engine.titles() == {"earlier", "later"}


def insert_meeting(connection: Connection, title: str) -> None:
    row = Engagement(id=title, kind="meeting", title_en=title).model_dump()
    connection.execute(insert(SQLModel.metadata.tables["engagement"]), [row])
