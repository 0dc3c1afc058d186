"""Where the words of a question stand in what is shown of a hit.

The engines do not say it in a way that both share, so it is found here, on the text as it is shown: ranges of Unicode
code points, `[(start, end), …]`, whatever folding made of the letters between. Words as typed are found by one regular
expression for the whole question, and only what it finds is looked at more closely: a regular expression that minds the
borders of words by itself takes longer to compile than a whole page takes to mark. Only for a word that stands nowhere
in the hit are its misspellings looked for, word by word.
"""

import re
from bisect import bisect_right
from collections.abc import Container, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Final

from service.search.hangul import is_hangul, letters, stem
from service.search.keys import WORD, allowed_typos, fold, is_near, parts

Range = tuple[int, int]

_NONE, _LETTER, _HANGUL, _HAN = range(4)

_BREAK: Final = "\n"
"""Stands between two texts that are looked through at once; no word reaches over it."""

_ONE_TO_ONE: Final = re.compile(
    "[\x00-\x7f·«»°À-ÅÇ-ÖØ-ÝàáâãäåçèéêëìíîïðñòóôõöøùúûüýÿĀ-ıĴ-ľŁ-ňŊ-őŔ-žẠ-ỹ–—‘’“”•、。〈-』一-鿿가-힣]*"
)
"""Text of which each character folds to exactly one, whatever stands beside it: nearly all that is shown."""

_CLUSTER: Final = re.compile("[\u1100-\u115f\ua960-\ua97c]*.[\u0300-\u036f\u1160-\u11ff\ud7b0-\ud7fb\u3099\u309a]*", re.DOTALL)
"""A character with what is attached to it: its combining marks, the other letters of its syllable."""


class Marker:
    """The words of one question, made ready for marking them; one object serves all hits of an answer."""

    __slots__ = ("_forms", "_pattern", "_phrases", "_seen", "_suspects", "_words")

    def __init__(self, text: str) -> None:
        asked = parts(text)
        last = len(asked.words) - 1
        prefixes = {word: is_hangul(word) or (asked.unfinished and at == last) for at, word in enumerate(asked.words)}
        self._words: Final = list(prefixes.items())
        self._forms: Final = {form: at for at, (word, _) in enumerate(self._words) for form in (stem(word), word)}
        # The longest first: where several words fit, a regular expression takes the first.
        self._pattern: Final = re.compile("|".join(map(re.escape, sorted(self._forms, key=len, reverse=True))))
        self._phrases: Final = [(len(phrase), _pattern(phrase)) for phrase in asked.phrases]
        self._suspects: Final = _suspects([word for word, _ in self._words if allowed_typos(word)])
        self._seen: Final[dict[tuple[int, str], int]] = {}

    @property
    def has_phrases(self) -> bool:
        """Whether some words must stand together."""
        return bool(self._phrases)

    @property
    def words(self) -> int:
        """How many different words there are besides phrases."""
        return len(self._words)

    def exact(self, folded: str) -> list[tuple[int, int, int]]:
        """Where words stand as typed: start, end and the number of the word."""
        found: list[tuple[int, int, int]] = []
        for match in self._pattern.finditer(folded) if self._forms else ():
            start, end = match.span()
            at = self._forms[match[0]]
            if _fits(folded, start, end, self._words[at][1]):
                found.append((start, end, at))
        return found

    def in_phrases(self, folded: str) -> list[Range]:
        """Where the words of a phrase stand as the phrase has them."""
        found: list[Range] = []
        for words, pattern in self._phrases:
            for match in pattern.finditer(folded):
                stand = list(WORD.finditer(match[0]))
                # What lies between the words may be nothing where a script ends, but never makes two words one.
                if len(stand) == words and _fits(folded, match.start(), match.end(), prefix=False):
                    found += ((match.start() + word.start(), match.start() + word.end()) for word in stand)
        return found

    def misspelt(self, folded: str, but: Container[int]) -> list[Range]:
        """Where words stand that are near to words of the question, other than those with these numbers."""
        suspects = self._suspects.finditer(folded) if self._suspects else ()
        near = ((match.start(), self._nearness(match[0], but)) for match in suspects)
        return [(start, start + length) for start, length in near if length]

    def _nearness(self, other: str, but: Container[int]) -> int:
        """How many letters of the other word are to be marked: 0 where it is near to none."""
        longest = 0
        for at, (word, prefix) in enumerate(self._words):
            if at not in but and letters(word)[0] == letters(other)[0]:
                if (near := self._seen.get((at, other))) is None:
                    near = self._seen[at, other] = _near(word, other, prefix)
                longest = max(longest, near)
        return longest


def ranges(text: str, marker: Marker) -> list[Range]:
    """The ranges of one text that stands alone."""
    return highlights({"": text}, marker).get("", [])


def highlights(shown: Mapping[str, str], marker: Marker) -> dict[str, list[Range]]:
    """The ranges of all texts of one hit, by name; a text in which nothing is marked is left out."""
    aligned = {name: _aligned(text) for name, text in shown.items()}
    exact = {name: marker.exact(folded) for name, (folded, _) in aligned.items()}
    marks = {name: [found[:2] for found in exact[name]] + marker.in_phrases(folded) for name, (folded, _) in aligned.items()}
    as_typed = {word for found in exact.values() for _, _, word in found}
    if len(as_typed) < marker.words:
        for name, (folded, _) in aligned.items():
            marks[name] += marker.misspelt(folded, as_typed)
    return {name: _on_the_original(found, aligned[name][1]) for name, found in marks.items() if found}


def page(hits: Sequence[Mapping[str, str]], marker: Marker) -> list[dict[str, list[Range]]]:
    """The ranges of all texts of all hits of an answer, as `highlights` gives them for one, in one pass over all of them."""
    names = [(at, name) for at, hit in enumerate(hits) for name in hit]
    texts = [text for hit in hits for text in hit.values()]
    joined = _BREAK.join(texts)
    if marker.has_phrases or not _ONE_TO_ONE.fullmatch(joined):
        # A letter that folds to two moves all that follows; and the words of a phrase must not lie in two texts.
        return [highlights(hit, marker) for hit in hits]
    folded = fold(joined)
    starts = list(accumulate((len(text) + len(_BREAK) for text in texts[:-1]), initial=0))
    marks: dict[int, list[Range]] = {}
    as_typed: list[set[int]] = [set() for _ in hits]
    for start, end, word in marker.exact(folded):
        n = bisect_right(starts, start) - 1
        marks.setdefault(n, []).append((start - starts[n], end - starts[n]))
        as_typed[names[n][0]].add(word)
    if lacking := {at for at, words in enumerate(as_typed) if len(words) < marker.words}:
        for n, (at, _) in enumerate(names):
            if at in lacking and (near := marker.misspelt(folded[starts[n] : starts[n] + len(texts[n])], as_typed[at])):
                marks.setdefault(n, []).extend(near)
    found: list[dict[str, list[Range]]] = [{} for _ in hits]
    for n, ranged in marks.items():
        found[names[n][0]][names[n][1]] = _on_the_original(ranged, None)
    return found


def _on_the_original(found: list[Range], spans: Sequence[Range] | None) -> list[Range]:
    """The ranges as they lie in the text before folding, sorted, those that touch made one."""
    joined: list[Range] = []
    for start, end in sorted(found):
        here = (start, end) if spans is None else (spans[start][0], spans[end - 1][1])
        if joined and here[0] <= joined[-1][1]:
            here = (joined[-1][0], max(here[1], joined.pop()[1]))
        joined.append(here)
    return joined


def _aligned(text: str) -> tuple[str, Sequence[Range] | None]:
    """The folded text and, for each of its characters, the range that it came from (None: the same)."""
    return (fold(text), None) if _ONE_TO_ONE.fullmatch(text) else _aligned_by_cluster(text)


@lru_cache(maxsize=1024)
def _aligned_by_cluster(text: str) -> tuple[str, tuple[Range, ...]]:
    folded: list[str] = []
    spans: list[Range] = []
    for cluster in _CLUSTER.finditer(text):
        part = fold(cluster[0])
        folded.append(part)
        spans += [cluster.span()] * len(part)
    return "".join(folded), tuple(spans)


def _pattern(phrase: Sequence[str]) -> re.Pattern[str]:
    return re.compile(r"[\W_]*".join(map(re.escape, phrase)))


def _fits(folded: str, start: int, end: int, prefix: bool) -> bool:
    """Whether a word may stand here. A Korean one may stand inside a compound and before a particle, a Han character anywhere."""
    first, last = _script(folded[start]), _script(folded[end - 1])
    begins = first == _HAN or start == 0 or _script(folded[start - 1]) != first or (first == _HANGUL and end - start > 1)
    return begins and (prefix or last == _HAN or end == len(folded) or _script(folded[end]) != last)


def _script(letter: str) -> int:
    """The kinds of letters at whose borders a word ends."""
    if "가" <= letter <= "힣" or "ㄱ" <= letter <= "ㆎ":
        return _HANGUL
    if "㐀" <= letter <= "鿿" or "豈" <= letter <= "\ufaff":
        return _HAN
    return _LETTER if letter.isalnum() else _NONE


def _suspects(words: Sequence[str]) -> re.Pattern[str] | None:
    """Finds the words that may be misspellings of these: they begin with the same letter, as they must for most."""
    if not words:
        return None
    return re.compile(rf"\b[{''.join(dict.fromkeys(_alike(word[0]) for word in words))}]\w+")


def _alike(letter: str) -> str:
    """The letters with which a misspelling of a word that begins with this one begins, as a regular expression has them."""
    if not is_hangul(letter):
        return re.escape(letter)
    first = ord("가") + (ord(letter) - ord("가")) // 588 * 588
    return f"{chr(first)}-{chr(first + 587)}"


def _near(word: str, other: str, prefix: bool) -> int:
    """How many letters of the other word are this one with the typos allowed, or the beginning of it."""
    allowed, typed, spelt = allowed_typos(word), letters(word), letters(other)
    if len(spelt) < len(typed) - allowed:
        return 0
    if is_near(typed, spelt, allowed, beginning=prefix):
        return min(len(word), len(other)) if is_hangul(word) else len(other)
    return 0
