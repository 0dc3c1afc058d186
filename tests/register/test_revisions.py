"""Revisions: every version of a record can be read again, and the changes lead from each to the next."""

from itertools import pairwise
from typing import Any

import pytest

from service.register.engagement import EngagementShape
from service.register.organization import OrganizationShape
from service.register.person import PersonShape
from service.register.reading.records import Noun
from service.register.source import SourceShape
from service.register.text import Shape
from service.register.topic import TopicShape
from service.register.verbs.journal import as_header, differences
from service.register.verbs.rows import HEADERS
from tests.register.desk import Desk, Record


def a_long_life(desk: Desk) -> tuple[str, list[Record]]:
    """An engagement that saw every verb; gives its id, and what could be read after each."""
    newsom, california = desk.person(), desk.organization()
    made = desk.meeting(when="2023-10~", participations=[{"side": "counterpart", "organization": california["id"]}])
    there, part = made["id"], made["participations"][0]["id"]
    read = [made]
    read.append(desk.revise("engagement", there, title_ko="면담", when="2023-10-31", place={"city": "Sacramento"}))
    read.append(desk.revise_part("engagement", there, "participations", part, person=newsom["id"]))
    desk.withdraw("engagement", there)
    read.append(desk.read("engagement", there))
    desk.restore("engagement", there)
    read.append(desk.read("engagement", there))
    other = desk.meeting("Told again", external_ids=["art-1"])
    read.append(desk.merge("engagement", other["id"], there))
    desk.unmerge("engagement", other["id"])
    read.append(desk.read("engagement", there))
    read.append(desk.remove_part("engagement", there, "participations", part))
    return there, read


def test_every_revision_can_be_read_again(desk: Desk) -> None:
    record_id, read = a_long_life(desk)
    revisions = desk.revisions("engagement", record_id)
    assert [revision["after"] for revision in revisions] == read
    assert [revision["version"] for revision in revisions] == list(range(1, 9))
    verbs = ["record", "revise", "revise", "withdraw", "restore", "merge", "unmerge", "revise"]
    assert [revision["verb"] for revision in revisions] == verbs


def test_the_changes_lead_from_each_version_to_the_next(desk: Desk) -> None:
    record_id, _ = a_long_life(desk)
    revisions = desk.revisions("engagement", record_id)
    for earlier, later in pairwise(revisions):
        state = {field: value for field, value in earlier["after"].items() if field not in ("version", "revised_at")}
        for change in later["changes"]:
            if change["field"] in state:
                assert state[change["field"]] == change["before"]
                state[change["field"]] = change["after"]
        assert state == {field: value for field, value in later["after"].items() if field not in ("version", "revised_at")}


def test_a_change_names_only_the_fields_that_differ(desk: Desk) -> None:
    made = desk.meeting(when="2023-10~", countries=["US"])
    desk.revise("engagement", made["id"], when="2023-10-31")
    changes: list[dict[str, Any]] = desk.revisions("engagement", made["id"])[-1]["changes"]
    assert {change["field"]: (change["before"], change["after"]) for change in changes} == {
        "when": ("2023-10~", "2023-10-31"),
        "when_start": ("2023-10-01", "2023-10-31"),
        "when_precision": ("month", "day"),
        "when_qualifier": ("approximate", "none"),
    }


def test_a_revision_says_who_when_and_why(desk: Desk) -> None:
    made = desk.meeting()
    desk.withdraw("engagement", made["id"])
    first, last = desk.revisions("engagement", made["id"])
    assert (last["actor"], last["reason"]) == ("test", "entered twice")
    assert first["at"] <= last["at"]
    assert last["at"].utcoffset().total_seconds() == 0


def test_a_new_record_differs_from_nothing() -> None:
    assert differences(None, {"id": "x", "title_en": "Meeting"}) == []


def test_bookkeeping_is_no_difference() -> None:
    before = {"title_en": "a", "version": 1, "revised_at": "x", "recorded_at": "x"}
    assert differences(before, {"title_en": "a", "version": 2, "revised_at": "y", "recorded_at": "z"}) == []


NEWSOM = {"name_en": "Newsom", "names": [{"text": "뉴섬"}, {"text": "Newsome", "kind": "misprint"}]}
ASML = {"name_en": "ASML", "kind": "company", "withheld": True, "names": [{"text": "에이에스엠엘"}]}
CALL = {"kind": "call", "title_ko": "통화", "when": "2023-10~", "countries": ["CA"], "external_ids": ["a:b", "c"]}


@pytest.mark.parametrize(
    ("noun", "shape", "fields"),
    [
        ("engagement", EngagementShape, CALL),
        ("engagement", EngagementShape, {"kind": "meeting", "title_en": "Meeting", "place": {"city": "Victoria"}}),
        ("person", PersonShape, NEWSOM),
        ("organization", OrganizationShape, ASML),
        ("topic", TopicShape, {"label_en": "Chips", "synonyms": ["반도체"]}),
        ("source", SourceShape, {"title": "기사", "url": "https://www.gg.go.kr/", "published": "2023-10"}),
    ],
)
def test_a_record_as_read_is_what_was_recorded(desk: Desk, noun: Noun, shape: type[Shape], fields: dict[str, Any]) -> None:
    (made,) = desk.record(shape.model_validate(fields))
    given = {field: value for field, value in as_header(noun, made).items() if value is not None}
    assert HEADERS[noun].model_validate(given) == HEADERS[noun].model_validate(fields)


def test_references_in_a_record_as_read_are_ids_again(desk: Desk) -> None:
    trip, climate = desk.meeting("Trip", kind="trip"), desk.topic()
    header = as_header("engagement", desk.meeting(parent=trip["id"], topics=[climate["id"]]))
    assert (header["parent"], header["topics"]) == (trip["id"], [climate["id"]])
