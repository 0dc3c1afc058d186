"""The words of the index, and which of them a mistyped word may mean.

Typos are forgiven as Meilisearch forgives them: one from five letters, two from nine, a transposition is one, and a wrong
first letter counts as two. So the words that begin with the same letter are all that need to be compared, and those
are few. They are read from the index when first needed and kept for as long as its generation lasts.

All words are here by their letters (`hangul.letters`): a Korean one by those of its syllables.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import tantivy
from rapidfuzz import process
from rapidfuzz.distance import OSA

from service.search.embedded.layout import PLACED, WORDS, placed
from service.search.keys import allowed_typos

MOST_ONE: Final = 150
MOST_TWO: Final = 50
"""How many words with one and with two typos are looked for, the most frequent first: Meilisearch's own limits."""


_MOST_KEPT: Final = 1_000

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Near:
    """The words of the index that differ from a typed one by one typo and by two, the most frequent first."""

    one: tuple[str, ...] = ()
    two: tuple[str, ...] = ()


class _Bucket:
    """All words with one beginning, the most frequent first."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words: Final = words
        self._beginnings: Final[dict[int, list[str]]] = {}

    def beginnings(self, length: int) -> list[str]:
        """So many letters of each."""
        if length not in self._beginnings:
            self._beginnings[length] = [word[:length] for word in self.words]
        return self._beginnings[length]


class Vocabulary:
    """The words of one generation of the index."""

    def __init__(self, searcher: tantivy.Searcher) -> None:
        self._searcher: Final = searcher
        self._buckets: Final[dict[str, _Bucket]] = {}
        self._known: Final[dict[tuple[str, bool], Near]] = {}

    def beginning_with(self, beginning: str, most: int) -> tuple[str, ...]:
        """The most frequent words that begin so."""
        return tuple(word for word, _ in self._searcher.terms_with_prefix(WORDS, beginning, limit=most))

    def in_place(self, rank: int, words: Sequence[str]) -> list[str]:
        """The terms of those of the words that stand in the attribute of this rank."""
        terms = (placed(rank, word) for word in words)
        return [term for term in terms if self._searcher.doc_freq(PLACED, term)]

    def frequency(self, word: str) -> int:
        """In how many documents the word stands."""
        return self._searcher.doc_freq(WORDS, word)

    def near(self, word: str, prefix: bool) -> Near:
        """The words that this may be a misspelling of, or with `prefix` the misspelt beginning of."""
        known = self._known.get((word, prefix))
        if known is None:
            known = _kept(self._known, (word, prefix), self._near(word, prefix) if allowed_typos(word) else Near())
        return known

    def _near(self, word: str, prefix: bool) -> Near:
        allowed = allowed_typos(word)
        bucket = self._bucket(word[0])
        typos = _typos(word, bucket, allowed, prefix)
        one = [bucket.words[at] for at in sorted(typos) if typos[at] == 1]
        two = [bucket.words[at] for at in sorted(typos) if typos[at] == 2]
        if allowed == 2:
            two += self._other_beginnings(word)
        return Near(tuple(one[:MOST_ONE]), tuple(two[:MOST_TWO]))

    def _bucket(self, beginning: str) -> _Bucket:
        known = self._buckets.get(beginning)
        if known is None:
            found = [word for word, _ in self._searcher.terms_with_prefix(WORDS, beginning)]
            known = _kept(self._buckets, beginning, _Bucket(found))
        return known

    def _other_beginnings(self, word: str) -> list[str]:
        """Words that differ by one letter, the first: left out, added, replaced or exchanged with the second."""
        alphabet = "abcdefghijklmnopqrstuvwxyz"
        spellings = {word[1:], word[1] + word[0] + word[2:], *(a + word for a in alphabet), *(a + word[1:] for a in alphabet)}
        return sorted(spelling for spelling in spellings - {word} if self.frequency(spelling))


def _kept(cache: dict[K, V], key: K, value: V) -> V:
    """The value, kept for the next question; a cache that is full starts anew."""
    if len(cache) >= _MOST_KEPT:
        cache.clear()
    cache[key] = value
    return value


def _typos(typed: str, bucket: _Bucket, allowed: int, prefix: bool) -> dict[int, int]:
    """How many typos lie between what was typed and each word, or its beginning, where no more than allowed."""
    if not prefix:
        return dict(_within(typed, bucket.words, allowed))
    # The beginning that is nearest may be longer or shorter than what was typed, by as many letters as there are typos.
    typos: dict[int, int] = {}
    for length in range(len(typed) - allowed, len(typed) + allowed + 1):
        for at, distance in _within(typed, bucket.beginnings(length), allowed):
            typos[at] = min(distance, typos.get(at, distance))
    return typos


def _within(typed: str, others: Sequence[str], allowed: int) -> Iterator[tuple[int, int]]:
    found = process.extract(typed, others, scorer=OSA.distance, score_cutoff=allowed, limit=None)
    return ((at, distance) for _, distance, at in found)
