"""Countries and their first-level subdivisions by code, with English and Korean names.

Codes are ISO 3166-1 alpha-2 and ISO 3166-2. Korean names of countries come from the Unicode CLDR; adjectives and other names
are in `country_names.json` beside this module. No library has the Korean names of subdivisions, so `subdivisions.json` keeps
those of thirty countries: the names of the Unicode CLDR 47 (Unicode License v3), written as the Korean press writes them, with
the forms that are in use besides: native script, older readings of Chinese characters, short forms. A record has the name
of a city as text; `cities.json` says what some three hundred are called in Korean.
"""

import json
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, NamedTuple

import pycountry
from babel import Locale
from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from service.errors import nearest, shortened

_OVERRIDES: Final[dict[str, str]] = {"KR": "South Korea", "KP": "North Korea", "HK": "Hong Kong", "MO": "Macao"}


class PlaceName(NamedTuple):
    """What a country or subdivision is called; `others` are short forms and other spellings in either language."""

    en: str
    ko: str | None
    others: tuple[str, ...] = ()


@cache
def countries() -> dict[str, PlaceName]:
    """Every ISO 3166-1 country by its alpha-2 code."""
    english, korean = Locale("en").territories, Locale("ko").territories
    also: dict[str, list[str]] = json.loads(Path(__file__).with_name("country_names.json").read_text(encoding="utf-8"))
    return {
        country.alpha_2: PlaceName(
            _OVERRIDES.get(country.alpha_2, english.get(country.alpha_2, country.name)),
            korean.get(country.alpha_2),
            tuple(
                dict.fromkeys(
                    name for name in (country.name, getattr(country, "common_name", None), *also.get(country.alpha_2, ())) if name
                )
            ),
        )
        for country in pycountry.countries
    }


def subdivision(code: str) -> PlaceName | None:
    """The subdivision with an ISO 3166-2 code, or None when there is no such code."""
    if kept := subdivisions_kept().get(code):
        return kept
    found = pycountry.subdivisions.get(code=code)
    # The library finds a code in any case of letters.
    return PlaceName(found.name, None) if found and found.code == code else None


@cache
def subdivisions_kept() -> dict[str, PlaceName]:
    """The subdivisions whose names in both languages are kept here, by code."""
    kept: dict[str, dict[str, Any]] = json.loads(Path(__file__).with_name("subdivisions.json").read_text(encoding="utf-8"))
    return {code: PlaceName(names["en"], names.get("ko"), tuple(names.get("others", ()))) for code, names in kept.items()}


def city_names(city: str) -> tuple[str, ...]:
    """What a city of this English name is called besides, in Korean first; nothing where it is not known."""
    return _cities().get(city.casefold(), ())


@cache
def _cities() -> dict[str, tuple[str, ...]]:
    kept: dict[str, list[str]] = json.loads(Path(__file__).with_name("cities.json").read_text(encoding="utf-8"))
    return {name.casefold(): tuple(names) for name, names in kept.items()}


def _check_country(code: str) -> str:
    if code in countries():
        return code
    if code.upper() in countries():
        raise _unknown(f"{code!r} is no ISO 3166-1 alpha-2 code; write {code.upper()!r}")
    by_name = {name: key for key, names in countries().items() for name in (names.en, names.ko) if name}
    close = nearest(code, by_name)
    shown = shortened(code)
    meant = f"; {close} is {by_name[close]!r}" if close else ", such as 'KR' or 'US'"
    raise _unknown(f"{shown!r} is no ISO 3166-1 alpha-2 code{meant}. An international body has no country: leave it out")


def _check_subdivision(code: str) -> str:
    if subdivision(code):
        return code
    meant = f"; write {code.upper()!r}" if subdivision(code.upper()) else ", such as 'KR-41' or 'US-CA'"
    raise _unknown(f"{shortened(code)!r} is no ISO 3166-2 code{meant}")


def _unknown(hint: str) -> PydanticCustomError:
    return PydanticCustomError("unknown_place", "{hint}", {"hint": hint})


CountryCode = Annotated[
    str,
    AfterValidator(_check_country),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$", "description": "ISO 3166-1 alpha-2"}),
]
SubdivisionCode = Annotated[
    str,
    AfterValidator(_check_subdivision),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}-[A-Z0-9]{1,3}$", "description": "ISO 3166-2"}),
]
