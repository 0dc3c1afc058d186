"""Revising: a merge patch says what becomes of a record's own fields, and only what changes is changed."""

from typing import Any

import pytest

from service.errors import Conflict, Gone, Invalid, Merged, NotFound
from service.register.table import new_id
from service.register.verbs import revising
from service.register.verbs.revising import merge_patch
from tests.register.desk import Desk


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        # RFC 7396, appendix A; null stays in place here, where the field's own default takes over.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {"a": None}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d", "c": None}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b"}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": 1}}}, {"a": {"bb": {"ccc": 1}}}),
    ],
)
def test_a_merge_patch_is_applied_as_the_standard_says(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result


def test_what_is_named_is_set_and_the_rest_stays(desk: Desk) -> None:
    made = desk.meeting(when="2023-10~", note="by telephone?", countries=["US"])
    revised = desk.revise("engagement", made["id"], title_ko="개빈 뉴섬 주지사 면담", when="2023-10-31")
    assert (revised["title_ko"], revised["when_start"], revised["when_qualifier"]) == (
        "개빈 뉴섬 주지사 면담",
        "2023-10-31",
        "none",
    )
    assert (revised["note"], revised["countries"], revised["version"]) == ("by telephone?", ["US"], 2)
    assert revised == desk.read("engagement", made["id"])


def test_null_removes_what_was_there(desk: Desk) -> None:
    made = desk.meeting(when="2023-10~", title_ko="면담", place={"city": "Sacramento"}, mode="in-person")
    revised = desk.revise("engagement", made["id"], when=None, title_ko=None, place=None, mode=None)
    assert (revised["when"], revised["when_start"], revised["when_precision"]) == (None, None, "undated")
    assert (revised["title_ko"], revised["place"], revised["mode"]) == (None, None, None)


def test_null_brings_back_the_default_of_a_field_that_has_one(desk: Desk) -> None:
    made = desk.meeting(visibility="internal", direction="outbound", in_scope=False, countries=["US"])
    revised = desk.revise("engagement", made["id"], visibility=None, direction=None, in_scope=None, countries=None)
    assert (revised["visibility"], revised["direction"], revised["in_scope"], revised["countries"]) == (
        "public",
        "unknown",
        True,
        [],
    )


def test_a_field_that_has_to_be_there_cannot_be_removed(desk: Desk) -> None:
    made = desk.meeting()
    for patch in ({"kind": None}, {"title_en": None}):
        with pytest.raises(Invalid):
            desk.revise("engagement", made["id"], **patch)


def test_a_place_is_revised_part_by_part(desk: Desk) -> None:
    made = desk.meeting(place={"city": "Sacramento", "country": "US", "venue": "State Capitol"})
    revised = desk.revise("engagement", made["id"], place={"venue": None, "subdivision": "US-CA"})
    assert revised["place"] == {"venue": None, "city": "Sacramento", "country": "US", "subdivision": "US-CA"}


def test_a_list_is_replaced_whole(desk: Desk) -> None:
    climate, energy = desk.topic("Climate"), desk.topic("Energy")
    made = desk.meeting(countries=["US", "KR"], topics=[climate["id"]], external_ids=["a", "b"])
    revised = desk.revise(
        "engagement", made["id"], countries=["CA"], topics=[energy["id"], climate["id"]], external_ids=["b", "c"]
    )
    assert revised["countries"] == ["CA"]
    assert [topic["label_en"] for topic in revised["topics"]] == ["Energy", "Climate"]
    assert revised["external_ids"] == ["b", "c"]


def test_a_name_that_stays_in_the_list_keeps_its_id(desk: Desk) -> None:
    made = desk.person("Gavin Newsom", names=[{"text": "Gavin C. Newsom"}, {"text": "개빈 뉴섬"}])
    first, second = (name["id"] for name in made["names"])
    revised = desk.revise("person", made["id"], names=[{"text": "뉴섬"}, {"text": "개빈 뉴섬"}, {"text": "Gavin C. Newsom"}])
    assert [name["id"] for name in revised["names"]][1:] == [second, first]
    assert revised["names"][0]["id"] not in (first, second)


def test_revising_one_field_leaves_the_names_as_they_are(desk: Desk) -> None:
    made = desk.person("Gavin Newsom", names=[{"text": "개빈 뉴섬"}])
    revised = desk.revise("person", made["id"], note="Governor since 2019")
    assert revised["names"] == made["names"]
    assert [change["field"] for change in desk.revisions("person", made["id"])[-1]["changes"]] == ["note"]


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"title_en": "Meeting with Governor Gavin Newsom"},
        {"title_en": "  Meeting with Governor Gavin Newsom "},
        {"note": None},
        {"place": {"city": "Sacramento"}},
        {"place": {"venue": None}},
        {"countries": ["US"]},
        {"countries": ["US", "US"]},
        {"external_ids": ["gg:1", "gg:1"]},
        {"direction": None},
        {"when": "2023-10~", "kind": "meeting", "in_scope": True},
    ],
)
def test_a_patch_that_changes_nothing_leaves_no_revision(desk: Desk, patch: dict[str, Any]) -> None:
    made = desk.meeting(when="2023-10~", place={"city": "Sacramento"}, countries=["US"], external_ids=["gg:1"])
    before = desk.row_counts()
    assert desk.revise("engagement", made["id"], **patch) == made
    assert len(desk.revisions("engagement", made["id"])) == 1
    assert desk.row_counts() == before


def test_a_place_of_which_nothing_is_known_is_no_place(desk: Desk) -> None:
    made = desk.meeting()
    assert desk.revise("engagement", made["id"], place={"city": None}) == made
    there = desk.revise("engagement", made["id"], place={"city": "Sacramento"})
    assert there["place"]["city"] == "Sacramento"
    assert desk.revise("engagement", made["id"], place={"city": None})["place"] is None


def test_unicode_forms_of_the_same_title_are_no_change(desk: Desk) -> None:
    made = desk.meeting("김동연 지사 면담")
    assert desk.revise("engagement", made["id"], title_en="김동연 지사 면담") == made


@pytest.mark.parametrize("value", ["x", None])
def test_an_unknown_field_is_refused_also_when_it_is_to_be_removed(desk: Desk, value: str | None) -> None:
    made = desk.meeting()
    with pytest.raises(Invalid) as refused:
        desk.revise("engagement", made["id"], titel_en=value)
    (fault,) = refused.value.faults
    assert (fault.pointer, fault.detail) == ("#/titel_en", "There is no field 'titel_en'; did you mean 'title_en'?")


def test_parts_are_not_revised_by_a_patch_of_the_record(desk: Desk) -> None:
    made = desk.meeting()
    with pytest.raises(Invalid, match="There is no field 'participations'"):
        desk.revise("engagement", made["id"], participations=[])


def test_a_wrong_value_is_refused_and_nothing_changes(desk: Desk) -> None:
    made = desk.meeting()
    with pytest.raises(Invalid):
        desk.revise("engagement", made["id"], title_ko="면담", when="last week")
    assert desk.read("engagement", made["id"]) == made


def test_many_records_are_revised_together_or_not_at_all(desk: Desk) -> None:
    first, second = desk.meeting("First"), desk.meeting("Second")
    with desk.database.writing() as connection:
        both = revising.revise(
            connection, "engagement", {first["id"]: {"note": "a"}, second["id"]: {"title_en": "Second"}}, by=desk.by
        )
    assert (both[first["id"]]["version"], both[second["id"]]) == (2, second)
    before = desk.everything(), desk.row_counts()
    patches: dict[str, dict[str, Any]] = {first["id"]: {"note": "b"}, second["id"]: {"topics": [new_id()]}}
    with pytest.raises(Invalid), desk.database.writing() as connection:
        revising.revise(connection, "engagement", patches, by=desk.by)
    assert (desk.everything(), desk.row_counts()) == before


def test_an_external_id_that_another_record_has_is_refused_and_ones_own_is_kept(desk: Desk) -> None:
    newsom, meeting = desk.person("Gavin Newsom", external_ids=["x"]), desk.meeting(external_ids=["y"])
    with pytest.raises(Conflict) as refused:
        desk.revise("engagement", meeting["id"], external_ids=["y", "x"])
    assert [fault.pointer for fault in refused.value.faults] == ["#/external_ids/1"]
    assert refused.value.members["holder"] == newsom["id"]
    desk.revise("person", newsom["id"], external_ids=[])
    assert desk.revise("engagement", meeting["id"], external_ids=["y", "x"])["external_ids"] == ["y", "x"]


def test_a_topic_cannot_take_the_label_of_another(desk: Desk) -> None:
    climate, energy = desk.topic("Climate"), desk.topic("Energy")
    with pytest.raises(Conflict) as refused:
        desk.revise("topic", energy["id"], label_en="Climate")
    assert refused.value.members["holder"] == climate["id"]
    assert desk.revise("topic", energy["id"], label_en="Energy", synonyms=["전력"])["synonyms"] == ["전력"]


def test_a_parent_that_was_merged_is_followed_to_its_survivor(desk: Desk) -> None:
    trip, twin = desk.meeting("Trip", kind="trip"), desk.meeting("Trip again", kind="trip")
    desk.merge("engagement", twin["id"], trip["id"])
    meeting = desk.meeting()
    assert desk.revise("engagement", meeting["id"], parent=twin["id"])["parent"]["id"] == trip["id"]


def test_what_cannot_be_revised_says_why(desk: Desk) -> None:
    hobbs, kathleen, gone = desk.person("Katie Hobbs"), desk.person("Kathleen Hobbs"), desk.person("Nobody")
    desk.merge("person", kathleen["id"], hobbs["id"])
    desk.withdraw("person", gone["id"])
    with pytest.raises(NotFound):
        desk.revise("person", new_id(), note="x")
    with pytest.raises(Gone, match="was withdrawn: entered twice"):
        desk.revise("person", gone["id"], note="x")
    with pytest.raises(Merged) as merged:
        desk.revise("person", kathleen["id"], note="x")
    assert (merged.value.survivor, merged.value.noun) == (hobbs["id"], "person")
