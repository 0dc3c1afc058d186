"""What a word of the question may stand for in this index, and at how many typos' cost.

A word stands for itself; as the last one typed, and always in Korean, for every word that begins with it; for the words
it is a misspelling of; for two words that were written as one; and together with its neighbour for one word that was
written as two. Both queries, the one that counts and the one that ranks, are made from these alternatives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tantivy import Occur, Query

from service.search.embedded.layout import SCHEMA, WORDS
from service.search.embedded.vocabulary import Near, Vocabulary
from service.search.hangul import is_korean, letters, stem
from service.search.keys import Parts

_LONGEST: Final = 64
"""A longer word is no beginning of another one, and no name."""

_SHORTEST_SPLIT: Final = 4
_FEW: Final = 30
"""Up to so many words are looked up one by one, which can skip what the rest of the question rules out."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """Something that a word may stand for."""

    query: Query
    typos: int


@dataclass(frozen=True, slots=True)
class Word:
    """A word of the question, looked up in the index."""

    text: str
    """By its letters, as the index has it."""
    bare: str
    """The same without Korean particles."""
    prefix: bool
    terms: tuple[str, ...]
    """The words of the index that it is or begins, the most frequent first; none where they are too many to be listed."""
    many: bool
    near: Near
    split: tuple[str, str] | None

    @property
    def known(self) -> bool:
        """Whether the index has it as typed. If not, the words it may be a misspelling of stand for it in the lower rules."""
        return self.many or bool(self.terms)

    @property
    def likeliest(self) -> str | None:
        """The one word of the index that it most probably is."""
        if self.many or self.text in self.terms:
            return self.text
        return next(iter(self.terms + self.near.one + self.near.two), None)


def looked_up(vocabulary: Vocabulary, asked: Parts) -> list[Word]:
    """The words of the question as this index knows them."""
    last = len(asked.words) - 1
    return [_looked_up(vocabulary, word, asked.unfinished and at == last) for at, word in enumerate(asked.words)]


def _looked_up(vocabulary: Vocabulary, word: str, unfinished: bool) -> Word:
    bare, prefix = letters(stem(word)), (unfinished or is_korean(word)) and len(word) <= _LONGEST
    word = letters(word)
    terms = vocabulary.beginning_with(word, _FEW + 1) if prefix else (word,) * bool(vocabulary.frequency(word))
    many = len(terms) > _FEW
    return Word(word, bare, prefix, () if many else terms, many, vocabulary.near(word, prefix), _split(vocabulary, word))


def _split(vocabulary: Vocabulary, word: str) -> tuple[str, str] | None:
    """The two words that were most probably written as this one (`britishcolumbia`)."""
    if not _SHORTEST_SPLIT <= len(word) <= _LONGEST:
        return None
    halves = ((word[:at], word[at:]) for at in range(1, len(word)))
    rarer = {pair: min(map(vocabulary.frequency, pair)) for pair in halves}
    best = max(rarer, key=lambda pair: rarer[pair])
    return best if rarer[best] else None


def alternatives(vocabulary: Vocabulary, words: Sequence[Word], at: int) -> list[Alternative]:
    """All that the word at this place may stand for; none where nothing in the index can be meant."""
    word = words[at]
    found = [
        (beginning(WORDS, word.text) if word.many else any_of(WORDS, word.terms), 0),
        (any_of(WORDS, word.near.one), 1),
        (any_of(WORDS, word.near.two), 2),
        (phrase(word.split) if word.split else None, 1),
        (beginning(WORDS, word.bare) if word.bare != word.text else None, 1),
        (_joined(vocabulary, word, words[at + 1]) if at + 1 < len(words) else None, 1),
        # The space too many was counted for the word before it.
        (_joined(vocabulary, words[at - 1], word) if at > 0 else None, 0),
    ]
    return [Alternative(query, typos) for query, typos in found if query]


def _joined(vocabulary: Vocabulary, word: Word, following: Word) -> Query | None:
    """The one word that two words of the question are together (`semi conductors`)."""
    together = word.text + following.text
    if not vocabulary.frequency(together):
        return None
    return beginning(WORDS, together) if following.prefix else term(WORDS, together)


def spelt(words: Sequence[str]) -> list[str]:
    """The words by their letters, as the index has them."""
    return [letters(word) for word in words]


def term(field: str, text: str) -> Query:
    return Query.term_query(SCHEMA, field, text, index_option="basic")


def beginning(field: str, text: str) -> Query:
    return Query.fuzzy_term_query(SCHEMA, field, text, distance=0, prefix=True)


def any_of(field: str, terms: Sequence[str]) -> Query | None:
    if len(terms) > _FEW:
        return Query.term_set_query(SCHEMA, field, terms)
    queries = [term(field, each) for each in terms]
    return Query.boolean_query([(Occur.Should, query) for query in queries]) if len(queries) > 1 else next(iter(queries), None)


def phrase(words: Sequence[str], slop: int = 0) -> Query:
    return term(WORDS, words[0]) if len(words) == 1 else Query.phrase_query(SCHEMA, WORDS, list(words), slop)
