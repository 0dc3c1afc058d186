"""What an office is called in the other language, as far as its title says which office it is.

The record keeps a title as its source has it, mostly in one language. `office_titles.json` beside this module says what the
usual ones are in Korean: *Senator* is 상원의원; *President* is 대통령 of a state, 회장 of a company and 총장 of a university;
a *Minister of Labour* is 노동부 장관.
"""

import json
import re
import unicodedata
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

_WORD: Final = re.compile("[a-z]+")


class _Title(NamedTuple):
    """A title in words, the office types it is meant for, all where there are none, and its Korean names."""

    words: str
    office_types: frozenset[str]
    korean: tuple[str, ...]


@lru_cache(maxsize=2048)
def korean_titles(title: str, office_type: str | None) -> tuple[str, ...]:
    """The Korean names of the office with this English title; none where the title says nothing that is known."""
    said = f" {' '.join(_WORD.findall(_folded(title)))} "
    titles, ministries = _known()
    found: dict[str, None] = {}
    for each in titles:
        if f" {each.words} " in said and (not each.office_types or office_type in each.office_types):
            found |= dict.fromkeys(each.korean)
    if office_type == "minister":
        for field, names in ministries.items():
            if f" {field} " in said:
                found |= dict.fromkeys(title for name in names for title in (f"{name}장관", f"{name}부 장관"))
    return tuple(found)


def _folded(title: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", title.casefold()) if not unicodedata.combining(each))


@cache
def _known() -> tuple[tuple[_Title, ...], dict[str, list[str]]]:
    kept = json.loads(Path(__file__).with_name("office_titles.json").read_text(encoding="utf-8"))
    titles = (_Title(each["en"], frozenset(each.get("of", ())), tuple(each["ko"])) for each in kept["titles"])
    return tuple(titles), kept["ministries"]
