"""Which records are hinted as duplicates of each other, on both databases: found, told apart, gone, and not to be seen."""

from typing import Any

import pytest

from service.register import likeness
from service.register.audience import EVERYBODY, OFFICE, Audience
from service.register.reading import duplicates
from service.register.reading.duplicates import Pair
from service.register.table import new_id
from tests.register.desk import Desk, Record


def candidates(desk: Desk, noun: Any, record: Record, audience: Audience = OFFICE) -> list[tuple[str, tuple[str, ...]]] | None:
    register = desk.database
    found = duplicates.find_candidates(register.ask, noun, record["id"], sqlite=register.is_sqlite, audience=audience)
    return None if found is None else [(each.record["id"], each.likeness.reasons) for each in found]


def pairs(desk: Desk, noun: Any, audience: Audience = OFFICE, limit: int = 50) -> list[Pair]:
    return duplicates.list_pairs(desk.database.ask, noun, limit, sqlite=desk.database.is_sqlite, audience=audience)


def ids(found: list[Pair]) -> list[list[str]]:
    return [[record["id"] for record in pair.records] for pair in found]


def two_newsoms(desk: Desk, **fields: Any) -> tuple[Record, Record]:
    return desk.person("Gavin Newsom", **fields), desk.person("NEWSOM, Gavin")


@pytest.mark.parametrize("noun", ["person", "organization"])
def test_the_best_candidate_comes_first_with_its_reasons(desk: Desk, noun: Any) -> None:
    make = desk.person if noun == "person" else desk.organization
    own = make("Lech Wałęsa Instytut", names=[{"text": "Walesa Institute"}])
    further = make("Another Walesa Centre", names=[{"text": "Lech Walesa-Instytut"}])
    same = make("LECH WALESA INSTYTUT")
    make("Lech Kaczyński Instytut")
    assert candidates(desk, noun, own) == [(same["id"], ("same-name",)), (further["id"], ("same-further-name",))]
    assert ids(pairs(desk, noun)) == [[own["id"], same["id"]], [own["id"], further["id"]], [further["id"], same["id"]]]
    assert ids(pairs(desk, noun, limit=1)) == [[own["id"], same["id"]]]


def test_an_office_held_at_an_engagement_is_evidence_and_hidden_where_the_engagement_is(desk: Desk) -> None:
    one, other = desk.person("Hobbs"), desk.person("HOBBS")
    office = {"side": "counterpart", "office": "Governor of Arizona"}
    desk.meeting("Open", participations=[{**office, "person": one["id"]}, {**office, "person": other["id"]}])
    assert candidates(desk, "person", one) == [(other["id"], ("same-family-name", "same-office"))]
    assert candidates(desk, "person", one, EVERYBODY) == candidates(desk, "person", one)
    assert ids(pairs(desk, "person", EVERYBODY)) == [[one["id"], other["id"]]]

    three, four = desk.person("Hochul"), desk.person("HOCHUL")
    for person in (three, four):
        seen = {"side": "counterpart", "person": person["id"]}
        desk.meeting("Seen", participations=[seen])
        desk.meeting("Secret", visibility="confidential", participations=[{**seen, "office": "Governor of New York"}])
    assert candidates(desk, "person", three) == [(four["id"], ("same-family-name", "same-office"))]
    assert candidates(desk, "person", three, EVERYBODY) == []
    assert [three["id"], four["id"]] not in ids(pairs(desk, "person", EVERYBODY))


def test_who_is_not_to_be_seen_is_neither_hinted_nor_asked_about(desk: Desk) -> None:
    own, secret = two_newsoms(desk)
    desk.meeting("Secret", visibility="confidential", participations=[{"side": "host", "person": secret["id"]}])
    assert candidates(desk, "person", own) == [(secret["id"], ("same-name",))]
    assert candidates(desk, "person", own, EVERYBODY) == []
    assert candidates(desk, "person", secret, EVERYBODY) is None
    assert pairs(desk, "person", EVERYBODY) == []


def test_what_is_withdrawn_or_merged_is_never_hinted(desk: Desk) -> None:
    own, gone = two_newsoms(desk)
    merged = desk.person("gavin newsom")
    desk.withdraw("person", gone["id"])
    desk.merge("person", merged["id"], own["id"])
    assert candidates(desk, "person", own) == []
    assert candidates(desk, "person", gone) is None
    assert candidates(desk, "person", merged) is None
    assert candidates(desk, "person", {"id": new_id()}) is None
    assert pairs(desk, "person") == []


@pytest.mark.parametrize("noun", ["person", "organization", "engagement"])
def test_two_that_somebody_unmerged_are_not_hinted_again(desk: Desk, noun: Any) -> None:
    make = {"person": desk.person, "organization": desk.organization, "engagement": desk.meeting}[noun]
    day = {"when": "2024-05-07"} if noun == "engagement" else {}
    one, other, third = (make("Gavin Newsom Centre", **day) for _ in range(3))
    assert len(pairs(desk, noun)) == 3
    desk.merge(noun, one["id"], other["id"])
    assert ids(pairs(desk, noun)) == [[other["id"], third["id"]]]
    desk.unmerge(noun, one["id"])
    assert ids(pairs(desk, noun)) == [[one["id"], third["id"]], [other["id"], third["id"]]]
    for record in (one, other):
        found = candidates(desk, noun, record)
        assert found is not None
        assert [key for key, _ in found] == [third["id"]]


def test_engagements_are_found_by_their_days_guests_and_titles(desk: Desk) -> None:
    guests = [{"side": "counterpart", "person": desk.person("Yuji Kuroiwa")["id"]}]
    host = {"side": "host", "person": desk.person("Kim Dong-yeon")["id"]}
    one = desk.meeting("Call on Governor Kuroiwa", when="2023-04-17", participations=[*guests, host])
    other = desk.meeting("Kanagawa meeting", when="2023-04-17~", participations=guests)
    month = desk.meeting("Call on Governor Kuroiwa", when="2023-04", participations=guests)
    desk.meeting("Visit to a plant", when="2023-04-17", participations=[host])
    desk.meeting("Call on Governor Kuroiwa", when="2023-05-17", participations=guests)
    desk.meeting("Call on Governor Kuroiwa", participations=guests)
    assert candidates(desk, "engagement", one) == [
        (month["id"], ("same-title", "shared-people", "overlapping-days")),
        (other["id"], ("same-day", "shared-people")),
    ]
    assert ids(pairs(desk, "engagement")) == [[one["id"], month["id"]], [one["id"], other["id"]]]


def test_a_trip_is_no_duplicate_of_its_own_parts(desk: Desk) -> None:
    trip = desk.meeting("Visit to Kanagawa", when="2023-04-17")
    desk.meeting("Visit to Kanagawa", when="2023-04-17", parent=trip["id"])
    assert pairs(desk, "engagement") == []
    assert candidates(desk, "engagement", trip) == []


@pytest.mark.parametrize(
    "name", ["'; DROP TABLE person; --", "%", "100% _x_ \\", '"quoted" name', "\u202eright to left", "İi Iı"]
)
def test_odd_names_are_compared_like_any_other(desk: Desk, name: str) -> None:
    one, other = desk.organization(f"{name} of Utah Centre"), desk.organization(f"{name} of Utah Centre")
    found = candidates(desk, "organization", one)
    assert found == [(other["id"], ("same-name",))]
    assert ids(pairs(desk, "organization")) == [[one["id"], other["id"]]]


def test_at_most_twenty_candidates_are_given(desk: Desk) -> None:
    first, *_ = (desk.person("Gavin Newsom") for _ in range(24))
    found = candidates(desk, "person", first)
    assert found is not None
    assert len(found) == duplicates.MOST_CANDIDATES


def test_a_record_with_very_many_long_names_costs_no_more_than_its_first_ones(desk: Desk) -> None:
    names = [{"text": f"{n} {'Gavin Newsom ' * 35}".strip()} for n in range(2_000)]
    own, other = (desk.person("Gavin Newsom", names=names) for _ in range(2))
    assert candidates(desk, "person", own) == [(other["id"], ("same-name",))]
    assert ids(pairs(desk, "person")) == [[own["id"], other["id"]]]
    assert len(likeness.keys("person", own)) <= likeness.MOST_NAMES * 2
