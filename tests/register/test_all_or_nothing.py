"""A verb that fails anywhere leaves nothing: the counts of all tables, and every record, are what they were."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from service.register.assertion import AssertionShape
from service.register.engagement import EngagementShape
from service.register.verbs import merging, recording, revising
from service.register.verbs.journal import Actor
from tests.register.desk import Desk

BY = Actor("test")


class Interrupted(Exception):
    """Whatever goes wrong in the same transaction after the verb is done."""


def refuse(connection: Connection, table: str, event: str) -> None:
    """Let the database refuse the next such statement on the table, as a full disk or a broken connection would."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(f"CREATE TRIGGER refuse BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, 'refused'); END")
        return
    connection.exec_driver_sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$"
    )
    connection.exec_driver_sql(f"CREATE TRIGGER refuse BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()")


def a_trip_with_everything(desk: Desk) -> dict[str, str]:
    newsom, twin, asml, article = desk.person(), desk.person("G. Newsom"), desk.organization("ASML"), desk.source()
    fields: dict[str, Any] = {
        "participations": [{"side": "counterpart", "person": twin["id"]}],
        "outcomes": [{"kind": "mou", "title_en": "MOU", "parties": [asml["id"]]}],
        "citations": [{"source": article["id"]}],
        "countries": ["US"],
    }
    trip, other = desk.meeting("Trip", **fields, external_ids=["a"]), desk.meeting("Trip again", **fields, external_ids=["b"])
    desk.meeting(parent=other["id"])
    withdrawn = desk.meeting("Withdrawn")
    desk.withdraw("engagement", withdrawn["id"])
    merged = desk.person("Gov. Newsom", names=[{"text": "뉴섬"}])
    desk.merge("person", merged["id"], newsom["id"])
    return {
        "newsom": newsom["id"],
        "twin": twin["id"],
        "merged": merged["id"],
        "article": article["id"],
        "trip": trip["id"],
        "other": other["id"],
        "outcome": trip["outcomes"][0]["id"],
        "withdrawn": withdrawn["id"],
    }


Verb = Callable[[Connection, dict[str, str]], object]

VERBS: dict[str, Verb] = {
    "record": lambda c, ids: recording.record(
        c,
        "engagement",
        [
            EngagementShape(
                kind="meeting",
                title_en=f"Meeting {n}",
                participations=[{"side": "host", "person": ids["newsom"]}],  # type: ignore[list-item]
                citations=[{"source": ids["article"]}],  # type: ignore[list-item]
            )
            for n in range(3)
        ],
        by=BY,
    ),
    "revise": lambda c, ids: revising.revise(
        c, "engagement", {ids["trip"]: {"countries": ["CA"], "note": "x", "external_ids": ["c"]}}, by=BY
    ),
    "add a part": lambda c, ids: revising.add_part(
        c, "engagement", ids["trip"], "assertions", AssertionShape(field="when", value="2023"), by=BY
    ),
    "revise a part": lambda c, ids: revising.revise_part(
        c, "engagement", ids["trip"], "outcomes", ids["outcome"], {"status": "signed", "parties": []}, by=BY
    ),
    "remove a part": lambda c, ids: revising.remove_part(c, "engagement", ids["trip"], "outcomes", ids["outcome"], by=BY),
    "withdraw": lambda c, ids: revising.withdraw(c, "engagement", [ids["trip"]], by=BY),
    "restore": lambda c, ids: revising.restore(c, "engagement", [ids["withdrawn"]], by=BY),
    "merge people": lambda c, ids: merging.merge(c, "person", ids["twin"], ids["newsom"], by=BY),
    "merge engagements": lambda c, ids: merging.merge(c, "engagement", ids["other"], ids["trip"], by=BY),
    "unmerge": lambda c, ids: merging.unmerge(c, "person", ids["merged"], by=BY),
}


def interrupted(desk: Desk, verb: Verb, ids: dict[str, str]) -> None:
    with desk.database.writing() as connection:
        verb(connection, ids)
        raise Interrupted


@pytest.mark.parametrize("verb", VERBS)
def test_a_transaction_that_fails_after_the_verb_leaves_nothing(desk: Desk, verb: str) -> None:
    ids = a_trip_with_everything(desk)
    before = desk.everything(), desk.row_counts()
    with pytest.raises(Interrupted):
        interrupted(desk, VERBS[verb], ids)
    assert (desk.everything(), desk.row_counts()) == before
    with desk.database.writing() as connection:
        VERBS[verb](connection, ids)
    assert (desk.everything(), desk.row_counts()) != before


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_that_the_database_interrupts_at_its_last_step_leaves_nothing(desk: Desk, verb: str) -> None:
    ids = a_trip_with_everything(desk)
    with desk.database.writing() as connection:
        refuse(connection, "revision", "INSERT")
    before = desk.everything(), desk.row_counts()
    with pytest.raises(DBAPIError, match="refused"), desk.database.writing() as connection:
        VERBS[verb](connection, ids)
    assert (desk.everything(), desk.row_counts()) == before


@pytest.mark.parametrize(
    ("verb", "table", "event"),
    [
        ("record", "citation", "INSERT"),
        ("revise", "engagement_country", "INSERT"),
        ("revise a part", "outcome_party", "DELETE"),
        ("merge people", "participation", "UPDATE"),
        ("merge engagements", "external_id", "UPDATE"),
        ("merge engagements", "merger", "INSERT"),
        ("unmerge", "person_name", "DELETE"),
    ],
)
def test_a_verb_that_the_database_interrupts_in_the_middle_leaves_nothing(desk: Desk, verb: str, table: str, event: str) -> None:
    ids = a_trip_with_everything(desk)
    with desk.database.writing() as connection:
        refuse(connection, table, event)
    before = desk.everything(), desk.row_counts()
    with pytest.raises(DBAPIError, match="refused"), desk.database.writing() as connection:
        VERBS[verb](connection, ids)
    assert (desk.everything(), desk.row_counts()) == before
