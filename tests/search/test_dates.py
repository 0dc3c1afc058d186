"""Dates in the words of a question."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.register import when
from service.search.dates import dates

TODAY = date(2025, 1, 15)


def found(text: str) -> list[tuple[str, str]]:
    return [(text[each.start : each.end], each.edtf) for each in dates(text, TODAY)]


@pytest.mark.parametrize(
    ("text", "named", "edtf"),
    [
        ("2024년 5월 14일 면담", "2024년 5월 14일", "2024-05-14"),
        ("2024년 5월에 만난", "2024년 5월에", "2024-05"),
        ("2023년11월", "2023년11월", "2023-11"),
        ("2023년의 방문", "2023년의", "2023"),
        ("2024년도 성과", "2024년도", "2024"),
        ("2024년 상반기", "2024년 상반기", "2024-01/2024-06"),
        ("2024년 3분기 방문", "2024년 3분기", "2024-07/2024-09"),
        ("2022년부터 2024년까지", "2022년부터 2024년까지", "2022/2024"),
        ("2022년~2023년", "2022년~2023년", "2022/2023"),
        ("meeting May 14, 2024", "May 14, 2024", "2024-05-14"),
        ("14th of May 2024", "14th of May 2024", "2024-05-14"),
        ("visit in Sept. 2023", "Sept. 2023", "2023-09"),
        ("MAY 2024", "MAY 2024", "2024-05"),
        ("first half of 2024", "first half of 2024", "2024-01/2024-06"),
        ("Q4 2023", "Q4 2023", "2023-10/2023-12"),
        ("2024-05-14", "2024-05-14", "2024-05-14"),
        ("2024.5.14.", "2024.5.14.", "2024-05-14"),
        ("2024.5", "2024.5", "2024-05"),
        ("2023-10/2024-04", "2023-10/2024-04", "2023-10/2024-04"),
        ("../2023", "../2023", "../2023"),
        ("from 2023 to 2024", "from 2023 to 2024", "2023/2024"),
        ("2023-2024", "2023-2024", "2023/2024"),
        ("2023..2024", "2023..2024", "2023/2024"),
        ("Davos 2024", "2024", "2024"),
        ("작년 방문", "작년", "2024"),
        ("지난달에", "지난달에", "2024-12"),
        ("last year", "last year", "2024"),
        ("this month", "this month", "2025-01"),
        ("어제", "어제", "2025-01-14"),
    ],
)
def test_a_date_is_read(text: str, named: str, edtf: str) -> None:
    assert found(text) == [(named, edtf)]


@pytest.mark.parametrize(
    "text",
    [
        "gg-2024-05-14-hobbs",
        "https://example.org/2024/05/14",
        "1024",
        "20245",
        "G2024",
        "2024년생",
        "2024-13-01",
        "2024-2023",
        "may",
        "5월",
        "작년생",
        "the last yearbook",
    ],
)
def test_what_is_none_is_left_alone(text: str) -> None:
    assert found(text) == []


def test_each_is_found_once_and_the_longest_reading_counts() -> None:
    assert found("2023년 11월, May 2024") == [("2023년 11월", "2023-11"), ("May 2024", "2024-05")]


@given(st.text(st.sampled_from("0123456789년월일 .-/~?MayQ상반기")))
def test_whatever_is_found_lies_in_the_text_and_is_a_date_of_the_calendar(text: str) -> None:
    for each in dates(text, TODAY):
        assert 0 <= each.start < each.end <= len(text)
        assert when.parse(each.edtf).precision != "undated"
