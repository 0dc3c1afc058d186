"""Merging engagements: one event told twice becomes one record, what it told differently is kept, and it can be undone."""

from typing import Any

import pytest

from service.errors import Conflict
from tests.register.desk import Desk, Record


def told_twice(desk: Desk) -> tuple[Record, Record]:
    """The office's record of a meeting, and an article's."""
    newsom, kim, asml = desk.person("Gavin Newsom"), desk.person("Kim Dong-yeon", name_ko="김동연"), desk.organization("ASML")
    office, article, blog = desk.source("도청"), desk.source("기사"), desk.source("블로그")
    climate, energy = desk.topic("Climate"), desk.topic("Energy")
    merged = desk.meeting(
        "Governors meet",
        title_ko="주지사 면담",
        when="2023-11",
        place={"city": "San Francisco", "country": "US"},
        countries=["US", "KR"],
        topics=[climate["id"], energy["id"]],
        external_ids=["art-7", "art-8"],
        mode="in-person",
        participations=[
            {"side": "host", "person": kim["id"], "office": "Governor"},
            {"side": "counterpart", "headcount": 5},
            {"side": "counterpart", "person": newsom["id"], "former": True},
            {"side": "third-party", "organization": asml["id"]},
        ],
        outcomes=[
            {"kind": "loi", "title_en": "Letter"},
            {"kind": "mou", "title_en": "MOU", "status": "signed", "amount": {"currency": "USD", "amount": "200"}},
            {"kind": "donation", "title_en": "Trees", "parties": [asml["id"]]},
        ],
        citations=[{"source": article["id"], "quote": "두 지사는"}, {"source": blog["id"]}],
        assertions=[{"field": "when", "value": "2023-12", "source": blog["id"]}],
    )
    survivor = desk.meeting(
        title_ko="주지사 면담",
        when="2023-10-31",
        place={"city": "Sacramento", "country": "US"},
        countries=["US"],
        topics=[climate["id"]],
        external_ids=["gg-1"],
        participations=[
            {"side": "counterpart", "person": newsom["id"]},
            {"side": "host", "person": kim["id"], "office": "Governor"},
        ],
        outcomes=[{"kind": "mou", "title_en": "MOU", "status": "agreed", "amount": {"currency": "USD", "amount": "100"}}],
        citations=[{"source": office["id"]}],
        assertions=[{"field": "place", "value": "San Francisco"}],
    )
    return merged, survivor


def test_what_only_one_of_them_tells_is_told_once_in_the_survivor(desk: Desk) -> None:
    merged, survivor = told_twice(desk)
    one = desk.merge("engagement", merged["id"], survivor["id"])
    assert (one["title_en"], one["when"]) == ("Meeting with Governor Gavin Newsom", "2023-10-31")
    who = [(part["side"], part["person"] and part["person"]["name_en"], part["headcount"]) for part in one["participations"]]
    assert who == [
        ("counterpart", "Gavin Newsom", None),
        ("host", "Kim Dong-yeon", None),
        ("counterpart", None, 5),
        ("third-party", None, None),
    ]
    assert [outcome["title_en"] for outcome in one["outcomes"]] == ["MOU", "Letter", "Trees"]
    assert [citation["source"]["title"] for citation in one["citations"]] == ["도청", "기사", "블로그"]
    assert one["external_ids"] == ["gg-1", "art-7", "art-8"]


def test_what_they_tell_differently_is_kept_as_an_assertion_with_the_merged_ones_source(desk: Desk) -> None:
    merged, survivor = told_twice(desk)
    one = desk.merge("engagement", merged["id"], survivor["id"])
    assert [(said["field"], said["value"]) for said in one["assertions"]] == [
        ("place", "San Francisco"),
        ("mode", "in-person"),
        ("title_en", "Governors meet"),
        ("when", "2023-11"),
        ("place", "San Francisco, US"),
        ("countries", "US, KR"),
        ("topics", "Climate, Energy"),
        ("participations/Gavin Newsom", "former: True"),
        ("outcomes/MOU", "status: signed; amount: USD, 200"),
        ("when", "2023-12"),
    ]
    added = one["assertions"][1]
    assert added["source"]["title"] == "기사"
    assert added["reason"] == f"Said by the record {merged['id']} that was merged into this one"


def test_unmerging_restores_every_record_exactly(desk: Desk) -> None:
    merged, survivor = told_twice(desk)
    closed = desk.meeting("Closed", outcomes=[{"kind": "loi", "title_en": "x", "closed_by": merged["id"]}])
    before = desk.everything()
    desk.merge("engagement", merged["id"], survivor["id"])
    assert desk.read("engagement", closed["id"])["outcomes"][0]["closed_by"] == survivor["id"]
    assert desk.read("engagement", closed["id"])["version"] == 2
    desk.unmerge("engagement", merged["id"])
    assert desk.everything() == before
    assert desk.read("engagement", closed["id"])["version"] == 3


def test_the_other_way_round_is_undone_as_exactly(desk: Desk) -> None:
    merged, survivor = told_twice(desk)
    before = desk.everything()
    desk.merge("engagement", survivor["id"], merged["id"])
    desk.unmerge("engagement", survivor["id"])
    assert desk.everything() == before


def test_two_equal_records_become_one_without_a_word(desk: Desk) -> None:
    asml, article = desk.organization("ASML"), desk.source()
    fields: dict[str, Any] = {
        "participations": [{"side": "counterpart", "organization": asml["id"]}, {"side": "host", "headcount": 3}],
        "outcomes": [{"kind": "mou", "title_en": "MOU", "parties": [asml["id"]]}],
    }
    first, second = desk.meeting(**fields), desk.meeting(**fields, citations=[{"source": article["id"]}])
    before = desk.everything()
    one = desk.merge("engagement", second["id"], first["id"])
    assert (one["participations"], one["outcomes"], one["assertions"]) == (first["participations"], first["outcomes"], [])
    assert [citation["source"]["id"] for citation in one["citations"]] == [article["id"]]
    desk.unmerge("engagement", second["id"])
    assert desk.everything() == before


def test_an_equal_outcome_with_other_parties_keeps_both_sides(desk: Desk) -> None:
    asml, lam = desk.organization("ASML"), desk.organization("Lam Research")
    first = desk.meeting(outcomes=[{"kind": "mou", "title_en": "MOU", "parties": [asml["id"]]}])
    second = desk.meeting(outcomes=[{"kind": "mou", "title_en": "MOU", "parties": [asml["id"], lam["id"]]}])
    one = desk.merge("engagement", second["id"], first["id"])
    assert [(said["field"], said["value"]) for said in one["assertions"]] == [("outcomes/MOU", "parties: ASML, Lam Research")]
    assert len(one["outcomes"]) == 1


def test_one_person_in_two_roles_stays_in_two_roles(desk: Desk) -> None:
    kim = desk.person("Kim Dong-yeon")
    roles = [{"side": "host", "person": kim["id"]}, {"side": "host", "person": kim["id"], "role": "signatory"}]
    bare, signed, full = (
        desk.meeting("Bare"),
        desk.meeting("Signed", participations=roles[1:]),
        desk.meeting("Full", participations=roles),
    )
    before = desk.everything()
    one = desk.merge("engagement", full["id"], bare["id"])
    assert [part["role"] for part in one["participations"]] == ["principal", "signatory"]
    desk.unmerge("engagement", full["id"])
    other = desk.merge("engagement", full["id"], signed["id"])
    assert sorted(part["role"] for part in other["participations"]) == ["principal", "signatory"]
    assert [said["field"] for said in other["assertions"]] == ["title_en"]
    desk.unmerge("engagement", full["id"])
    assert desk.everything() == before


def test_mergers_in_a_row_are_undone_in_a_row(desk: Desk) -> None:
    merged, survivor = told_twice(desk)
    last = desk.meeting("Third telling", external_ids=["x"], participations=[{"side": "counterpart", "headcount": 5}])
    states = [desk.everything()]
    desk.merge("engagement", merged["id"], survivor["id"])
    states.append(desk.everything())
    desk.merge("engagement", survivor["id"], last["id"])
    with pytest.raises(Conflict, match="first"):
        desk.unmerge("engagement", merged["id"])
    desk.unmerge("engagement", survivor["id"])
    assert desk.everything() == states[1]
    desk.unmerge("engagement", merged["id"])
    assert desk.everything() == states[0]


@pytest.mark.parametrize(("mine", "theirs"), [("confidential", "public"), ("confidential", "internal"), ("internal", "public")])
def test_what_few_may_see_is_not_merged_into_what_more_may_see(desk: Desk, mine: str, theirs: str) -> None:
    closed, opened = desk.meeting("Quiet talks", visibility=mine), desk.meeting("Talks", visibility=theirs)
    before = desk.everything(), desk.row_counts()
    with pytest.raises(Conflict, match="more people would see what it says"):
        desk.merge("engagement", closed["id"], opened["id"])
    assert (desk.everything(), desk.row_counts()) == before
    assert desk.merge("engagement", opened["id"], closed["id"])["visibility"] == mine


def test_a_part_that_was_taken_out_meanwhile_stays_out(desk: Desk) -> None:
    merged, survivor = told_twice(desk)
    one = desk.merge("engagement", merged["id"], survivor["id"])
    (letter,) = (outcome for outcome in one["outcomes"] if outcome["title_en"] == "Letter")
    desk.remove_part("engagement", survivor["id"], "outcomes", letter["id"])
    desk.unmerge("engagement", merged["id"])
    assert [outcome["title_en"] for outcome in desk.read("engagement", merged["id"])["outcomes"]] == ["MOU", "Trees"]
    assert [outcome["title_en"] for outcome in desk.read("engagement", survivor["id"])["outcomes"]] == ["MOU"]


def test_people_may_be_merged_while_their_engagements_are(desk: Desk) -> None:
    kim, dongyeon = desk.person("Kim Dong-yeon"), desk.person("Kim Dongyeon")
    first = desk.meeting("First", participations=[{"side": "host", "person": kim["id"]}])
    second = desk.meeting("Second", participations=[{"side": "host", "person": dongyeon["id"]}])
    before = desk.everything()
    desk.merge("engagement", second["id"], first["id"])
    desk.merge("person", dongyeon["id"], kim["id"])
    assert [part["person"]["id"] for part in desk.read("engagement", first["id"])["participations"]] == [kim["id"]] * 2
    desk.unmerge("engagement", second["id"])
    desk.unmerge("person", dongyeon["id"])
    assert desk.everything() == before
