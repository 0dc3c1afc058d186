"""Withdrawn is not deleted: a record leaves, stays readable in its revisions, and comes back as it was."""

from collections.abc import Callable
from typing import Any

import pytest

from service.errors import Conflict, Gone, Merged, NotFound
from service.register.audience import OFFICE
from service.register.table import new_id
from service.register.verbs import revising
from tests.register.desk import Desk, Record, unversioned


@pytest.mark.parametrize("noun", ["engagement", "person", "organization", "topic", "source"])
def test_a_record_is_withdrawn_and_restored_as_it_was(desk: Desk, noun: Any) -> None:
    make: dict[str, Callable[..., Record]] = {
        "engagement": desk.meeting,
        "person": desk.person,
        "organization": desk.organization,
        "topic": desk.topic,
        "source": desk.source,
    }
    made = make[noun](external_ids=["gg-1"])
    desk.withdraw(noun, made["id"])
    with pytest.raises(Gone, match="was withdrawn: entered twice"), desk.database.reading() as connection:
        revising.require(connection, noun, [made["id"]], audience=OFFICE)
    desk.restore(noun, made["id"])
    restored = desk.read(noun, made["id"])
    assert unversioned(restored) == unversioned(made)
    assert [revision["verb"] for revision in desk.revisions(noun, made["id"])] == ["record", "withdraw", "restore"]
    assert restored["version"] == 3


def test_the_revisions_say_that_it_was_withdrawn_why_and_that_it_came_back(desk: Desk) -> None:
    made = desk.meeting()
    desk.withdraw("engagement", made["id"])
    desk.restore("engagement", made["id"])
    _, withdrawn, restored = desk.revisions("engagement", made["id"])
    assert withdrawn["changes"] == [{"field": "withdrawn", "before": False, "after": True}]
    assert withdrawn["reason"] == "entered twice"
    assert restored["changes"] == [{"field": "withdrawn", "before": True, "after": False}]


def test_what_is_withdrawn_is_not_withdrawn_again_and_what_is_there_not_restored(desk: Desk) -> None:
    made = desk.meeting()
    with pytest.raises(Conflict, match="is not withdrawn"):
        desk.restore("engagement", made["id"])
    desk.withdraw("engagement", made["id"])
    with pytest.raises(Gone):
        desk.withdraw("engagement", made["id"])
    for verb in (desk.withdraw, desk.restore):
        with pytest.raises(NotFound):
            verb("engagement", new_id())


def test_a_merged_record_is_neither_withdrawn_nor_restored(desk: Desk) -> None:
    hobbs, kathleen = desk.person("Katie Hobbs"), desk.person("Kathleen Hobbs")
    desk.merge("person", kathleen["id"], hobbs["id"])
    for verb in (desk.withdraw, desk.restore):
        with pytest.raises(Merged):
            verb("person", kathleen["id"])


def test_nothing_is_withdrawn_while_a_live_engagement_refers_to_it(desk: Desk) -> None:
    newsom, asml, lam, climate = desk.person(), desk.organization("ASML"), desk.organization("Lam"), desk.topic()
    cited, told, trip, signing = desk.source("a"), desk.source("b"), desk.meeting("Trip", kind="trip"), desk.meeting("Signing")
    used: list[tuple[Any, dict[str, Any]]] = [
        ("person", newsom),
        ("organization", asml),
        ("organization", lam),
        ("topic", climate),
        ("source", cited),
        ("source", told),
        ("engagement", trip),
        ("engagement", signing),
    ]
    user = desk.meeting(
        parent=trip["id"],
        topics=[climate["id"]],
        participations=[{"side": "counterpart", "person": newsom["id"], "organization": asml["id"]}],
        outcomes=[{"kind": "loi", "title_en": "x", "parties": [lam["id"]], "closed_by": signing["id"]}],
        citations=[{"source": cited["id"]}],
        assertions=[{"field": "when", "value": "2023", "source": told["id"]}],
    )
    for noun, record in used:
        with pytest.raises(Conflict, match=f"while the engagement {user['id']} refers to it"):
            desk.withdraw(noun, record["id"])
    desk.withdraw("engagement", user["id"])
    for noun, record in used:
        desk.withdraw(noun, record["id"])


def test_a_source_is_not_withdrawn_while_an_assertion_of_a_person_or_organization_rests_on_it(desk: Desk) -> None:
    for make in (desk.person, desk.organization):
        article = desk.source()
        made = make(assertions=[{"field": "name_ko", "value": "뉴섬", "source": article["id"]}])
        with pytest.raises(Conflict, match=made["id"]):
            desk.withdraw("source", article["id"])


def test_a_trip_and_its_engagements_are_withdrawn_and_restored_together(desk: Desk) -> None:
    trip = desk.meeting("Trip", kind="trip")
    meeting = desk.meeting(parent=trip["id"], outcomes=[{"kind": "mou", "title_en": "x", "closed_by": trip["id"]}])
    before = desk.everything()
    desk.withdraw("engagement", trip["id"], meeting["id"])
    desk.restore("engagement", meeting["id"], trip["id"])
    assert desk.everything() == before


def test_an_engagement_that_closed_its_own_outcome_can_be_withdrawn(desk: Desk) -> None:
    made = desk.meeting(outcomes=[{"kind": "mou", "title_en": "x"}])
    desk.revise_part("engagement", made["id"], "outcomes", made["outcomes"][0]["id"], closed_by=made["id"])
    desk.withdraw("engagement", made["id"])


def test_a_merged_engagement_holds_nobody_back(desk: Desk) -> None:
    newsom, survivor = desk.person(), desk.meeting("Survivor")
    twin = desk.meeting("Twin", participations=[{"side": "counterpart", "person": newsom["id"]}])
    desk.merge("engagement", twin["id"], survivor["id"])
    moved = desk.read("engagement", survivor["id"])["participations"][0]["id"]
    desk.remove_part("engagement", survivor["id"], "participations", moved)
    desk.withdraw("person", newsom["id"])


def test_an_engagement_is_not_restored_before_those_it_refers_to(desk: Desk) -> None:
    newsom = desk.person()
    made = desk.meeting(participations=[{"side": "counterpart", "person": newsom["id"]}])
    desk.withdraw("engagement", made["id"])
    desk.withdraw("person", newsom["id"])
    with pytest.raises(Conflict, match=f"The person '{newsom['id']}' was withdrawn; restore it first"):
        desk.restore("engagement", made["id"])
    desk.restore("person", newsom["id"])
    desk.restore("engagement", made["id"])


def test_one_that_cannot_be_withdrawn_keeps_all_of_them(desk: Desk) -> None:
    newsom, eby = desk.person("Gavin Newsom"), desk.person("David Eby")
    desk.meeting(participations=[{"side": "counterpart", "person": newsom["id"]}])
    before = desk.everything(), desk.row_counts()
    with pytest.raises(Conflict):
        desk.withdraw("person", eby["id"], newsom["id"])
    assert (desk.everything(), desk.row_counts()) == before


def test_an_external_id_of_a_withdrawn_record_stays_taken(desk: Desk) -> None:
    made = desk.meeting(external_ids=["gg-1"])
    desk.withdraw("engagement", made["id"])
    with pytest.raises(Conflict):
        desk.meeting(external_ids=["gg-1"])
