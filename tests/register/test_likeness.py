"""What makes two records likely one, and what does not: names as different hands write them, places, days and guests."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.register import likeness, spelling
from service.register.likeness import LIKELY, Likeness

Record = dict[str, Any]


def person(name_en: str | None, name_ko: str | None = None, *further: str, **said: Any) -> Record:
    names = [{"text": text, "kind": "alias"} for text in further]
    return {"id": "p", "name_en": name_en, "name_ko": name_ko, "nationality": None, "offices": [], "names": names, **said}


def organization(name_en: str | None, name_ko: str | None = None, **said: Any) -> Record:
    empty: Record = dict.fromkeys(("kind", "level", "country", "subdivision"))
    return {"id": "o", "name_en": name_en, "name_ko": name_ko, "withheld": False, "names": [], **empty, **said}


def engagement(record_id: str, title: str, day: str | None = "2024-05-07", **said: Any) -> Record:
    days: Record = {"when_start": day, "when_end": day, "when_precision": "day" if day else "undated"}
    empty: Record = {"title_ko": None, "parent_id": None, "people": [], "organizations": [], "city": None, "country": None}
    return {"id": record_id, "kind": "meeting", "title_en": title, **days, **empty, **said}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Kim Dong-yeon", "Dongyeon Kim"),
        ("Kim Dong-yeon", "KIM, Dong Yeon"),
        ("Gavin Newsom", "Newsom Gavin"),
        ("Gov. Gavin Newsom", "Gov Gavin Newsom"),
        ("Lech Wałęsa", "lech walesa"),
        ("Nguyễn Xuân Phúc", "Nguyen Xuan Phuc"),
        ("Hichem M'Saad", "Hichem Msaad"),
        ("김동연", "김동연"),
        ("크리스 테일러", "크리스테일러"),
        ("George W. Bush", "George Bush"),
        ("Dr. Ana Mari Cauce", "Ana Mari Cauce"),
        ("Willard M. Burleson III", "Willard Burleson III"),
        ("何立峰", "何立峰"),
    ],
)
def test_one_name_in_different_hands_is_the_same(one: str, other: str) -> None:
    assert spelling.is_same(spelling.person(one), spelling.person(other))
    assert likeness.people(person(one), person(other)).reasons == ("same-name",)
    assert likeness.people(person(one), person(other)).is_likely


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (person("Newsom"), person("Newsom")),
        (person(None, "홉스"), person(None, "홉스")),
        (person("Kim Dong-yeon"), person("Kim Min-su")),
        (person("Kim Min-su"), person("Kim Min-ju")),
        (person("Li Wei"), person("Li Fei")),
        (person(None, "김동연"), person(None, "김동현")),
        (person("George Bush"), person("George Bush Jr.")),
        (person("George Bush", "조지 부시"), person("George Bush Jr.", "조지 부시")),
        (person("John Smith Sr."), person("John Smith Jr.")),
        (person("Willard Burleson II"), person("Willard Burleson III")),
        (person("George H. Bush"), person("George W. Bush")),
        (person("Kim Jung-hyun"), person("Kim Jung-hyuk")),
        (person("John Kerry", nationality="US"), person("John Kerry", nationality="GB")),
        (person("Newsom", nationality="US", offices=["Governor"]), person("Newsom", nationality="US", offices=["Governor"])),
        (person("J."), person("J.")),
        (person("!"), person("!")),
    ],
)
def test_a_family_name_a_generation_or_a_near_name_alone_is_no_hint(one: Record, other: Record) -> None:
    assert not likeness.people(one, other).is_likely


def test_who_is_printed_with_and_without_a_generation_is_known_by_either() -> None:
    burleson = person("Willard Burleson", None, "Willard M. Burleson III")
    assert likeness.people(burleson, person("Willard Burleson")).is_likely
    assert likeness.people(burleson, person("Willard Burleson III")) == Likeness(0.8, ("same-further-name",))


def test_an_office_that_says_where_it_is_makes_a_family_name_or_a_near_name_likely() -> None:
    office: Record = {"offices": ["Governor of Arizona"]}
    hobbs = likeness.people(person("Hobbs", **office), person(None, None, "Hobbs", **office))
    assert (hobbs.is_likely, hobbs.reasons) == (True, ("same-family-name", "same-office"))
    assert likeness.people(person("Kim Jung-hyun", **office), person("Kim Jung-hyon", **office)).is_likely


def test_what_else_is_the_same_adds_to_the_score_and_says_so() -> None:
    newsom = person("Gavin Newsom", "개빈 뉴섬", nationality="US", offices=["Governor of California"])
    found = likeness.people(newsom, {**newsom, "name_en": "Newsom, Gavin"})
    assert found == Likeness(0.99, ("same-name", "same-office", "same-nationality"))
    slip = likeness.people(person("Gretchen Whitmer", nationality="US"), person("Gretchen Whitner", nationality="US"))
    assert slip == Likeness(0.72, ("near-name", "same-nationality"))


def test_a_quite_different_name_in_the_other_language_speaks_against_it() -> None:
    assert not likeness.people(person("Li Wei", "리웨이"), person("Li Wei", "이위청룡")).is_likely


@pytest.mark.parametrize(
    ("one", "other", "likely"),
    [
        (organization("Applied Materials, Inc."), organization("Applied Materials"), True),
        (organization("Province of British Columbia"), organization("British Columbia Province"), True),
        (organization("U.S. Seventh Air Force"), organization("US Seventh Air Force"), True),
        (organization("IBM", country="US"), organization("IBM"), True),
        (organization(None, "주식회사 요즈마그룹"), organization(None, "요즈마그룹㈜"), True),
        (organization("Universitty of Cambridge", country="GB"), organization("University of Cambridge", country="GB"), True),
        (organization("Embassy of Austria"), organization("Embassy of Australia"), False),
        (
            organization("Hebei Provincial Government", country="CN"),
            organization("Hubei Provincial Government", country="CN"),
            False,
        ),
        (organization("UNFCCC Conference COP26"), organization("UNFCCC Conference COP27"), False),
        (organization("City of Portland", subdivision="US-OR"), organization("City of Portland", subdivision="US-ME"), False),
        (organization("Company A", withheld=True), organization("Company A", withheld=True), False),
    ],
)
def test_which_organizations_are_likely_one(one: Record, other: Record, likely: bool) -> None:
    found = likeness.organizations(one, other)
    assert found.is_likely is likely, found


def test_an_abbreviation_alone_is_no_hint() -> None:
    short: Record = {"names": [{"text": "KEI", "kind": "abbreviation"}], "country": "US"}
    assert not likeness.organizations(
        organization("Korea Economic Institute", **short), organization("Kent Eels Inc", **short)
    ).is_likely


def test_a_near_title_or_the_same_guests_on_the_same_day_are_likely_one() -> None:
    one = engagement("a", "Meeting with Governor Gavin Newsom", people=["n"], organizations=["c"])
    titled = engagement("b", "Meeting with Governor Gavin Newsome", people=["n"])
    assert likeness.engagements(one, titled).reasons[:2] == ("near-title", "same-day")
    guests = engagement("b", "Talks on climate", people=["n"], organizations=["c"])
    assert likeness.engagements(one, guests) == Likeness(0.81, ("same-day", "shared-people", "shared-organizations"))


@pytest.mark.parametrize(
    "other",
    [
        engagement("b", "Meeting with Governor Inslee", people=["i"]),
        engagement("b", "Meeting with Governor Newsom", "2024-05-08", people=["n"]),
        engagement("b", "Meeting with Governor Newsom", None, people=["n"]),
        engagement("b", "Dinner at the residence of the consul general", kind="event", people=["n"]),
        engagement("b", "Meeting with Governor Newsom", people=["n"], parent_id="a"),
    ],
)
def test_other_guests_another_day_or_a_part_of_the_trip_is_another_engagement(other: Record) -> None:
    one = engagement("a", "Meeting with Governor Newsom", people=["n"])
    assert not likeness.engagements(one, other).is_likely
    assert not likeness.engagements(other, one).is_likely


NAMES = st.text(st.sampled_from("abeio kmn-.'ł동연김 JrI2"), max_size=16) | st.text(max_size=12)
PEOPLE = st.builds(
    person,
    st.none() | NAMES,
    st.none() | NAMES,
    NAMES,
    nationality=st.sampled_from([None, "KR", "US"]),
    offices=st.lists(st.sampled_from(["Governor", "Governor of Utah", "경기도지사"])),
)
DAYS = st.sampled_from([None, "2024-05-07", "2024-05-08", "2024-12-31"])
ENGAGEMENTS = st.builds(
    engagement,
    st.sampled_from("abc"),
    NAMES,
    DAYS,
    people=st.lists(st.sampled_from("xyz")),
    parent_id=st.sampled_from([None, "a"]),
)


@given(PEOPLE, PEOPLE)
def test_likeness_is_the_same_both_ways_and_within_its_bounds(one: Record, other: Record) -> None:
    found = likeness.people(one, other)
    assert found == likeness.people(other, one)
    assert 0 <= found.score <= 0.99


@given(ENGAGEMENTS, ENGAGEMENTS)
def test_likeness_of_engagements_is_the_same_both_ways(one: Record, other: Record) -> None:
    assert likeness.engagements(one, other) == likeness.engagements(other, one)


@given(PEOPLE, PEOPLE)
def test_whoever_is_likely_one_is_found_by_a_key(one: Record, other: Record) -> None:
    if likeness.people(one, other).score >= LIKELY:
        assert not likeness.keys("person", one).isdisjoint(likeness.keys("person", other))


@given(ENGAGEMENTS, ENGAGEMENTS)
def test_engagements_that_are_likely_one_are_found_by_a_key(one: Record, other: Record) -> None:
    if likeness.engagements(one, other).score >= LIKELY:
        assert not likeness.keys("engagement", one).isdisjoint(likeness.keys("engagement", other))


@given(NAMES.filter(lambda name: len(spelling.person(name).words) > 1 and spelling.person(name).full))
def test_capitals_and_the_order_of_the_words_do_not_count(name: str) -> None:
    plain = spelling.person(name)
    turned = " ".join((*plain.words[1:], plain.words[0])).title()
    assert spelling.is_same(plain, spelling.person(name.upper())) or name.upper().lower() != name.lower()
    if spelling.person(turned).words == (*plain.words[1:], plain.words[0]) and not plain.generation:
        assert spelling.is_same(plain, spelling.person(turned))


@given(NAMES, st.integers(0, 15), st.sampled_from("abz"))
def test_a_near_name_is_among_those_that_are_looked_at(name: str, place: int, letter: str) -> None:
    slipped = name[:place] + letter + name[place + 1 :]
    one, other = spelling.person(name), spelling.person(slipped)
    if spelling.is_same(one, other) or spelling.is_near(one, other):
        assert not set(spelling.keys(one)).isdisjoint(spelling.keys(other))
        assert spelling.named_alike("person", [name], [slipped, "Xanthippe"]) >= {0}
