"""The subdivisions whose names are kept: which ones, in both languages, and that no name misleads."""

import re
import unicodedata
from collections import Counter

import pycountry
import pytest

from service.register import places

WHOLE = ("US", "CA", "CN", "JP", "VN", "DE", "FR", "PL", "IN", "ID", "TH", "AU", "KR")
"""Countries of whose every first-level subdivision the names are kept."""

OF_THE_RECORDS = ("AE", "AT", "CH", "ES", "GB", "IL", "KG", "KH", "MN", "NL", "PE", "PH", "RS", "SE", "SG", "TW", "UZ")

LEFT_OUT = {"CN-TW", "FR-CP", "FR-TF", "US-UM"}
"""One that ISO 3166-1 has as a country, and three where nobody lives."""

KEPT = places.subdivisions_kept()


def first_level(country: str) -> set[str]:
    """Of Indonesia ISO 3166-2 has islands above the provinces."""
    found = pycountry.subdivisions.get(country_code=country)
    return {each.code for each in found if bool(each.parent_code) == (country == "ID")} - LEFT_OUT


@pytest.mark.parametrize("country", [*WHOLE, *OF_THE_RECORDS])
def test_every_first_level_subdivision_has_its_names_in_both_languages(country: str) -> None:
    assert {code for code in KEPT if code.startswith(f"{country}-")} == first_level(country)
    for code in first_level(country):
        name = places.subdivision(code)
        assert name is not None
        assert name.en, code
        assert re.search("[가-힣]", name.ko or ""), code


def test_a_name_is_given_once_and_as_text() -> None:
    for code, name in KEPT.items():
        said = [name.en, name.ko, *name.others]
        assert all(each == unicodedata.normalize("NFC", (each or "").strip()) for each in said), code
        assert [each for each, times in Counter(said).items() if times > 1] == [], code


def test_two_subdivisions_of_a_country_are_not_called_the_same() -> None:
    called = Counter((code[:2], name.en) for code, name in KEPT.items())
    assert [each for each, times in called.items() if times > 1] == []
    korean = Counter((code[:2], name.ko) for code, name in KEPT.items())
    # Shanxi and Shaanxi are one word in Korean letters; the old reading of their characters tells them apart.
    assert [each for each, times in korean.items() if times > 1] == [("CN", "산시성")]
    assert "산서성" in KEPT["CN-SX"].others
    assert "섬서성" in KEPT["CN-SN"].others


def test_postal_codes_that_are_words_or_countries_are_not_kept() -> None:
    short = {other for name in KEPT.values() for other in name.others if re.fullmatch("[A-Z]{1,2}", other)}
    assert short == {"BC", "DC"}


def test_a_state_is_not_the_country_of_its_name_nor_the_capital() -> None:
    assert KEPT["US-GA"].en == "Georgia (U.S. state)"
    assert KEPT["US-WA"].en == "Washington (U.S. state)"
    assert KEPT["US-DC"].en == "District of Columbia"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("US-CA", "캘리포니아주"),
        ("CA-BC", "BC주"),
        ("CN-LN", "랴오닝성"),
        ("CN-LN", "요녕성"),
        ("JP-14", "가나가와현"),
        ("JP-14", "神奈川"),
        ("PL-02", "돌노실롱스크주"),
        ("DE-BY", "Bayern"),
        ("VN-SG", "호치민시"),
        ("ID-JB", "서자바주"),
        ("KR-45", "전북특별자치도"),
        ("KR-45", "전라북도"),
    ],
)
def test_a_subdivision_is_called_what_the_press_calls_it(code: str, name: str) -> None:
    kept = KEPT[code]
    assert name in (kept.en, kept.ko, *kept.others)
