"""Trips and delegations hold their engagements, and nothing holds itself."""

import pytest

from service.errors import Conflict, Invalid
from service.register.engagement import EngagementShape
from tests.register.desk import Desk


def test_an_engagement_is_not_its_own_parent(desk: Desk) -> None:
    meeting = desk.meeting()
    with pytest.raises(Invalid) as refused:
        desk.revise("engagement", meeting["id"], parent=meeting["id"])
    assert [(fault.pointer, fault.code) for fault in refused.value.faults] == [("#/parent", "cycle")]


def test_two_engagements_are_not_each_others_parent(desk: Desk) -> None:
    trip = desk.meeting("Trip", kind="trip")
    meeting = desk.meeting(parent=trip["id"])
    with pytest.raises(Invalid, match="cannot be its own parent"):
        desk.revise("engagement", trip["id"], parent=meeting["id"])
    assert desk.read("engagement", trip["id"])["parent"] is None


def test_a_long_chain_does_not_close(desk: Desk) -> None:
    chain = [desk.meeting("0", kind="trip")["id"]]
    for n in range(1, 30):
        chain.append(desk.meeting(str(n), parent=chain[-1])["id"])
    with pytest.raises(Invalid):
        desk.revise("engagement", chain[0], parent=chain[-1])
    with pytest.raises(Invalid):
        desk.revise("engagement", chain[10], parent=chain[20])
    assert desk.revise("engagement", chain[20], parent=chain[10])["parent"]["id"] == chain[10]


def test_an_engagement_moves_from_one_trip_to_another_and_leaves_it(desk: Desk) -> None:
    first, second = desk.meeting("Trip to the United States", kind="trip"), desk.meeting("Trip to Canada", kind="trip")
    meeting = desk.meeting(parent=first["id"])
    assert desk.revise("engagement", meeting["id"], parent=second["id"])["parent"]["title_en"] == "Trip to Canada"
    assert desk.revise("engagement", meeting["id"], parent=None)["parent"] is None


def test_a_circle_that_another_program_made_does_not_hang_the_check(desk: Desk) -> None:
    first, second, third = (desk.meeting(title)["id"] for title in "abc")
    with desk.database.writing() as connection:
        for child, parent in ((first, second), (second, first)):
            connection.exec_driver_sql(f"UPDATE engagement SET parent_id = '{parent}' WHERE id = '{child}'")
    assert desk.revise("engagement", third, parent=first)["parent"]["id"] == first


def test_merging_a_trip_moves_its_engagements_to_the_survivor_and_back(desk: Desk) -> None:
    trip, twin = desk.meeting("Trip", kind="trip"), desk.meeting("Trip again", kind="trip")
    meeting = desk.meeting(parent=twin["id"])
    before = desk.everything()
    desk.merge("engagement", twin["id"], trip["id"])
    moved = desk.read("engagement", meeting["id"])
    assert (moved["parent"]["id"], moved["version"]) == (trip["id"], 2)
    assert [change["field"] for change in desk.revisions("engagement", meeting["id"])[-1]["changes"]] == ["parent"]
    desk.unmerge("engagement", twin["id"])
    assert desk.everything() == before
    last = desk.revisions("engagement", meeting["id"])[-1]
    assert (last["version"], last["changes"][0]["after"]["id"]) == (3, twin["id"])


def test_a_trip_is_not_merged_into_one_of_its_own_parts(desk: Desk) -> None:
    trip = desk.meeting("Trip", kind="trip")
    leg = desk.meeting("Leg", kind="visit", parent=trip["id"])
    meeting = desk.meeting(parent=leg["id"])
    before = desk.everything(), desk.row_counts()
    for part in (leg, meeting):
        with pytest.raises(Conflict, match="cannot become a part of itself"):
            desk.merge("engagement", trip["id"], part["id"])
    assert (desk.everything(), desk.row_counts()) == before


def test_a_part_may_be_merged_into_its_trip_and_taken_back(desk: Desk) -> None:
    trip = desk.meeting("Trip", kind="trip")
    leg = desk.meeting("Leg", kind="visit", parent=trip["id"])
    meeting = desk.meeting(parent=leg["id"])
    before = desk.everything()
    merged = desk.merge("engagement", leg["id"], trip["id"])
    assert merged["parent"] is None
    assert "parent" not in {assertion["field"] for assertion in merged["assertions"]}
    assert desk.read("engagement", meeting["id"])["parent"]["id"] == trip["id"]
    desk.unmerge("engagement", leg["id"])
    assert desk.everything() == before


def test_a_merger_that_would_return_into_a_circle_is_not_undone(desk: Desk) -> None:
    tour, trip, twin = (desk.meeting(title, kind="trip") for title in ("Tour", "Trip", "Twin"))
    desk.revise("engagement", twin["id"], parent=tour["id"])
    leg = desk.meeting("Leg", kind="visit", parent=twin["id"])
    desk.merge("engagement", twin["id"], trip["id"])
    desk.revise("engagement", tour["id"], parent=leg["id"])
    before = desk.everything(), desk.row_counts()
    with pytest.raises(Conflict, match="belongs to one of its parts by now"):
        desk.unmerge("engagement", twin["id"])
    assert (desk.everything(), desk.row_counts()) == before


def test_many_engagements_share_a_parent(desk: Desk) -> None:
    trip = desk.meeting("Trip", kind="trip")
    parts = [EngagementShape(kind="meeting", title_en=f"Meeting {n}", parent=trip["id"]) for n in range(20)]
    assert {part["parent"]["id"] for part in desk.record(*parts)} == {trip["id"]}
    assert desk.read("engagement", trip["id"])["version"] == 1
