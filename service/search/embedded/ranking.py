"""Which of the documents that match is the better match.

The order is Meilisearch's: more words, then fewer typos, then words nearer to each other, then in the more telling
attribute, then exactly as typed. Meilisearch sorts into buckets rule by rule. Here each rule is a digit of one number,
the score, and the digits are so wide that no lower rule can outweigh a higher one; Tantivy adds them up as constant
scores. A score is a 32-bit float and holds whole numbers exactly up to 2**24, which is enough for ten words.

Below all rules there is room for one more digit, which says roughly how new an engagement is; `hits` fills it where that
helps it to find the newest of many equally good matches.
"""

from collections.abc import Sequence
from itertools import accumulate
from operator import mul
from typing import Final, Literal, NamedTuple

from tantivy import Occur, Query

from service.search.embedded.layout import PLACED, RANKS, SCHEMA, WIDEST, WORDS, placed
from service.search.embedded.meanings import Alternative, Word, alternatives, any_of, beginning, looked_up, phrase, spelt, term
from service.search.embedded.vocabulary import Vocabulary
from service.search.keys import Parts

Match = Literal["all", "last"]
Clause = tuple[Occur, Query]

NEWNESS: Final = 2
"""How many steps of newness there is room for below all rules."""

_NEAREST, _NEAR, _FAR = 3, 2, 1
_MOST_TYPOS: Final = 2
_COMMON: Final = 5_000
"""Where both of two words stand in more documents than this, only side by side is looked for; looser costs tens of ms."""

_EXACT: Final = 2**24

_TELLING: Final = 8
"""How many of the words that a word may stand for are looked up in each attribute, the most frequent first."""


class TextQueries(NamedTuple):
    """Two queries that match the same documents: the quick one to count by, and the one that puts the best first."""

    matching: Query
    ranked: Query | None
    """None where all that matches is equally good."""
    room: int = 0
    """Scores of `ranked` are multiples of this plus one, so that up to this may be added without changing the order."""


class _Units(NamedTuple):
    """What one step of each rule adds to the score."""

    exactness: int
    attribute: int
    proximity: int
    typo: int
    word: int


def text_queries(vocabulary: Vocabulary, asked: Parts, match: Match) -> TextQueries | None:
    """The queries for what was typed; None where it does not say what to look for."""
    if not any((asked.words, asked.phrases, asked.without)):
        return None
    strict: list[Clause] = [(Occur.Must, _worth(phrase(spelt(words)), 0)) for words in asked.phrases]
    strict += [(Occur.MustNot, phrase(spelt(words))) for words in asked.without]
    if not asked.words:
        everything = [] if asked.phrases else [(Occur.Must, _worth(Query.all_query(), 0))]
        return TextQueries(Query.boolean_query(everything + strict), None)
    words = looked_up(vocabulary, asked)
    units = _units(len(words), NEWNESS, match)
    matching, ranked = (
        Query.boolean_query([(Occur.Must, query), *strict]) for query in _by_words(vocabulary, words, match, units)
    )
    return TextQueries(matching, ranked, units.exactness - 1)


def _by_words(vocabulary: Vocabulary, words: Sequence[Word], match: Match, units: _Units) -> tuple[Query, Query]:
    """From the last word to the first: each one holds all that follow it, as a must or as a gain."""
    meanings = [alternatives(vocabulary, words, at) for at in range(len(words))]
    following: list[Clause] = []
    for at in reversed(range(len(words))):
        found = _best(meanings[at], units)
        gains = [(Occur.Should, gain) for gain in _gains(vocabulary, words, at, len(meanings[at]) > 1, units)]
        ranked = Query.boolean_query([(Occur.Must, found), *gains, *following])
        following = [(Occur.Must if match == "all" else Occur.Should, ranked)]
    counted = meanings if match == "all" else meanings[:1]
    return Query.boolean_query([(Occur.Must, _any(each)) for each in counted]), ranked


def _units(words: int, room: int, match: Match) -> _Units:
    """Each unit is one more than all that the rules below it can add up to for so many words."""
    most = (room, words, RANKS * words, _NEAREST * (words - 1), _MOST_TYPOS * words, words if match == "last" else 0)
    _, *units, total = accumulate((steps + 1 for steps in most), mul, initial=1)
    return _Units(*units) if total <= _EXACT or not room else _units(words, 0, match)


def _any(found: Sequence[Alternative]) -> Query:
    if not found:
        return Query.empty_query()
    if len(found) == 1:
        return found[0].query
    return Query.boolean_query([(Occur.Should, alternative.query) for alternative in found])


def _best(found: Sequence[Alternative], units: _Units) -> Query:
    """The word found, worth the more the fewer typos that took."""
    worth = [_worth(each.query, units.word + (_MOST_TYPOS - each.typos) * units.typo) for each in found]
    return next(iter(_most(worth)), Query.empty_query())


def _gains(vocabulary: Vocabulary, words: Sequence[Word], at: int, inexact: bool, units: _Units) -> list[Query]:
    """What the lower rules add for one word."""
    word = words[at]
    gains = _proximity(vocabulary, words[at - 1], word, units.proximity) if at else []
    gains += _attribute(vocabulary, word, units.attribute)
    if (inexact or word.prefix) and vocabulary.frequency(word.text):
        gains.append(_worth(term(WORDS, word.text), units.exactness))
    return gains


def _attribute(vocabulary: Vocabulary, word: Word, unit: int) -> list[Query]:
    """The most telling of the attributes that the word stands in."""
    meant = word.terms or word.near.one or word.near.two
    found: list[Query] = []
    for rank in range(RANKS):
        terms = vocabulary.in_place(rank, meant[:_TELLING])
        query = beginning(PLACED, placed(rank, word.text)) if word.many else any_of(PLACED, terms)
        if query:
            found.append(_worth(query, (RANKS - rank) * unit))
    return _most(found)


def _proximity(vocabulary: Vocabulary, before: Word, word: Word, unit: int) -> list[Query]:
    """How near the word stands to the one before it."""
    first, second = before.likeliest, word.likeliest
    if first is None or second is None or not vocabulary.frequency(first):
        return []
    found: list[Query] = []
    if word.many or len(word.terms) > 1:
        found.append(_worth(Query.phrase_prefix_query(SCHEMA, WORDS, [first, word.text]), _NEAREST * unit))
    if frequency := vocabulary.frequency(second):
        found.append(_worth(phrase((first, second)), _NEAREST * unit))
        if min(frequency, vocabulary.frequency(first)) <= _COMMON:
            found.append(_worth(phrase((first, second), 2), _NEAR * unit))
            found.append(_worth(phrase((first, second), WIDEST), _FAR * unit))
    return _most(found)


def _worth(query: Query, score: int) -> Query:
    return Query.const_score_query(query, float(score))


def _most(queries: Sequence[Query]) -> list[Query]:
    """The one of the queries that is worth most, if any is there."""
    return [Query.disjunction_max_query(queries)] if len(queries) > 1 else list(queries)
