"""What a person may be about to type: people, organizations, topics, countries and engagements by their names.

All of it comes out of one search: what has the words typed is counted by people, organizations and topics, and of those the
ones are suggested whose own names have the words. So a suggestion is never for something that no search finds, and its
number says how much there is.
"""

from asyncio import gather
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from itertools import islice, takewhile
from typing import Final, Literal, NamedTuple, get_args

from service.register import places
from service.search import keys
from service.search.engine import Answer, OneOf, Query, Searcher
from service.search.facets import FACETS, Value, values_that_fit
from service.search.fitting import AS_TYPED, NEARLY, Fit, Way, fit, parts, typed_words
from service.search.respelling import Respelling, respellings

Type = Literal["person", "organization", "topic", "country", "engagement"]
TYPES: Final[tuple[Type, ...]] = get_args(Type)


@dataclass(frozen=True, slots=True)
class Typing:
    """What was typed so far, and how many suggestions of each type are wanted for it."""

    text: str
    limit: int = 5
    types: tuple[Type, ...] = TYPES


class Suggestion(NamedTuple):
    """Something that has the words typed in one of its names.

    `id` is what a search filters by: of a country its ISO 3166 code. `matched_name` is the name that fits where none of the
    labels does, and `engagements` how many there are with it.
    """

    type: Type
    id: str
    label_en: str | None
    label_ko: str | None
    matched_name: str | None
    when: str | None
    engagements: int


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What is suggested, type by type, and by what other reading of the keys it came about."""

    items: tuple[Suggestion, ...]
    text: str
    respelling: Respelling | None = None


_COUNTED: Final = tuple(each for each in TYPES if each in FACETS and FACETS[each].is_named)
"""What is counted where the words stand. Each has all its names in every document that it is in."""

_ASKED: Final = 4
"""How many hits are looked at for each engagement that is suggested: not all of them have the words in their titles."""


async def suggest(searcher: Searcher, typing: Typing) -> Suggestions:
    """What is suggested, the most frequent first; for other keys where nothing fits. Raises what a search raises."""
    found = await _suggested(searcher, typing, keys.query_text(typing.text))
    if found.items:
        return found
    for each in respellings(typing.text):
        other = await _suggested(searcher, typing, keys.query_text(each.text))
        if other.items:
            return replace(other, respelling=each)
    return found


async def _suggested(searcher: Searcher, typing: Typing, text: str) -> Suggestions:
    typed = typed_words(text)
    if not typed:
        return Suggestions((), text)
    counted = tuple(FACETS[each].counted for each in typing.types if each in _COUNTED)
    limit = _ASKED * typing.limit if "engagement" in typing.types else 0
    countries = _countries(typed) if "country" in typing.types else {}
    answer, by_country = await gather(
        searcher.search(Query(text, (), counted, limit=limit)), _engagements_with(searcher, countries)
    )
    for ways in (AS_TYPED, NEARLY):
        items: list[Suggestion] = []
        found: Iterable[Value]
        for each in typing.types:
            if each == "country":
                found = (_country(code, how, by_country[code]) for code, how in countries.items())
                items += _best(each, found, typing.limit)
            elif each == "engagement":
                items += islice(_titled(answer, typed, ways), typing.limit)
            else:
                facet = FACETS[each]
                found = values_that_fit(answer.facets[facet.counted], facet, typed, ways)
                items += _best(each, found, typing.limit)
        if items or not any(map(keys.allowed_typos, typed)):
            break
    return Suggestions(tuple(items), text)


def _titled(answer: Answer, typed: Sequence[str], ways: Sequence[Way]) -> Iterator[Suggestion]:
    for card in answer.cards:
        if fit(typed, (card["title_en"], card["title_ko"]), ways):
            yield Suggestion("engagement", card["id"], card["title_en"], card["title_ko"], None, card["when"], 1)


def _best(wanted: Type, found: Iterable[Value], limit: int) -> list[Suggestion]:
    """Those that fit best first, then the most frequent."""
    ordered = sorted(found, key=lambda each: (each.fit.looseness, -each.matches, each.value))
    return [
        Suggestion(wanted, each.value, each.label_en, each.label_ko, each.matched_name, None, each.matches)
        for each in ordered[:limit]
        if each.matches
    ]


# Countries are known without an engine; it says only how many engagements there are with each.


async def _engagements_with(searcher: Searcher, countries: Iterable[str]) -> dict[str, int]:
    wanted = tuple(countries)
    if not wanted:
        return {}
    answer = await searcher.search(Query("", (OneOf("countries", wanted),), ("countries",), limit=0))
    return {code: answer.facets["countries"].get(code, 0) for code in wanted}


@lru_cache(maxsize=1024)
def _countries(typed: tuple[str, ...]) -> dict[str, Fit]:
    """The countries that the words may mean, each with the name that fits."""
    words = _country_words()
    first = bisect_left(words, (typed[0], ""))
    begun = takewhile(lambda entry: entry[0].startswith(typed[0]), islice(words, first, None))
    return {code: how for code in dict.fromkeys(code for _, code in begun) if (how := fit(typed, _names(code), AS_TYPED))}


@cache
def _country_words() -> list[tuple[str, str]]:
    return sorted({(word, code) for code in places.countries() for name in _names(code) for word in parts(name)})


def _names(code: str) -> tuple[str, ...]:
    country = places.countries()[code]
    return (country.en, country.ko or "", *country.others)


def _country(code: str, how: Fit, engagements: int) -> Value:
    country = places.countries()[code]
    return Value(code, country.en, country.ko, engagements, how)
