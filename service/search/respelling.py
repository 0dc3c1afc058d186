"""What a person may have meant who typed what nothing is found for: other readings of the same keys.

도짓      → 도지ㅅ       a Korean word on its way: the last consonant begins the next syllable
rlaehddus → 김동연       typed with the Latin layout
ㅛㅐㅕㅜㅎ → young        typed with the Korean layout
"""

from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from service.search.hangul import is_korean
from service.search.keyboard import as_hangul, as_latin, unfinished
from service.search.keys import WORD

How = Literal["half-typed", "keyboard"]


class Respelling(NamedTuple):
    """Another reading of a question, and how it came about."""

    text: str
    how: How


def respellings(text: str) -> Iterator[Respelling]:
    """The other readings of a question's words, the likeliest first; phrases in quotes stay."""
    if '"' in text:
        return
    if (begun := unfinished(text)) is not None:
        yield Respelling(begun, "half-typed")
    for way in (_to_hangul, _to_latin):
        if (swapped := _swapped(text, way)) != text:
            yield Respelling(swapped, "keyboard")


def _swapped(text: str, way: Callable[[str], str | None]) -> str:
    return WORD.sub(lambda word: way(word[0]) or word[0], text)


def _to_hangul(word: str) -> str | None:
    return as_hangul(word) if word.isascii() and len(word) > 1 else None


def _to_latin(word: str) -> str | None:
    return as_latin(word) if is_korean(word) else None
