"""The shapes in which things are recorded: nothing unknown, nothing converted, nothing that says nothing."""

from typing import Any

import pytest
from pydantic import ValidationError

from service.errors import Invalid
from service.register.assertion import AssertionShape
from service.register.engagement import EngagementShape, ParticipationShape, PlaceShape
from service.register.external_id import split
from service.register.name import NameShape
from service.register.organization import OrganizationShape
from service.register.outcome import MoneyShape, OutcomeShape
from service.register.person import PersonShape
from service.register.source import CitationShape, SourceShape
from service.register.text import Shape
from service.register.topic import TopicShape
from service.register.validation import checked, faults_of

SOME_ID = "01a2072e-ce22-70f0-89c5-5923ef79b856"

LEAST: list[tuple[type[Shape], dict[str, Any]]] = [
    (EngagementShape, {"kind": "meeting", "title_ko": "개빈 뉴섬 주지사 면담"}),
    (PersonShape, {"name_ko": "김동연"}),
    (OrganizationShape, {"name_en": "State of California"}),
    (TopicShape, {"label_en": "Semiconductors"}),
    (SourceShape, {"url": "https://www.gg.go.kr/"}),
    (SourceShape, {"title": "경기도뉴스포털"}),
    (CitationShape, {"source": SOME_ID}),
    (AssertionShape, {"field": "when", "value": "2023-11-07"}),
    (OutcomeShape, {"kind": "mou", "title_ko": "업무협약"}),
    (ParticipationShape, {"side": "counterpart", "headcount": 12}),
    (ParticipationShape, {"side": "host", "name_as_printed": "Kim Dong-yeon"}),
    (NameShape, {"text": "金東兗"}),
    (MoneyShape, {"currency": "KRW", "amount": "5300000000000"}),
]

SAYS_NOTHING: list[tuple[type[Shape], dict[str, Any]]] = [
    (EngagementShape, {"kind": "meeting"}),
    (PersonShape, {"nationality": "US"}),
    (OrganizationShape, {"country": "US"}),
    (TopicShape, {"synonyms": ["chips"]}),
    (SourceShape, {"publisher": "경기도"}),
    (OutcomeShape, {"kind": "mou"}),
    (ParticipationShape, {"side": "host", "office": "Governor"}),
]


@pytest.mark.parametrize(("shape", "values"), LEAST)
def test_the_least_that_can_be_recorded(shape: type[Shape], values: dict[str, Any]) -> None:
    made = shape.model_validate(values)
    assert {field: getattr(made, field) for field in values} == values


@pytest.mark.parametrize(("shape", "values"), SAYS_NOTHING)
def test_what_has_no_name_of_any_kind_is_refused(shape: type[Shape], values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="At least one of"):
        shape.model_validate(values)


@pytest.mark.parametrize(("shape", "values"), LEAST)
def test_an_unknown_field_is_refused(shape: type[Shape], values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="extra"):
        shape.model_validate({**values, "colour": "blue"})


@pytest.mark.parametrize(
    ("shape", "values"),
    [
        (EngagementShape, {"kind": "meeting", "title_en": 1}),
        (EngagementShape, {"kind": "meeting", "title_en": "x", "in_scope": "yes"}),
        (EngagementShape, {"kind": "meeting", "title_en": "x", "in_scope": 1}),
        (EngagementShape, {"kind": "meeting", "title_en": "x", "countries": "KR"}),
        (EngagementShape, {"kind": "meeting", "title_en": "x", "place": "Sacramento"}),
        (ParticipationShape, {"side": "host", "headcount": "12"}),
        (ParticipationShape, {"side": "host", "headcount": 12.0}),
        (ParticipationShape, {"side": "host", "headcount": True}),
        (OutcomeShape, {"kind": "mou", "title_en": "x", "amount": {"currency": "USD", "amount": 100}}),
        (TopicShape, {"label_en": "x", "synonyms": None}),
    ],
)
def test_nothing_is_converted_silently(shape: type[Shape], values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        shape.model_validate(values)


@pytest.mark.parametrize("headcount", [0, -1, 1_000_001])
def test_a_group_has_between_one_and_a_million_heads(headcount: int) -> None:
    with pytest.raises(ValidationError):
        ParticipationShape(side="host", headcount=headcount)


@pytest.mark.parametrize("amount", ["0", "0.5", "100", "5300000000000", "999999999999999999.9999"])
def test_an_amount_is_a_decimal_string(amount: str) -> None:
    assert MoneyShape(currency="KRW", amount=amount).amount == amount


@pytest.mark.parametrize("amount", ["", "-1", "1,000", "1.00000", "1e9", "01", ".5", "5.", "NaN", "１", "1" * 19])
def test_any_other_number_is_no_amount(amount: str) -> None:
    with pytest.raises(ValidationError):
        MoneyShape(currency="KRW", amount=amount)


@pytest.mark.parametrize("quantity", [-1, 2**53 + 1])
def test_a_quantity_is_one_that_every_client_can_read(quantity: int) -> None:
    with pytest.raises(ValidationError):
        OutcomeShape(kind="trade", title_en="Export deals", quantity=quantity)


def test_an_engagement_is_held_public_in_scope_and_of_unknown_direction_unless_it_says_otherwise() -> None:
    made = EngagementShape(kind="meeting", title_en="Meeting with Premier David Eby")
    assert (made.status, made.visibility, made.in_scope, made.direction) == ("held", "public", True, "unknown")


def test_a_shape_cannot_be_changed_afterwards() -> None:
    place: Any = PlaceShape(city="Victoria")
    with pytest.raises(ValidationError, match="frozen"):
        place.city = "Vancouver"


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("gg-1", ("", "gg-1")),
        ("wikidata:Q461391", ("wikidata", "Q461391")),
        ("urn:isbn:0451450523", ("urn", "isbn:0451450523")),
        (":x", ("", ":x")),
        ("x:", ("", "x:")),
        (":", ("", ":")),
    ],
)
def test_an_external_id_is_a_system_and_a_key_or_a_bare_key(written: str, parts: tuple[str, str]) -> None:
    assert split(written) == parts


def test_every_fault_has_a_pointer_a_code_and_what_would_be_right() -> None:
    with pytest.raises(Invalid) as refused:
        checked(
            EngagementShape,
            {
                "kind": "meetin",
                "title_en": "x",
                "place": {"country": "kr"},
                "participations": [{"side": "host", "headcount": 1}, {"side": "hots", "headcount": 1}],
                "a/b~c": 1,
            },
        )
    found = {fault.pointer: (fault.code, fault.detail) for fault in refused.value.faults}
    assert found["#/kind"] == ("unknown_code", "'meetin' is not known here; did you mean 'meeting'?")
    assert found["#/place/country"] == ("unknown_place", "'kr' is no ISO 3166-1 alpha-2 code; write 'KR'")
    assert found["#/participations/1/side"][1] == "'hots' is not known here; did you mean 'host'?"
    assert found["#/a~1b~0c"][0] == "extra_forbidden"


def test_no_more_than_fifty_faults_are_told() -> None:
    with pytest.raises(ValidationError) as refused:
        TopicShape.model_validate({"label_en": "x", "synonyms": [1] * 200})
    assert len(faults_of(refused.value)) == 50
