"""Recording: one or many in one transaction, with everything that belongs to them, and no reference to nothing."""

from typing import Any

import pytest

from service.database import Database
from service.errors import Conflict, Invalid
from service.register.engagement import EngagementShape, ParticipationShape
from service.register.person import PersonShape
from service.register.source import SourceShape
from service.register.table import new_id
from service.register.topic import TopicShape
from service.register.verbs import recording
from service.register.verbs.journal import Actor
from tests.register.desk import Desk

NOBODY = "01a2072e-ce22-70f0-89c5-5923ef79b856"


def refused_at(refused: Invalid | Conflict) -> list[tuple[str | None, str]]:
    return [(fault.pointer, fault.code) for fault in refused.faults]


def test_a_recorded_engagement_can_be_read_with_everything_that_belongs_to_it(desk: Desk) -> None:
    newsom = desk.person("Gavin Newsom", name_ko="개빈 뉴섬")
    california = desk.organization("State of California", level="subnational", country="US", subdivision="US-CA")
    climate = desk.topic("Climate", label_ko="기후")
    article = desk.source("김동연, 뉴섬 주지사와 면담", url="https://www.gg.go.kr/", grade="own-primary", language="ko")
    trip = desk.meeting("Trip to the United States", kind="trip", when="2023-10-30/2023-11-03")
    made = desk.meeting(
        title_ko="개빈 뉴섬 주지사 면담",
        when="2023-10~",
        place={"city": "Sacramento", "country": "US", "subdivision": "US-CA"},
        countries=["US", "KR"],
        topics=[climate["id"]],
        parent=trip["id"],
        external_ids=["gg-1", "wikidata:Q1"],
        participations=[
            {"side": "counterpart", "person": newsom["id"], "organization": california["id"], "office": "Governor"},
            {"side": "host", "name_as_printed": "김동연", "office_as_titled": "경기도지사", "headcount": 12},
        ],
        outcomes=[{"kind": "mou", "title_en": "MOU", "status": "signed", "parties": [california["id"]]}],
        citations=[{"source": article["id"], "quote": "기후위기 공동 대응"}],
        assertions=[{"field": "when", "value": "2023-11", "source": article["id"], "reason": "press release"}],
    )
    assert made == desk.read("engagement", made["id"])
    assert (made["when"], made["when_start"], made["when_end"]) == ("2023-10~", "2023-10-01", "2023-10-31")
    assert (made["when_precision"], made["when_qualifier"]) == ("month", "approximate")
    assert made["place"] == {"venue": None, "city": "Sacramento", "country": "US", "subdivision": "US-CA"}
    assert made["countries"] == ["US", "KR"]
    assert made["topics"] == [{"id": climate["id"], "label_en": "Climate", "label_ko": "기후"}]
    assert made["parent"] == {"id": trip["id"], "kind": "trip", "title_en": "Trip to the United States", "title_ko": None}
    assert made["external_ids"] == ["gg-1", "wikidata:Q1"]
    counterpart, host = made["participations"]
    assert counterpart["person"] == {"id": newsom["id"], "name_en": "Gavin Newsom", "name_ko": "개빈 뉴섬"}
    assert counterpart["organization"]["level"] == "subnational"
    assert (host["name_as_printed"], host["headcount"], host["person"], host["former"]) == ("김동연", 12, None, False)
    assert made["outcomes"][0]["parties"] == [{"id": california["id"], "name_en": "State of California", "name_ko": None}]
    assert made["citations"][0]["source"]["grade"] == "own-primary"
    assert made["assertions"][0]["value"] == "2023-11"
    assert made["version"] == 1
    assert made["recorded_at"] == made["revised_at"]


def test_people_and_organizations_are_recorded_with_their_names_and_what_sources_say(desk: Desk) -> None:
    kim = desk.person(
        "Kim Dong-yeon",
        name_ko="김동연",
        names=[
            {"text": "金東兗", "kind": "native", "language": "zh-Hant"},
            {"text": "Kim Dongyeon", "kind": "romanisation", "since": "2022-07"},
        ],
        assertions=[{"field": "name_en", "value": "Kim Dong-yun"}],
        external_ids=["wikidata:Q12588888"],
    )
    assert [(name["text"], name["kind"], name["since"]) for name in kim["names"]] == [
        ("金東兗", "native", None),
        ("Kim Dongyeon", "romanisation", "2022-07"),
    ]
    assert kim["assertions"][0]["value"] == "Kim Dong-yun"
    asml = desk.organization("ASML", kind="company", level="private", names=[{"text": "에이에스엠엘"}], withheld=True)
    assert (asml["kind"], asml["withheld"], asml["names"][0]["kind"]) == ("company", True, "alias")


def test_many_are_recorded_in_the_order_in_which_they_are_given(desk: Desk) -> None:
    made = desk.record(*(PersonShape(name_en=f"Delegate {n}", external_ids=[f"delegate:{n}"]) for n in range(50)))
    assert [record["name_en"] for record in made] == [f"Delegate {n}" for n in range(50)]
    assert sorted(record["id"] for record in made) == [record["id"] for record in made]


def test_one_of_many_may_refer_to_an_earlier_one(desk: Desk) -> None:
    trip_id, meeting_id = new_id(), new_id()
    trip = EngagementShape(kind="trip", title_en="Trip to Canada")
    meeting = EngagementShape(kind="meeting", title_en="Meeting with Premier David Eby", parent=trip_id)
    made = desk.record(trip, meeting, ids=[trip_id, meeting_id])
    assert made[1]["parent"]["id"] == trip_id


def test_a_parent_that_is_recorded_later_or_is_the_engagement_itself_is_refused(desk: Desk) -> None:
    first, second = new_id(), new_id()
    parts = [
        EngagementShape(kind="meeting", title_en="A", parent=second),
        EngagementShape(kind="meeting", title_en="B", parent=first),
    ]
    with pytest.raises(Invalid) as later:
        desk.record(*parts, ids=[first, second])
    assert refused_at(later.value) == [("#/0/parent", "order")]
    with pytest.raises(Invalid) as itself:
        desk.record(EngagementShape(kind="meeting", title_en="A", parent=first), ids=[first])
    assert refused_at(itself.value) == [("#/parent", "order")]


def test_an_id_given_for_an_engagement_is_not_that_of_a_person(desk: Desk) -> None:
    own = new_id()
    shape = EngagementShape(kind="meeting", title_en="A", participations=[ParticipationShape(side="host", person=own)])
    with pytest.raises(Invalid, match="no person with the id"):
        desk.record(shape, ids=[own])


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"parent": NOBODY}, "#/parent"),
        ({"topics": [NOBODY]}, "#/topics/0"),
        ({"participations": [{"side": "host", "headcount": 1}, {"side": "host", "person": NOBODY}]}, "#/participations/1/person"),
        ({"participations": [{"side": "host", "organization": NOBODY}]}, "#/participations/0/organization"),
        ({"citations": [{"source": NOBODY}]}, "#/citations/0/source"),
        ({"assertions": [{"field": "when", "value": "2023", "source": NOBODY}]}, "#/assertions/0/source"),
        ({"outcomes": [{"kind": "mou", "title_en": "x", "parties": [NOBODY]}]}, "#/outcomes/0/parties/0"),
        ({"outcomes": [{"kind": "mou", "title_en": "x", "closed_by": NOBODY}]}, "#/outcomes/0/closed_by"),
    ],
)
def test_a_reference_to_nothing_is_refused_where_it_stands(desk: Desk, fields: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        desk.meeting(**fields)
    assert refused_at(refused.value) == [(pointer, "unknown_id")]


def test_every_reference_to_nothing_is_told_at_once_with_the_number_of_its_shape(desk: Desk) -> None:
    good = EngagementShape(kind="meeting", title_en="A")
    bad = EngagementShape(kind="meeting", title_en="B", parent=NOBODY, topics=[NOBODY])
    with pytest.raises(Invalid) as refused:
        desk.record(good, bad)
    assert {pointer for pointer, _ in refused_at(refused.value)} == {"#/1/parent", "#/1/topics/0"}


def test_a_reference_to_a_withdrawn_record_is_refused(desk: Desk) -> None:
    climate = desk.topic("Climate")
    desk.withdraw("topic", climate["id"])
    with pytest.raises(Invalid, match="was withdrawn; restore it first"):
        desk.meeting(topics=[climate["id"]])


def test_a_reference_to_a_merged_record_is_followed_to_the_survivor(desk: Desk) -> None:
    hobbs, kathleen = desk.person("Katie Hobbs"), desk.person("Kathleen Hobbs")
    desk.merge("person", kathleen["id"], hobbs["id"])
    made = desk.meeting(participations=[{"side": "counterpart", "person": kathleen["id"]}])
    assert made["participations"][0]["person"]["id"] == hobbs["id"]


def test_a_reference_to_a_record_that_was_merged_into_a_withdrawn_one_is_refused(desk: Desk) -> None:
    hobbs, kathleen = desk.person("Katie Hobbs"), desk.person("Kathleen Hobbs")
    desk.merge("person", kathleen["id"], hobbs["id"])
    desk.withdraw("person", hobbs["id"])
    with pytest.raises(Invalid, match="was withdrawn"):
        desk.meeting(participations=[{"side": "counterpart", "person": kathleen["id"]}])


def test_an_external_id_names_one_record_of_the_whole_register(desk: Desk) -> None:
    newsom = desk.person("Gavin Newsom", external_ids=["gg-1", "wikidata:Q461391"])
    with pytest.raises(Conflict) as refused:
        desk.meeting(external_ids=["gg-2", "wikidata:Q461391"])
    assert refused_at(refused.value) == [("#/external_ids/1", "taken")]
    assert refused.value.members["holder"] == newsom["id"]


def test_the_same_key_in_another_system_is_another_external_id(desk: Desk) -> None:
    desk.person("Gavin Newsom", external_ids=["7"])
    assert desk.meeting(external_ids=["art:7", "gg:7"])["external_ids"] == ["art:7", "gg:7"]


def test_two_new_records_cannot_have_the_same_external_id(desk: Desk) -> None:
    with pytest.raises(Conflict) as refused:
        desk.record(PersonShape(name_en="A", external_ids=["x"]), PersonShape(name_en="B", external_ids=["y", "x"]))
    assert refused_at(refused.value) == [("#/1/external_ids/1", "taken")]


def test_what_is_listed_twice_is_kept_once(desk: Desk) -> None:
    climate = desk.topic("Climate")
    made = desk.meeting(external_ids=["x", "x"], countries=["US", "KR", "US"], topics=[climate["id"], climate["id"]])
    assert (made["external_ids"], made["countries"], len(made["topics"])) == (["x"], ["US", "KR"], 1)


def test_a_topic_has_its_english_label_for_itself(desk: Desk) -> None:
    climate = desk.topic("Climate")
    with pytest.raises(Conflict) as refused:
        desk.topic("Climate", label_ko="기후")
    assert refused_at(refused.value) == [("#/label_en", "taken")]
    assert refused.value.members["holder"] == climate["id"]
    with pytest.raises(Conflict):
        desk.record(TopicShape(label_en="Energy"), TopicShape(label_en="Energy"))
    assert desk.record(TopicShape(label_ko="기후"), TopicShape(label_ko="에너지"))


def test_a_year_before_a_thousand_is_kept_as_it_is(desk: Desk) -> None:
    made = desk.meeting("Embassy to Tang", when="0631")
    assert (made["when_start"], made["when_end"]) == ("0631-01-01", "0631-12-31")


def test_text_of_any_script_comes_back_as_it_went_in(desk: Desk) -> None:
    note = "“따옴표” \\ ' \" % _ : :x {} \t탭\n줄 𠮷 🇰🇷 </script>"
    made = desk.record(SourceShape(title="$1 %s :id ?", note=note))[0]
    assert (made["title"], made["note"]) == ("$1 %s :id ?", note)


def test_a_record_says_who_recorded_it(database: Database) -> None:
    with database.writing() as connection:
        made = recording.record(connection, "person", [PersonShape(name_en="David Eby")], by=Actor("seed", "first load"))
    (revision,) = Desk(database, Actor("test")).revisions("person", made[0]["id"])
    assert (revision["verb"], revision["version"], revision["actor"], revision["reason"]) == ("record", 1, "seed", "first load")
    assert revision["changes"] == []
    assert revision["after"] == made[0]
