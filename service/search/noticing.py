"""What else the words of a question say, beyond what was read before anything was asked: a person by her full name, a kind.

    Gavin Newsom call 2024      person Gavin Newsom, kind call: both are looked for as words, and shown as chips

Such words stay words, because engagements in which they stand as words only would be lost otherwise: a call that the summary
of a meeting speaks of. A chip says so. It is `applied` where all that was found has it, which makes no difference then; where
it would leave something out, it is an offer to filter by it.
"""

from asyncio import gather
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from itertools import islice
from typing import Final

from service.register import codes
from service.search.engine import Answer, OneOf, Query, Searcher
from service.search.facets import FACETS
from service.search.hangul import is_korean, stem
from service.search.keys import WORD, fold
from service.search.lexicon import plain
from service.search.reading import Chip, chip_of, free_of

Said = tuple[str, ...]

NOTICED: Final = ("kind", "person")
"""The fields whose values are noticed."""

_LOOKED_AT: Final = 10
"""How many hits are looked at for the people that are named, the best ones."""

_MOST_WORDS: Final = 20
"""How many words of a question are looked at."""

_MOST: Final = 4
"""How many chips are noticed in one question."""

_FULL_KOREAN_NAME: Final = 3
"""Syllables: a shorter Korean name is a surname, or anybody's."""

_LONGEST_NAME: Final = 5


async def noticed(
    searcher: Searcher, text: str, chips: Sequence[Chip], as_words: Sequence[str], query: Query, answer: Answer
) -> tuple[Chip, ...]:
    """The chips of a question's text that were not read in it, given those that were, and what `query` found for it.

    A field that was read already, or is in `as_words`, is not noticed.
    """
    settled = {*as_words, *(chip.field for chip in chips)}
    tokens = list(islice(WORD.finditer(free_of(text, chips)), _MOST_WORDS))
    found: list[Chip] = []
    if "kind" not in settled:
        found += _kinds(text, [(plain(fold(token[0])), *token.span()) for token in tokens])
    if "person" not in settled:
        found += _people(text, [(stem(fold(token[0])), *token.span()) for token in tokens], answer)
    found = found[:_MOST]
    totals = await gather(*(_total(searcher, query, chip, answer) for chip in found))
    return tuple(chip._replace(applied=total == answer.total) for chip, total in zip(found, totals, strict=True) if total)


async def _total(searcher: Searcher, query: Query, chip: Chip, answer: Answer) -> int:
    """How many of what was found have the value of a chip; the engine is asked only where the answer does not say it."""
    facet = FACETS[chip.field]
    if len(answer.cards) == answer.total:
        return sum(chip.value in (card["kind"], *(person["id"] for person in card["people"])) for card in answer.cards)
    counts = answer.facets.get(facet.counted, {})
    if known := sum(count for value, count in counts.items() if facet.label(value)[0] == chip.value):
        return known
    also = OneOf(facet.filtered, (chip.value,))
    narrowed = replace(query, filters=(*query.filters, also), facets=(), sort=(), offset=0, limit=0)
    return (await searcher.search(narrowed)).total


Token = tuple[str, int, int]
"""A word as it is compared, and from where to where it stands in the text."""


def _runs(tokens: Sequence[Token], longest: int) -> Iterator[tuple[Said, int, int]]:
    """Words that follow each other, the longest runs first."""
    for length in range(min(longest, len(tokens)), 0, -1):
        for at in range(len(tokens) - length + 1):
            run = tokens[at : at + length]
            yield tuple(word for word, *_ in run), run[0][1], run[-1][2]


# Kinds.


@cache
def _names_of_kinds() -> dict[Said, str]:
    called = ((code, (code, label.en, label.ko)) for code, label in codes.FIELDS["kind"].items())
    return {tuple(plain(fold(word)) for word in WORD.findall(name)): code for code, names in called for name in names}


def _kinds(text: str, tokens: Sequence[Token]) -> list[Chip]:
    known = _names_of_kinds()
    longest = max(map(len, known))
    kinds = (chip_of("kind", known[said], text, start, end) for said, start, end in _runs(tokens, longest) if said in known)
    return list(islice(kinds, 1))  # A second kind would have to be met as well, by the same engagement.


# People.


@lru_cache(maxsize=16_384)
def _full_name(name: str) -> Said | None:
    """The words of a name in any order; None where it is not enough to know a person by."""
    said = tuple(sorted(stem(fold(word)) for word in WORD.findall(name)))
    if len(said) == 1:
        return said if is_korean(said[0]) and len(said[0]) >= _FULL_KOREAN_NAME else None
    return said if said and len(said) <= _LONGEST_NAME and max(map(len, said)) > 1 else None


def _people(text: str, tokens: Sequence[Token], answer: Answer) -> Iterator[Chip]:
    runs: dict[Said, tuple[int, int]] = {}
    for said, start, end in _runs(tokens, _LONGEST_NAME):
        runs.setdefault(tuple(sorted(said)), (start, end))
    given: set[str] = set()
    for card in islice(answer.cards, _LOOKED_AT):
        for person in card["people"]:
            names = (person["name_en"], person["name_ko"], *person.get("names", ()))
            span = next((runs[full] for name in names if name and (full := _full_name(name)) and full in runs), None)
            if span and person["id"] not in given:
                given.add(person["id"])
                en, ko = person["name_en"] or person["name_ko"], person["name_ko"] or person["name_en"]
                start, end = span
                yield Chip("person", person["id"], en, ko, text[start:end], start, end, stated=False)
