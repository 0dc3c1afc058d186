"""The usual words of the trade in the other language: a *luncheon* is an 오찬, a *fire truck* a 소방차, an MOU a 업무협약.

Most records hold words of one language only, and staff ask in the other. Each line of `lexicon.json` is a group of words
that mean the same; a text that has one of them is found by all. Only words in a text as they stand count, and titles of
engagements and outcomes only: the more is translated, the more is found that nobody meant.
"""

import json
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from service.search.hangul import is_hangul, stem
from service.search.keys import words

Phrase = tuple[str, ...]

_KEPT: Final = 4_096
_SHORT: Final = 24
"""Characters of a text that is worth remembering: labels come again and again, titles do not."""


def also_called(texts: Iterable[str]) -> list[str]:
    """The words of the lexicon that mean the same as words in these texts."""
    return list(dict.fromkeys(word for text in texts for word in _also(text)))


def _also(text: str) -> tuple[str, ...]:
    return _remembered(text) if len(text) <= _SHORT else _looked_up(text)


@lru_cache(maxsize=_KEPT)
def _remembered(text: str) -> tuple[str, ...]:
    return _looked_up(text)


def _looked_up(text: str) -> tuple[str, ...]:
    said = [plain(word) for word in words(text)]
    by_first = _phrases()
    found: dict[str, None] = {}
    for at, word in enumerate(said):
        for phrase, group in by_first.get(word, ()):
            if tuple(said[at : at + len(phrase)]) == phrase:
                found |= dict.fromkeys(group)
    return tuple(found)


@lru_cache(maxsize=_KEPT)
def plain(word: str) -> str:
    """The word without particle or plural."""
    if is_hangul(word):
        return stem(word)
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


@cache
def _phrases() -> dict[str, list[tuple[Phrase, Sequence[str]]]]:
    groups: list[list[str]] = json.loads(Path(__file__).with_name("lexicon.json").read_text(encoding="utf-8"))
    found: dict[str, list[tuple[Phrase, Sequence[str]]]] = {}
    for group in groups:
        for name in group:
            phrase = tuple(map(plain, words(name)))
            found.setdefault(phrase[0], []).append((phrase, group))
    return found
