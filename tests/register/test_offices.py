"""What an office is called in Korean, from its English title."""

import pytest

from service.register import codes, offices


@pytest.mark.parametrize(
    ("title", "office_type", "named"),
    [
        ("Senator", "legislator", "상원의원"),
        ("President", "head-of-state", "대통령"),
        ("President and CEO", "executive", "대표이사"),
        ("President", "academic", "총장"),
        ("Minister of Labour", "minister", "노동부 장관"),
        ("Minister of Foreign Affairs", "minister", "외교장관"),
        ("former Prime Minister", "head-of-government", "총리"),
        ("Lieutenant Governor", "deputy-governor", "부지사"),
        ("Secretary General", "international-official", "사무총장"),
    ],
)
def test_an_office_has_its_korean_name(title: str, office_type: str, named: str) -> None:
    assert named in offices.korean_titles(title, office_type)


@pytest.mark.parametrize(
    ("title", "office_type"),
    [("President", None), ("Presidential adviser", "executive"), ("hokim", "governor"), ("", None), ("경기도지사", "governor")],
)
def test_a_title_that_may_mean_anything_means_nothing(title: str, office_type: str | None) -> None:
    assert offices.korean_titles(title, office_type) == ()


def test_an_office_is_not_taken_for_another_that_only_begins_alike() -> None:
    assert "부총리" not in offices.korean_titles("Prime Minister", "head-of-government")
    assert "대통령" not in offices.korean_titles("President", "executive")


def test_every_office_type_that_a_title_is_meant_for_exists() -> None:
    titles, _ = offices._known()
    assert {each for title in titles for each in title.office_types} <= codes.OFFICE_TYPE.keys()
