"""The parts of a record: participations, outcomes, citations and assertions come, change and go one by one."""

from typing import Any

import pytest

from service.errors import Gone, Invalid, NotFound
from service.register.assertion import AssertionShape
from service.register.engagement import ParticipationShape
from service.register.outcome import MoneyShape, OutcomeShape
from service.register.source import CitationShape
from service.register.table import new_id
from service.register.verbs.revising import Part, part_as_given
from tests.register.desk import Desk


def participation(**fields: Any) -> ParticipationShape:
    return ParticipationShape(**{"side": "counterpart", "name_as_printed": "Gavin Newsom", **fields})


def test_a_part_is_added_at_the_end_with_an_id_of_its_own(desk: Desk) -> None:
    made = desk.meeting(participations=[{"side": "host", "name_as_printed": "김동연"}])
    part_id, there = desk.add_part("engagement", made["id"], "participations", participation(office="Governor"))
    assert [part["name_as_printed"] for part in there["participations"]] == ["김동연", "Gavin Newsom"]
    assert there["participations"][1]["id"] == part_id
    assert there["participations"][0] == made["participations"][0]
    assert there["version"] == 2
    assert there == desk.read("engagement", made["id"])


def test_every_kind_of_part_can_be_added(desk: Desk) -> None:
    made, asml, article = desk.meeting(), desk.organization("ASML"), desk.source()
    mou = OutcomeShape(kind="mou", title_en="MOU", parties=[asml["id"]], amount=MoneyShape(currency="EUR", amount="100"))
    desk.add_part("engagement", made["id"], "outcomes", mou)
    desk.add_part("engagement", made["id"], "citations", CitationShape(source=article["id"], locator="§3"))
    said = AssertionShape(field="when", value="2023-11", source=article["id"])
    _, there = desk.add_part("engagement", made["id"], "assertions", said)
    assert there["outcomes"][0]["amount"] == {"currency": "EUR", "amount": "100"}
    assert there["outcomes"][0]["parties"][0]["name_en"] == "ASML"
    assert there["citations"][0]["locator"] == "§3"
    assert there["assertions"][0]["source"]["id"] == article["id"]
    assert there["version"] == 4


@pytest.mark.parametrize("noun", ["person", "organization"])
def test_people_and_organizations_have_assertions_of_their_own(desk: Desk, noun: Any) -> None:
    made = desk.person() if noun == "person" else desk.organization()
    part_id, there = desk.add_part(noun, made["id"], "assertions", AssertionShape(field="name_ko", value="뉴섬"))
    assert [part["id"] for part in there["assertions"]] == [part_id]
    assert desk.revise_part(noun, made["id"], "assertions", part_id, value="개빈 뉴섬")["assertions"][0]["value"] == "개빈 뉴섬"
    assert desk.remove_part(noun, made["id"], "assertions", part_id)["assertions"] == []


def test_a_part_is_revised_in_its_place(desk: Desk) -> None:
    made = desk.meeting(
        participations=[{"side": "host", "name_as_printed": "김동연"}, {"side": "counterpart", "name_as_printed": "Newsom"}]
    )
    first = made["participations"][0]["id"]
    there = desk.revise_part("engagement", made["id"], "participations", first, office="Governor", role="signatory")
    assert [part["id"] for part in there["participations"]] == [part["id"] for part in made["participations"]]
    assert (there["participations"][0]["office"], there["participations"][0]["role"]) == ("Governor", "signatory")
    assert there["participations"][1] == made["participations"][1]
    assert there["version"] == 2


def test_an_outcome_climbs_its_ladder_and_changes_its_parties_and_amount(desk: Desk) -> None:
    asml, lam, meeting = desk.organization("ASML"), desk.organization("Lam Research"), desk.meeting("Signing")
    loi = {"kind": "loi", "title_en": "Investment", "status": "loi", "parties": [asml["id"]]}
    made = desk.meeting(outcomes=[{**loi, "amount": {"currency": "USD", "amount": "100"}}])
    outcome = made["outcomes"][0]["id"]
    there = desk.revise_part(
        "engagement",
        made["id"],
        "outcomes",
        outcome,
        status="signed",
        parties=[lam["id"], asml["id"]],
        amount={"amount": "200"},
        closed_by=meeting["id"],
    )
    (revised,) = there["outcomes"]
    assert (revised["id"], revised["status"], revised["closed_by"]) == (outcome, "signed", meeting["id"])
    assert revised["amount"] == {"currency": "USD", "amount": "200"}
    assert [party["name_en"] for party in revised["parties"]] == ["Lam Research", "ASML"]
    cleared = desk.revise_part("engagement", made["id"], "outcomes", outcome, parties=[], amount=None)
    assert (cleared["outcomes"][0]["parties"], cleared["outcomes"][0]["amount"]) == ([], None)


def test_only_the_parties_of_an_outcome_may_change(desk: Desk) -> None:
    asml, lam = desk.organization("ASML"), desk.organization("Lam Research")
    made = desk.meeting(outcomes=[{"kind": "loi", "title_en": "Investment", "parties": [asml["id"], lam["id"]]}])
    outcome = made["outcomes"][0]["id"]
    there = desk.revise_part("engagement", made["id"], "outcomes", outcome, parties=[lam["id"], asml["id"]])
    assert ([party["name_en"] for party in there["outcomes"][0]["parties"]], there["version"]) == (["Lam Research", "ASML"], 2)


@pytest.mark.parametrize(
    ("part", "patch"),
    [
        ("participations", {}),
        ("participations", {"office": "Governor", "former": None, "note": None}),
        ("participations", {"office": " Governor "}),
        ("outcomes", {"status": "signed", "parties": None}),
        ("citations", {"quote": "기후위기"}),
    ],
)
def test_a_patch_of_a_part_that_changes_nothing_leaves_no_revision(desk: Desk, part: Part, patch: dict[str, Any]) -> None:
    article = desk.source()
    made = desk.meeting(
        participations=[{"side": "counterpart", "name_as_printed": "Newsom", "office": "Governor"}],
        outcomes=[{"kind": "mou", "title_en": "MOU", "status": "signed"}],
        citations=[{"source": article["id"], "quote": "기후위기"}],
    )
    assert desk.revise_part("engagement", made["id"], part, made[part][0]["id"], **patch) == made
    assert len(desk.revisions("engagement", made["id"])) == 1


def test_a_removed_part_is_gone_but_its_revision_still_shows_it(desk: Desk) -> None:
    made = desk.meeting(participations=[{"side": "host", "name_as_printed": "김동연"}, {"side": "counterpart", "headcount": 7}])
    first, second = made["participations"]
    there = desk.remove_part("engagement", made["id"], "participations", first["id"])
    assert there["participations"] == [second]
    last = desk.revisions("engagement", made["id"])[-1]
    assert last["changes"] == [{"field": "participations", "before": [first, second], "after": [second]}]


def test_a_removed_outcome_takes_its_parties_with_it(desk: Desk) -> None:
    asml = desk.organization("ASML")
    made = desk.meeting(outcomes=[{"kind": "mou", "title_en": "MOU", "parties": [asml["id"]]}])
    desk.remove_part("engagement", made["id"], "outcomes", made["outcomes"][0]["id"])
    assert (desk.row_counts()["outcome"], desk.row_counts()["outcome_party"]) == (0, 0)


def test_a_part_of_another_record_is_not_found(desk: Desk) -> None:
    mine = desk.meeting()
    other = desk.meeting("Other", participations=[{"side": "host", "headcount": 1}])
    for part_id in (other["participations"][0]["id"], new_id()):
        with pytest.raises(NotFound):
            desk.revise_part("engagement", mine["id"], "participations", part_id, note="x")
        with pytest.raises(NotFound):
            desk.remove_part("engagement", mine["id"], "participations", part_id)
    assert desk.read("engagement", other["id"]) == other


def test_a_part_with_a_wrong_value_or_a_reference_to_nothing_is_refused(desk: Desk) -> None:
    made = desk.meeting(participations=[{"side": "host", "headcount": 1}])
    part_id = made["participations"][0]["id"]
    with pytest.raises(Invalid) as nobody:
        desk.add_part("engagement", made["id"], "participations", participation(person=new_id()))
    assert [fault.pointer for fault in nobody.value.faults] == ["#/person"]
    with pytest.raises(Invalid) as unknown:
        desk.revise_part("engagement", made["id"], "participations", part_id, organization=new_id())
    assert [fault.pointer for fault in unknown.value.faults] == ["#/organization"]
    with pytest.raises(Invalid, match="At least one of"):
        desk.revise_part("engagement", made["id"], "participations", part_id, headcount=None)
    with pytest.raises(Invalid, match="did you mean 'office'"):
        desk.revise_part("engagement", made["id"], "participations", part_id, ofice=None)
    assert desk.read("engagement", made["id"]) == made


def test_a_part_follows_a_merged_reference(desk: Desk) -> None:
    hobbs, kathleen, made = desk.person("Katie Hobbs"), desk.person("Kathleen Hobbs"), desk.meeting()
    desk.merge("person", kathleen["id"], hobbs["id"])
    part_id, there = desk.add_part("engagement", made["id"], "participations", participation(person=kathleen["id"]))
    assert there["participations"][0]["person"]["id"] == hobbs["id"]
    again = desk.revise_part("engagement", made["id"], "participations", part_id, person=kathleen["id"])
    assert again == there


def test_parts_of_a_withdrawn_record_stay_as_they_are(desk: Desk) -> None:
    made = desk.meeting(participations=[{"side": "host", "headcount": 1}])
    desk.withdraw("engagement", made["id"])
    with pytest.raises(Gone):
        desk.add_part("engagement", made["id"], "participations", participation())
    with pytest.raises(Gone):
        desk.remove_part("engagement", made["id"], "participations", made["participations"][0]["id"])


def test_a_part_as_given_can_be_recorded_again(desk: Desk) -> None:
    newsom, asml, article = desk.person(), desk.organization("ASML"), desk.source()
    made = desk.meeting(
        participations=[{"side": "counterpart", "person": newsom["id"], "organization": asml["id"], "former": True}],
        outcomes=[{"kind": "mou", "title_en": "x", "amount": {"currency": "USD", "amount": "1"}, "parties": [asml["id"]]}],
        citations=[{"source": article["id"], "quote": "기후위기"}],
        assertions=[{"field": "when", "value": "2023", "source": article["id"]}],
    )
    parts = ("participations", "outcomes", "citations", "assertions")
    given: dict[str, Any] = {
        part: [{field: value for field, value in part_as_given(one).items() if value is not None} for one in made[part]]
        for part in parts
    }
    again = desk.meeting(**given)
    for part in parts:
        assert [one | {"id": None} for one in again[part]] == [one | {"id": None} for one in made[part]]
