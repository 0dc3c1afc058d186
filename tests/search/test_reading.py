"""How a question is read: chips, what is left to be looked for, and what stays as it is."""

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.search.reading import Reading, read

TODAY = date(2025, 1, 15)


def reading(text: str, *as_words: str) -> Reading:
    return read(text, TODAY, as_words)


def chips(text: str, *as_words: str) -> list[tuple[str, str, str]]:
    return [(chip.field, chip.value, chip.text) for chip in reading(text, *as_words).chips]


@pytest.mark.parametrize(
    ("text", "left", "expected"),
    [
        ("미국 대사", "대사", [("country", "US", "미국")]),
        ("중국의 부총리", "부총리", [("country", "CN", "중국의")]),
        ("U.S. ambassador", "ambassador", [("country", "US", "U.S.")]),
        ("US ambassador", "ambassador", [("country", "US", "US")]),
        ("American governor May 2024", "governor", [("country", "US", "American"), ("when", "2024-05", "May 2024")]),
        ("Papua New Guinea", "", [("country", "PG", "Papua New Guinea")]),
        ("Hong Kong trade", "trade", [("country", "HK", "Hong Kong")]),
        ("독일 2023년", "", [("country", "DE", "독일"), ("when", "2023", "2023년")]),
        (
            "kind:면담 country:미국 2024",
            "",
            [("kind", "meeting", "kind:면담"), ("country", "US", "country:미국"), ("when", "2024", "2024")],
        ),
        ("outcome:MOU bio", "bio", [("outcome_kind", "mou", "outcome:MOU")]),
        ("나라:KR", "", [("country", "KR", "나라:KR")]),
        ('person:"Gavin Newsom" 기후', "기후", [("person", "gavin newsom", 'person:"Gavin Newsom"')]),
        ("인물:뉴섬", "", [("person", "뉴섬", "인물:뉴섬")]),
        ("종류:통화", "", [("kind", "call", "종류:통화")]),
        ("kind:video", "", [("kind", "videoconference", "kind:video")]),
    ],
)
def test_what_can_be_filtered_by_is_read(text: str, left: str, expected: list[tuple[str, str, str]]) -> None:
    assert reading(text).text == left
    assert chips(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "미국대사",
        "us",
        "Georgia governor",
        "New Mexico",
        "Inner Mongolia",
        "뉴 멕시코",
        "조지아 주지사",
        "company a",
        "한국",
        "country:Atlantis",
        "colour:red",
        "kind:signing",
        "http://us.example/2024",
        '"미국 2024"',
        "-미국",
        '-"May 2024"',
        "anti-American_thing",
    ],
)
def test_what_may_mean_something_else_stays_as_it_is(text: str) -> None:
    assert reading(text) == Reading(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("who met the governor of California", "governor California"),
        ("Mr. Newsom", "Newsom"),
        ("G. Newsom", "Newsom"),
        ("H.E. Ambassador Goldberg", "Ambassador Goldberg"),
        ("G.", "G."),
        ("When did the ambassador visit?", "ambassador"),
        ("누가 캘리포니아 주지사를 만났나", "캘리포니아 주지사를"),
        ("기후 관련 면담", "기후 면담"),
        ('the "state of the art"', '"state of the art"'),
        ("who", "who"),
        ("the", "the"),
        ("visit of students", "visit students"),
    ],
)
def test_words_that_only_ask_are_left_out(text: str, left: str) -> None:
    assert reading(text).text == left


def test_a_chip_that_was_removed_is_taken_as_words_and_one_that_was_stated_stays() -> None:
    assert chips("미국 2024", "country") == [("when", "2024", "2024")]
    assert chips("미국 2024", "country", "when") == []
    assert chips("country:미국", "country") == [("country", "US", "country:미국")]


def test_one_date_counts_and_the_other_is_looked_for() -> None:
    assert reading("2023년 2024년 예산") == Reading("2024년 예산", reading("2023년").chips)


def test_a_chip_says_what_it_is_called_in_both_languages() -> None:
    [chip] = reading("the American").chips
    assert (chip.label_en, chip.label_ko, chip.start, chip.end, chip.stated) == ("United States", "미국", 4, 12, False)


@given(st.one_of(st.text(), st.text(st.sampled_from('미국 U.S. 2024년 5월 country:US kind:"the who" -"'))))
@example('country:"')
def test_any_text_can_be_read_and_each_chip_stands_where_it_says(text: str) -> None:
    found = reading(text)
    for chip in found.chips:
        assert chip.text == text[chip.start : chip.end]
    assert all(one.end <= other.start for one, other in zip(found.chips, found.chips[1:], strict=False))
