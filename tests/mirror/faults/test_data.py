"""Faults of the data: documents that an engine refuses, and values of which no document can be made."""

from math import ceil, log2

import pytest
from sqlalchemy import text

from service.database import Database
from service.mirror import status
from service.mirror.keeper import Keeper
from service.register.engagement import EngagementShape
from service.register.verbs import recording
from service.register.verbs.journal import Actor
from service.search import document
from tests.mirror.conftest import record_meeting
from tests.mirror.faults.proof import counted, prove, retitle
from tests.mirror.hands import Raw, another_program
from tests.mirror.memory_engine import MemoryEngine

HALVINGS = ceil(log2(500))


def record_meetings(database: Database, by: Actor, how_many: int) -> list[str]:
    shapes = [EngagementShape(kind="meeting", title_en=f"Meeting {n}") for n in range(how_many)]
    with database.writing() as connection:
        return sorted(str(made["id"]) for made in recording.record(connection, "engagement", shapes, by=by))


def dead(database: Database) -> dict[str, str | None]:
    return {each.document_id: each.code for each in status.dead(database)}


@pytest.mark.scenario(41)
def test_one_refused_document_in_the_middle_of_five_hundred_costs_the_others_a_few_requests(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    meetings = record_meetings(database, by, 500)
    culprit = meetings[250]
    engine.instance.poison, engine.instance.poison_code = {culprit}, "invalid_document_geo_field"
    after = prove(keeper)
    assert (after.dead, after.documents, dead(database)) == (1, 499, {culprit: "invalid_document_geo_field"})
    assert counted(database, "deaths", "invalid_document_geo_field") == 1
    # Of each pair of halves one fails; alone the culprit is refused twice, and the second time in a batch of its own.
    assert len(engine.instance.requests) <= 1 + 2 * HALVINGS + 1
    assert counted(database, "batches", "failed") <= HALVINGS + 2

    engine.instance.poison = set()
    retitle(database, by, culprit, "With the right place")
    assert (prove(keeper).dead, len(engine.documents)) == (0, 500)


@pytest.mark.scenario(42)
@pytest.mark.parametrize("places", [(0, 499), (249, 250)], ids=["far apart", "neighbours"])
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_two_refused_documents_of_one_batch_are_both_found(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, places: tuple[int, int]
) -> None:
    meetings = record_meetings(database, by, 500)
    engine.instance.poison = {meetings[place] for place in places}
    after = prove(keeper)
    assert (after.dead, set(dead(database))) == (2, engine.instance.poison)
    assert counted(database, "deaths", "invalid_document_fields") == 2
    assert len(engine.instance.requests) <= 1 + 2 * (2 * HALVINGS + 1)


@pytest.mark.scenario(43)
def test_a_batch_that_fails_for_another_senders_document_blames_none_of_its_own(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    """A server that works tasks off together lets all of them fail for one bad place, with the same code for everybody."""
    record_meetings(database, by, 8)
    alone = "invalid_document_geo_field"
    engine.instance.task_errors = [alone, alone, alone, alone]
    after = prove(keeper)
    assert (after.dead, after.documents) == (0, 8)
    assert (counted(database, "deaths", alone), counted(database, "batches", "failed")) == (0, 4)


@pytest.mark.scenario(44)
@pytest.mark.parametrize("strange", ["a b", "회의", "../../etc", "x" * 512, "dot.dot", "quote'"])
def test_a_document_whose_id_no_engine_takes_is_set_aside_without_being_sent(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, strange: str
) -> None:
    kept = record_meeting(database, by, "Kept")
    Raw(database).insert("engagement", {"id": strange, "kind": "meeting", "title_en": "Made by another program"})
    after = prove(keeper)
    assert (after.dead, dead(database)) == (1, {strange: "invalid_document_id"})
    assert [ids for _, _, ids in engine.instance.requests] == [(kept,)]
    assert counted(database, "deaths", "invalid_document_id") == 1


@pytest.mark.scenario(45)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_document_of_five_megabytes_goes_alone_and_one_that_no_engine_takes_is_set_aside(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    small, large, larger = (record_meeting(database, by, title) for title in ("Small", "Large", "Larger"))
    write_summary(database, large, 5)
    write_summary(database, larger, 11)
    after = prove(keeper)
    assert (after.dead, dead(database)) == (1, {larger: "document_too_large"})
    assert len(engine.documents[large]["summaries"][0]) >= 5_000_000
    assert [set(ids) for _, _, ids in engine.instance.requests] == [{small}, {large}]


def write_summary(database: Database, meeting: str, megabytes: int) -> None:
    summary = "An agreement on trade. " * (megabytes * 1_000_000 // 23 + 1)
    with database.writing() as connection:
        connection.execute(text("UPDATE engagement SET summary_en = :it WHERE id = :id"), {"it": summary, "id": meeting})


ODD_TEXTS = {
    "right to left": "لقاء مع الحاكم \u202eabc",
    "emoji": "👩🏽‍🤝‍👨🏻 meeting 🇰🇷",
    "decomposed": "김동연 지사",
    "composed": "김동연 지사",
    "beyond the BMP": "𠮷野家 𝔐",
    "noncharacters": "a\ufffe\uffffb",
    "controls": "a\x01\x1f\x7f\u2028b",
}


@pytest.mark.scenario(46)
def test_odd_text_that_another_program_wrote_arrives_as_it_is(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine
) -> None:
    hand = Raw(database)
    for number, odd in enumerate(ODD_TEXTS.values()):
        hand.insert("engagement", {"id": f"odd-{number}", "kind": "meeting", "title_en": odd})
    assert prove(keeper).dead == 0
    assert engine.titles() == set(ODD_TEXTS.values())


UNREADABLE = {
    "half a pair of surrogates": "title_en = CAST(x'eda080' AS TEXT)",
    "bytes that are no text": "title_en = CAST(x'80ff' AS TEXT)",
    "no date": "when_edtf = 'yesterday'",
    "infinity": "version = 9e999",
}


@pytest.mark.scenario(46)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("what", UNREADABLE)
def test_a_value_of_which_no_document_can_be_made_sets_its_own_document_aside(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, what: str
) -> None:
    meetings = record_meetings(database, by, 9)
    with another_program(database) as connection:
        connection.execute(f"UPDATE engagement SET {UNREADABLE[what]} WHERE id = ?", [meetings[4]])
        connection.commit()
    after = prove(keeper)
    assert (after.dead, set(dead(database)), set(engine.documents)) == (1, {meetings[4]}, set(meetings) - {meetings[4]})


@pytest.mark.scenario(46)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_number_that_no_engine_keeps_exact_sets_its_document_aside(
    database: Database, by: Actor, keeper: Keeper, engine: MemoryEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, far = record_meeting(database, by, "Kept"), record_meeting(database, by, "Far away")
    build = document.build
    monkeypatch.setattr(document, "build", lambda it: build(it) | ({"start_day": 2**60} if it["record"]["id"] == far else {}))
    after = prove(keeper)
    assert (after.dead, dead(database), set(engine.documents)) == (1, {far: "integer_too_large"}, {kept})
