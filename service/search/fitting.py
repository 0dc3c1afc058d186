"""Whether a name is what is being typed: each word typed begins one of its words, or a part of a compound, or nearly does."""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from service.search import hangul, keys

Way = tuple[Callable[[str], tuple[str, ...]], Callable[[str, Iterable[str]], bool]]
"""Which words of a name are looked at, and how what was typed is compared with them."""


class Fit(NamedTuple):
    """A name that fits, and how well: the less loose the better."""

    name: str
    looseness: int


def typed_words(text: str) -> tuple[str, ...]:
    """The words of a query text as `fit` takes them."""
    return tuple(map(hangul.letters, keys.parts(text).words))


def fit(typed: Sequence[str], names: Iterable[str | None], ways: Sequence[Way]) -> Fit | None:
    """The first of the names that fits in the first of the ways in which any does."""
    said = [name for name in names if name]
    for looseness, (words, begins) in enumerate(ways):
        for name in said:
            if all(begins(word, words(name)) for word in typed):
                return Fit(name, looseness)
    return None


@lru_cache(maxsize=16_384)
def _words(name: str) -> tuple[str, ...]:
    return tuple(map(hangul.letters, keys.words(name)))


@lru_cache(maxsize=16_384)
def parts(name: str) -> tuple[str, ...]:
    """By their letters: the words, the whole written as one, and what a document with this name is found by."""
    words = _words(name)
    return (*words, "".join(words), *map(hangul.letters, keys.document_keys([name])))


def _begins(typed: str, words: Iterable[str]) -> bool:
    return any(word.startswith(typed) for word in words)


def _nearly_begins(typed: str, words: Iterable[str]) -> bool:
    allowed = keys.allowed_typos(typed)
    return any(
        word.startswith(typed) or (allowed and word[0] == typed[0] and keys.is_near(typed, word, allowed, beginning=True))
        for word in words
    )


AS_TYPED: Final[tuple[Way, ...]] = ((_words, _begins), (parts, _begins))
"""Each word begins a word of the name, or else a part of a compound."""

NEARLY: Final[tuple[Way, ...]] = ((_words, _nearly_begins),)
"""Each word begins one with the typos that a search forgives; for when nothing fits as typed."""
