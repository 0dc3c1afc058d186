"""The database itself refuses what the shapes refuse, whoever writes: raw SQL, another program, a mistake of ours."""

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from service.register import codes
from service.register.external_id import OWNERS
from service.schema import METADATA
from tests.register.desk import Desk

REFUSED = {
    "a kind that is no code": "UPDATE engagement SET kind = 'lunch'",
    "a mode that is no code": "UPDATE engagement SET mode = 'telepathic'",
    "a direction that is no code": "UPDATE engagement SET direction = 'up'",
    "a status that is no code": "UPDATE engagement SET status = 'done'",
    "a visibility that is no code": "UPDATE engagement SET visibility = 'secret'",
    "a confidence that is no code": "UPDATE engagement SET confidence = 'high'",
    "a precision that is none": "UPDATE engagement SET when_precision = 'week'",
    "a qualifier that is none": "UPDATE engagement SET when_qualifier = 'maybe'",
    "a kind that is missing": "UPDATE engagement SET kind = NULL",
    "dates that run backwards": "UPDATE engagement SET when_start = '2023-11-03', when_end = '2023-10-30'",
    "no title": "UPDATE engagement SET title_en = NULL, title_ko = NULL",
    "empty titles": "UPDATE engagement SET title_en = '', title_ko = ''",
    "its own parent": "UPDATE engagement SET parent_id = id",
    "a parent that is not there": "UPDATE engagement SET parent_id = 'nobody'",
    "a survivor that is not there": "UPDATE engagement SET merged_into = 'nobody'",
    "a parent that goes": "DELETE FROM engagement WHERE kind = 'trip'",
    "a person without a name": "UPDATE person SET name_en = NULL, name_ko = ''",
    "a person who took part and goes": "DELETE FROM person",
    "an organization without a name": "UPDATE organization SET name_en = '', name_ko = NULL",
    "an organization of no kind": "UPDATE organization SET kind = 'club'",
    "an organization of no level": "UPDATE organization SET level = 'galactic'",
    "an organization that is bound and goes": "DELETE FROM organization",
    "a topic without a label": "UPDATE topic SET label_en = NULL, label_ko = NULL",
    "a second topic of the same label": "UPDATE topic SET label_en = 'Climate'",
    "a source that cannot be found": "UPDATE source SET url = NULL, title = NULL",
    "a source of no grade": "UPDATE source SET grade = 'gossip'",
    "a source that is cited and goes": "DELETE FROM source",
    "a side that is no code": "UPDATE participation SET side = 'left'",
    "a role that is no code": "UPDATE participation SET role = 'guest'",
    "an office that is no code": "UPDATE participation SET office_type = 'king'",
    "a head count of zero": "UPDATE participation SET headcount = 0",
    "a negative head count": "UPDATE participation SET headcount = -3",
    "a participation of nobody": "UPDATE participation SET person_id = NULL, organization_id = NULL, name_as_printed = NULL",
    "a participation of a person who is not there": "UPDATE participation SET person_id = 'nobody'",
    "a participation in nothing": "UPDATE participation SET engagement_id = 'nothing'",
    "an outcome of no kind": "UPDATE outcome SET kind = 'handshake'",
    "an outcome of no status": "UPDATE outcome SET status = 'soon'",
    "an outcome without a title": "UPDATE outcome SET title_en = NULL",
    "an amount without a currency": "UPDATE outcome SET amount = '100'",
    "a currency without an amount": "UPDATE outcome SET currency = 'USD'",
    "a name of no kind": "UPDATE person_name SET kind = 'pseudonym'",
    "an external id of two owners": "UPDATE external_id SET person_id = (SELECT id FROM person)",
    "an external id of nobody": "UPDATE external_id SET engagement_id = NULL",
    "an external id a second time": "INSERT INTO external_id SELECT * FROM external_id",
    "an assertion about two": "UPDATE assertion SET person_id = (SELECT id FROM person)",
    "an assertion about nothing": "UPDATE assertion SET engagement_id = NULL",
    "a revision of no verb": "UPDATE revision SET verb = 'erase'",
    "a revision of no noun": "UPDATE revision SET noun = 'thing'",
    "a version a second time": "UPDATE revision SET version = 1, noun = 'person', record_id = 'x'",
    "a touch of nothing": "UPDATE touch SET key = NULL",
}


@pytest.fixture
def filled(desk: Desk) -> Desk:
    newsom = desk.person(names=[{"text": "뉴섬"}])
    asml, climate, article = desk.organization("ASML"), desk.topic("Climate"), desk.source()
    desk.topic("Energy")
    trip = desk.meeting("Trip", kind="trip")
    desk.meeting(
        parent=trip["id"],
        topics=[climate["id"]],
        external_ids=["gg-1"],
        participations=[{"side": "counterpart", "person": newsom["id"]}],
        outcomes=[{"kind": "mou", "title_en": "MOU", "parties": [asml["id"]]}],
        citations=[{"source": article["id"]}],
        assertions=[{"field": "when", "value": "2023"}],
    )
    return desk


@pytest.mark.parametrize("what", REFUSED)
def test_the_database_refuses(filled: Desk, what: str) -> None:
    before = filled.everything(), filled.row_counts()
    with pytest.raises(IntegrityError), filled.database.engine.begin() as connection:
        connection.execute(text(REFUSED[what]))
    assert (filled.everything(), filled.row_counts()) == before


@pytest.mark.parametrize("sql", ["UPDATE engagement SET mode = NULL", "UPDATE outcome SET status = NULL, title_ko = '협약'"])
def test_what_may_be_unknown_may_be_null(filled: Desk, sql: str) -> None:
    with filled.database.writing() as connection:
        assert connection.execute(text(sql)).rowcount >= 1


def test_every_code_of_every_list_can_be_kept(filled: Desk) -> None:
    checks = inspect(filled.database.engine)
    kept = {
        (table.name, column): field
        for field, listed in codes.FIELDS.items()
        for table in METADATA.sorted_tables
        for check in checks.get_check_constraints(table.name)
        for column in table.c.keys()  # noqa: SIM118  a collection of columns is not a mapping
        if check["name"] == f"ck_{table.name}_{column}" and set(quoted(check["sqltext"])) == set(listed)
    }
    assert set(kept.values()) == set(codes.FIELDS)
    with filled.database.writing() as connection:
        for (table_name, column), field in kept.items():
            for code in codes.FIELDS[field]:
                connection.execute(text(f"UPDATE {table_name} SET {column} = :code"), {"code": code})


def quoted(sql: str) -> list[str]:
    return sql.split("'")[1::2]


def test_an_engagement_takes_its_parts_with_it_and_leaves_those_it_referred_to(filled: Desk) -> None:
    with filled.database.writing() as connection:
        connection.execute(text("DELETE FROM engagement WHERE parent_id IS NOT NULL"))
    counts = filled.row_counts()
    parts = ("participation", "outcome", "outcome_party", "citation", "assertion", "external_id", "engagement_topic")
    assert [counts[table] for table in parts] == [0] * len(parts)
    assert [counts[table] for table in ("person", "organization", "topic", "source", "engagement")] == [1, 1, 2, 1, 1]


def test_every_noun_can_own_an_external_id(filled: Desk) -> None:
    columns = METADATA.tables["external_id"].c.keys()
    assert [f"{noun}_id" for noun in OWNERS] == [column for column in columns if column.endswith("_id")]
