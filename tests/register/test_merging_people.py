"""Merging people and organizations: two records that are one become one, every old id stays good, and it can be undone."""

from typing import Any

import pytest

from service.errors import Conflict, Gone, Merged, NotFound
from service.register.audience import OFFICE
from service.register.table import new_id
from service.register.verbs import revising
from service.register.verbs.moving import LINKS
from service.schema import METADATA
from tests.register.desk import Desk, Record


def two_of_one(desk: Desk, noun: str) -> tuple[Record, Record]:
    make = desk.person if noun == "person" else desk.organization
    merged = make(
        "Kathleen Hobbs",
        name_ko="캐슬린 홉스",
        names=[{"text": "K. Hobbs", "kind": "as-printed"}, {"text": "홉스"}],
        external_ids=["gg:7", "wikidata:Q1"],
        assertions=[{"field": "name_ko", "value": "케이티 홉스"}],
    )
    survivor = make(
        "Katie Hobbs",
        name_ko="케이티 홉스",
        names=[{"text": "Gov. Hobbs"}],
        external_ids=["art:7"],
        assertions=[{"field": "name_en", "value": "Katie M. Hobbs"}],
    )
    return merged, survivor


@pytest.mark.parametrize("noun", ["person", "organization"])
def test_the_survivor_has_the_names_external_ids_assertions_and_engagements_of_both(desk: Desk, noun: Any) -> None:
    merged, survivor = two_of_one(desk, noun)
    first = desk.meeting("First", participations=[{"side": "counterpart", noun: merged["id"]}])
    second = desk.meeting("Second", participations=[{"side": "counterpart", noun: survivor["id"]}])
    one = desk.merge(noun, merged["id"], survivor["id"])
    names = [(name["text"], name["kind"], name["language"]) for name in one["names"]]
    assert names == [
        ("Gov. Hobbs", "alias", None),
        ("Kathleen Hobbs", "alias", "en"),
        ("캐슬린 홉스", "alias", "ko"),
        ("K. Hobbs", "as-printed", None),
        ("홉스", "alias", None),
    ]
    assert (one["name_en"], one["name_ko"]) == ("Katie Hobbs", "케이티 홉스")
    assert one["external_ids"] == ["art:7", "gg:7", "wikidata:Q1"]
    assert [assertion["value"] for assertion in one["assertions"]] == ["Katie M. Hobbs", "케이티 홉스"]
    for engagement in (first, second):
        assert desk.read("engagement", engagement["id"])["participations"][0][noun]["id"] == survivor["id"]


@pytest.mark.parametrize("noun", ["person", "organization"])
def test_unmerging_restores_every_record_exactly(desk: Desk, noun: Any) -> None:
    merged, survivor = two_of_one(desk, noun)
    desk.meeting("First", participations=[{"side": "counterpart", noun: merged["id"]}, {"side": "host", noun: survivor["id"]}])
    desk.meeting("Second", participations=[{"side": "counterpart", noun: survivor["id"]}])
    before = desk.everything()
    desk.merge(noun, merged["id"], survivor["id"])
    assert desk.everything() != before
    desk.unmerge(noun, merged["id"])
    assert desk.everything() == before


def test_the_preferred_names_that_the_survivor_has_already_are_not_added_again(desk: Desk) -> None:
    survivor = desk.person("Gavin Newsom", names=[{"text": "개빈 뉴섬"}])
    twin = desk.person("Gavin Newsom", name_ko="개빈 뉴섬")
    assert desk.merge("person", twin["id"], survivor["id"])["names"] == survivor["names"]


def test_the_merged_record_leads_to_the_survivor_and_cannot_be_worked_with(desk: Desk) -> None:
    merged, survivor = two_of_one(desk, "person")
    desk.merge("person", merged["id"], survivor["id"])
    with pytest.raises(Merged) as met, desk.database.reading() as connection:
        revising.require(connection, "person", [merged["id"]], audience=OFFICE)
    assert met.value.survivor == survivor["id"]
    with pytest.raises(Merged):
        desk.merge("person", merged["id"], survivor["id"])
    with pytest.raises(Merged):
        desk.merge("person", survivor["id"], merged["id"])


def test_both_records_and_the_engagements_that_changed_get_a_revision(desk: Desk) -> None:
    merged, survivor = two_of_one(desk, "person")
    met = desk.meeting("Met", participations=[{"side": "counterpart", "person": merged["id"]}])
    untouched = desk.meeting("Untouched", participations=[{"side": "counterpart", "person": survivor["id"]}])
    desk.merge("person", merged["id"], survivor["id"])
    assert [(one["verb"], one["version"]) for one in desk.revisions("person", merged["id"])] == [("record", 1), ("merge", 2)]
    changes = desk.revisions("person", merged["id"])[-1]["changes"]
    assert changes[0] == {"field": "merged_into", "before": None, "after": survivor["id"]}
    assert {change["field"] for change in changes} == {"merged_into", "names", "external_ids", "assertions"}
    assert [one["verb"] for one in desk.revisions("person", survivor["id"])] == ["record", "merge"]
    last = desk.revisions("engagement", met["id"])[-1]
    assert (last["verb"], last["reason"]) == ("revise", f"The person {merged['id']} was merged into {survivor['id']}")
    assert last["changes"][0]["after"][0]["person"]["id"] == survivor["id"]
    assert desk.read("engagement", untouched["id"])["version"] == 1

    desk.unmerge("person", merged["id"])
    last = desk.revisions("engagement", met["id"])[-1]
    assert last["changes"][0]["after"][0]["person"]["id"] == merged["id"]
    assert desk.read("engagement", untouched["id"])["version"] == 1
    assert desk.revisions("person", merged["id"])[-1]["changes"][0]["before"] == survivor["id"]


def test_an_organization_that_an_outcome_binds_is_merged_there_too(desk: Desk) -> None:
    merged, survivor = two_of_one(desk, "organization")
    asml = desk.organization("ASML")
    alone = desk.meeting("Alone", outcomes=[{"kind": "mou", "title_en": "x", "parties": [merged["id"], asml["id"]]}])
    both = desk.meeting(
        "Both", outcomes=[{"kind": "mou", "title_en": "x", "parties": [merged["id"], asml["id"], survivor["id"]]}]
    )
    before = desk.everything()
    desk.merge("organization", merged["id"], survivor["id"])
    bound = {
        title: [party["id"] for party in desk.read("engagement", engagement["id"])["outcomes"][0]["parties"]]
        for title, engagement in (("alone", alone), ("both", both))
    }
    assert bound == {"alone": [survivor["id"], asml["id"]], "both": [asml["id"], survivor["id"]]}
    assert desk.read("engagement", alone["id"])["version"] == 2
    desk.unmerge("organization", merged["id"])
    assert desk.everything() == before


def test_an_outcome_that_is_gone_meanwhile_is_not_bound_again(desk: Desk) -> None:
    merged, survivor = two_of_one(desk, "organization")
    both = desk.meeting(outcomes=[{"kind": "mou", "title_en": "x", "parties": [merged["id"], survivor["id"]]}])
    desk.merge("organization", merged["id"], survivor["id"])
    desk.remove_part("engagement", both["id"], "outcomes", both["outcomes"][0]["id"])
    desk.unmerge("organization", merged["id"])
    assert desk.read("engagement", both["id"])["outcomes"] == []


def test_mergers_in_a_row_lead_to_the_last_survivor_and_are_undone_from_the_last(desk: Desk) -> None:
    first, second, third = (desk.person(f"Kim Dong-yeon {n}", external_ids=[f"gg:{n}"]) for n in range(3))
    for person in (first, second, third):
        desk.meeting(f"Met {person['name_en']}", participations=[{"side": "host", "person": person["id"]}])
    states = [desk.everything()]
    desk.merge("person", first["id"], second["id"])
    states.append(desk.everything())
    last = desk.merge("person", second["id"], third["id"])
    assert last["external_ids"] == ["gg:2", "gg:1", "gg:0"]
    for old in (first, second):
        with pytest.raises(Merged) as met, desk.database.reading() as connection:
            revising.require(connection, "person", [old["id"]], audience=OFFICE)
        assert met.value.survivor == third["id"]

    with pytest.raises(Conflict, match=f"Unmerge {second['id']} first"):
        desk.unmerge("person", first["id"])
    desk.unmerge("person", second["id"])
    assert desk.everything() == states[1]
    with pytest.raises(Merged) as met, desk.database.reading() as connection:
        revising.require(connection, "person", [first["id"]], audience=OFFICE)
    assert met.value.survivor == second["id"]
    desk.unmerge("person", first["id"])
    assert desk.everything() == states[0]


def test_two_that_were_merged_into_one_can_be_taken_back_in_any_order(desk: Desk) -> None:
    survivor = desk.person("David Eby", external_ids=["a"])
    first, second = desk.person("Dave Eby", external_ids=["b", "c"]), desk.person("D. Eby", external_ids=["d"])
    desk.meeting(participations=[{"side": "host", "person": person["id"]} for person in (survivor, first, second)])
    before = desk.everything()
    desk.merge("person", first["id"], survivor["id"])
    desk.merge("person", second["id"], survivor["id"])
    desk.unmerge("person", first["id"])
    desk.unmerge("person", second["id"])
    assert desk.everything() == before


def test_a_survivor_that_was_revised_meanwhile_gives_back_what_was_not_its_own(desk: Desk) -> None:
    merged, survivor = two_of_one(desk, "person")
    met = desk.meeting(participations=[{"side": "counterpart", "person": merged["id"]}])
    desk.merge("person", merged["id"], survivor["id"])
    desk.revise("person", survivor["id"], note="Governor of Arizona", external_ids=["new:1", "gg:7", "wikidata:Q1", "art:7"])
    desk.revise_part("engagement", met["id"], "participations", met["participations"][0]["id"], office="Governor")
    desk.unmerge("person", merged["id"])
    restored, kept = desk.read("person", merged["id"]), desk.read("person", survivor["id"])
    assert (restored["names"], restored["external_ids"]) == (merged["names"], merged["external_ids"])
    assert restored["assertions"] == merged["assertions"]
    assert (kept["note"], kept["external_ids"]) == ("Governor of Arizona", ["new:1", "art:7"])
    assert [name["text"] for name in kept["names"]] == ["Gov. Hobbs"]
    there = desk.read("engagement", met["id"])["participations"][0]
    assert (there["person"]["id"], there["office"]) == (merged["id"], "Governor")


def test_what_was_given_to_somebody_else_meanwhile_is_not_taken_back(desk: Desk) -> None:
    merged, survivor = two_of_one(desk, "person")
    eby = desk.person("David Eby")
    met = desk.meeting(participations=[{"side": "counterpart", "person": merged["id"]}])
    desk.merge("person", merged["id"], survivor["id"])
    desk.revise_part("engagement", met["id"], "participations", met["participations"][0]["id"], person=eby["id"])
    desk.revise("person", survivor["id"], external_ids=["art:7"])
    desk.revise("person", eby["id"], external_ids=["gg:7"])
    desk.unmerge("person", merged["id"])
    assert desk.read("engagement", met["id"])["participations"][0]["person"]["id"] == eby["id"]
    assert desk.read("person", eby["id"])["external_ids"] == ["gg:7"]
    assert desk.read("person", merged["id"])["external_ids"] == []


def test_what_cannot_be_merged_says_why(desk: Desk) -> None:
    newsom, gone = desk.person("Gavin Newsom"), desk.person("Nobody")
    desk.withdraw("person", gone["id"])
    with pytest.raises(Conflict, match="into itself"):
        desk.merge("person", newsom["id"], newsom["id"])
    with pytest.raises(NotFound):
        desk.merge("person", new_id(), newsom["id"])
    for pair in ((gone["id"], newsom["id"]), (newsom["id"], gone["id"])):
        with pytest.raises(Gone):
            desk.merge("person", *pair)


def test_what_was_not_merged_or_was_taken_back_already_is_not_taken_back(desk: Desk) -> None:
    merged, survivor = two_of_one(desk, "person")
    with pytest.raises(NotFound, match="is not merged"):
        desk.unmerge("person", merged["id"])
    desk.merge("person", merged["id"], survivor["id"])
    with pytest.raises(NotFound):
        desk.unmerge("organization", merged["id"])
    desk.unmerge("person", merged["id"])
    with pytest.raises(NotFound):
        desk.unmerge("person", merged["id"])


def test_a_record_can_be_merged_again_after_it_was_taken_back(desk: Desk) -> None:
    merged, survivor = two_of_one(desk, "person")
    before = desk.everything()
    for _ in range(2):
        desk.merge("person", merged["id"], survivor["id"])
        desk.unmerge("person", merged["id"])
    assert desk.everything() == before


@pytest.mark.parametrize("noun", ["engagement", "person", "organization"])
def test_every_column_that_refers_to_a_record_is_moved_when_it_is_merged(noun: Any) -> None:
    referring = {
        (table.name, key.parent.name)
        for table in METADATA.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == noun
    }
    # Countries and topics are sets without ids: what only the merged engagement has is kept as an assertion.
    referring -= {("engagement_country", "engagement_id"), ("engagement_topic", "engagement_id")}
    assert {(link.table, link.column) for link in LINKS[noun]} == referring
