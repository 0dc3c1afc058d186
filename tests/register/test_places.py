"""Countries, subdivisions and currencies: ISO codes as the standards write them, with names in both languages."""

import re
from typing import Any

import pycountry
import pytest
from pydantic import TypeAdapter, ValidationError

from service.register import places
from service.register.money import Currency
from service.register.places import CountryCode, PlaceName, SubdivisionCode


def refusal(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    return str(refused.value.errors()[0]["msg"])


def test_every_country_has_an_english_and_a_korean_name() -> None:
    assert len(places.countries()) >= 249
    for code, name in places.countries().items():
        assert re.fullmatch("[A-Z]{2}", code)
        assert name.en
        assert name.ko, code
        assert re.search("[가-힣]", name.ko), code


@pytest.mark.parametrize(
    ("code", "en", "ko"),
    [
        ("KR", "South Korea", "대한민국"),
        ("KP", "North Korea", "북한"),
        ("US", "United States", "미국"),
        ("CA", "Canada", "캐나다"),
    ],
)
def test_a_country_is_called_what_people_call_it(code: str, en: str, ko: str) -> None:
    name = places.countries()[code]
    assert (name.en, name.ko) == (en, ko)


def test_a_country_is_also_known_by_the_name_of_the_standard() -> None:
    assert "Korea, Republic of" in places.countries()["KR"].others


@pytest.mark.parametrize("code", ["KR", "US", "CA", "CN", "VN"])
def test_a_country_code_of_the_standard_is_taken(code: str) -> None:
    assert TypeAdapter(CountryCode).validate_python(code) == code


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("kr", "write 'KR'"),
        ("Kr", "write 'KR'"),
        ("Canada", "Canada is 'CA'"),
        ("Untied States", "United States is 'US'"),
        ("캐나다", "캐나다 is 'CA'"),
        ("USA", "such as 'KR' or 'US'"),
        ("", "such as 'KR' or 'US'"),
        ("XX", "is no ISO 3166-1 alpha-2 code"),
        ("EU", "An international body has no country: leave it out"),
    ],
)
def test_another_word_for_a_country_is_refused_with_the_code_that_was_meant(code: str, meant: str) -> None:
    assert meant in refusal(CountryCode, code)


def test_subdivisions_that_the_office_uses_have_korean_names_and_short_forms() -> None:
    assert places.subdivision("CA-BC") == PlaceName(
        "British Columbia", "브리티시컬럼비아주", ("BC", "BC주", "B.C.", "브리티시 컬럼비아")
    )


def test_any_other_subdivision_of_the_standard_has_its_own_name() -> None:
    found = places.subdivision("FR-75C")
    assert found is not None
    assert found.en == "Paris"


def test_every_subdivision_with_a_korean_name_is_one_of_the_standard() -> None:
    for code in places.subdivisions_kept():
        assert pycountry.subdivisions.get(code=code) is not None, code
        found = places.subdivision(code)
        assert found is not None
        assert re.search("[가-힣]", found.ko or ""), code


@pytest.mark.parametrize("code", ["KR-41", "US-CA", "CA-BC", "CN-LN", "JP-14"])
def test_a_subdivision_code_of_the_standard_is_taken(code: str) -> None:
    assert TypeAdapter(SubdivisionCode).validate_python(code) == code


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("us-ca", "write 'US-CA'"),
        ("US-XX", "such as 'KR-41'"),
        ("California", "such as 'KR-41'"),
        ("US", "such as 'KR-41'"),
        ("", "'KR-41'"),
    ],
)
def test_another_word_for_a_subdivision_is_refused(code: str, meant: str) -> None:
    assert meant in refusal(SubdivisionCode, code)


def test_a_currency_is_an_iso_4217_code_in_capitals() -> None:
    assert TypeAdapter(Currency).validate_python("KRW") == "KRW"
    assert refusal(Currency, "krw") == "'krw' is no ISO 4217 code; write 'KRW'"
    assert refusal(Currency, "WON") == "'WON' is no ISO 4217 code, such as 'KRW' or 'USD'"


@pytest.mark.parametrize("kind", [CountryCode, SubdivisionCode, Currency])
def test_an_enormous_code_is_refused_with_a_short_sentence(kind: Any) -> None:
    assert len(refusal(kind, "X" * 100_000)) < 400
