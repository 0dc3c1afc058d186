"""Why an engagement was found: in which attribute of its document each word stands, and how.

The engines do not say it in a way that both share, so it is found here, on the document that the register makes of the record
now. The ways are tried from the plainest on, and the attributes in the order in which they tell:

    exact      the word stands there as it was typed, whatever its case, accents or Korean particles
    prefix     a word begins so
    part       a Korean compound has it inside, or it is the first letters of its syllables
    joined     two or more words are written as one
    typo       a word is near to it
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from service.search import keys
from service.search.hangul import initials, is_korean, letters, stem
from service.search.schema import SEARCHABLE

How = Literal["exact", "prefix", "part", "joined", "typo"]


class Match(NamedTuple):
    """Where a word of the question was found: in `found`, a word of the attribute `field`."""

    word: str
    field: str
    how: How
    found: str


_FIELDS: Final = tuple(name for name in SEARCHABLE if name != "keys")


def explain(document: Mapping[str, Any], text: str) -> list[Match]:
    """Where the words and phrases of a query text stand; one that was not found is left out."""
    said = [(field, keys.words(value)) for field in _FIELDS for value in document[field]]
    asked = keys.parts(text)
    last = len(asked.words) - 1
    found = (_match(word, said, is_korean(word) or (asked.unfinished and at == last)) for at, word in enumerate(asked.words))
    phrases = (_match_of_phrase(phrase, said) for phrase in asked.phrases)
    return [each for each in (*found, *phrases) if each]


def _match(word: str, said: Sequence[tuple[str, list[str]]], unfinished: bool) -> Match | None:
    for way in (_exact, _prefix, _part, _joined, _typo):
        if way is _prefix and not unfinished:
            continue
        for field, words in said:
            if match := next(way(word, words), None):
                return Match(word, field, *match)
    return None


def _exact(word: str, words: Sequence[str]) -> Iterator[tuple[How, str]]:
    return (("exact", each) for each in words if each == word or stem(each) == word)


def _prefix(word: str, words: Sequence[str]) -> Iterator[tuple[How, str]]:
    typed = letters(word)
    return (("prefix", each) for each in words if letters(each).startswith(typed))


def _part(word: str, words: Sequence[str]) -> Iterator[tuple[How, str]]:
    if is_korean(word):
        typed = letters(word)
        yield from (("part", each) for each in words if typed in letters(each) or initials(each).startswith(word))
        together = "".join(map(stem, words))
        if len(words) <= keys.MOST_JOINED and initials(together).startswith(word):
            yield "part", " ".join(words)


def _joined(word: str, words: Sequence[str]) -> Iterator[tuple[How, str]]:
    for length in range(2, keys.MOST_JOINED + 1):
        for at in range(len(words) - length + 1):
            some = [stem(each) for each in words[at : at + length]]
            if word in ("".join(some), "".join((*some[1:], some[0]))):
                yield "joined", " ".join(words[at : at + length])


def _typo(word: str, words: Sequence[str]) -> Iterator[tuple[How, str]]:
    allowed, typed = keys.allowed_typos(word), letters(word)
    near = (each for each in words if keys.is_near(typed, letters(each), allowed, beginning=True)) if allowed else ()
    return (("typo", each) for each in near)


def _match_of_phrase(phrase: Sequence[str], said: Sequence[tuple[str, list[str]]]) -> Match | None:
    length = len(phrase)
    for field, words in said:
        for at in range(len(words) - length + 1):
            if tuple(words[at : at + length]) == tuple(phrase):
                return Match(" ".join(phrase), field, "exact", " ".join(phrase))
    return None
