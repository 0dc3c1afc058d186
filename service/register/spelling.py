"""Names made comparable: what is left of a name when its accents, its order, its courtesies and its legal form do not count.

Kim Dong-yeon, Dongyeon Kim and KIM, Dong Yeon are spelt the same; Łódź is Lodz. George Bush and George Bush Jr. are not the same,
because the younger one is told apart by just that word, and neither are two names whose initials differ.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA, Indel

_PLAIN: Final = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ı": "i",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ʻ": "",
        "ʼ": "",
        "'": "",
        "’": "",
    }
)
_MARKED: Final = re.compile("([a-z\u0370-\u03ff])[\u0300-\u036f]+")
_LETTER_BY_LETTER: Final = re.compile(r"\b(?:[a-z]\.){2,}")
_WORD: Final = re.compile(r"[^\W_]+")

_COURTESIES: Final = frozenset(
    {"mr", "mrs", "ms", "miss", "dr", "prof", "hon", "sir", "dame", "lord", "님", "씨", "박사", "교수"}
)
_GENERATIONS: Final = {
    generation: number
    for number, names in {
        "1": ("sr", "senior", "시니어"),
        "2": ("jr", "junior", "ii", "주니어", "2세"),
        "3": ("iii", "3세"),
        "4": ("iv", "4세"),
    }.items()
    for generation in names
}
_SMALL_WORDS: Final = frozenset({"the", "of", "and", "for", "in", "at"})
_LEGAL_FORMS: Final = frozenset(
    {
        *("inc", "incorporated", "corp", "corporation", "co", "company", "ltd", "limited", "llc", "plc", "gmbh", "ag", "sa"),
        *("nv", "bv", "주식회사", "주", "유한회사"),
    }
)

SHORTEST_NEAR: Final = 10
"""Letters of a name, or twice its Hangul syllables, from which on a slip of one letter may be a mistake and not another name."""
LONGEST_NEAR: Final = 120
"""Letters beyond which a name is not looked at for slips."""
_LONG_WORD: Final = 7


class Spelling(NamedTuple):
    """A name as it is compared: its words in their order, folded, and what was taken out of it.

    `letters` are all in one piece and `mark` is these without their order, which names that are the same have in common. `weight`
    is how much they say: a Hangul syllable is worth two letters of an alphabet.
    """

    words: tuple[str, ...]
    letters: str
    mark: str
    weight: int
    initials: frozenset[str] = frozenset()
    generation: str = ""
    full: bool = True

    @property
    def may_slip(self) -> bool:
        """Whether the name is long enough for a slip of one letter to be a mistake and not another name."""
        return self.full and SHORTEST_NEAR <= self.weight <= LONGEST_NEAR

    def orders(self) -> Iterator[str]:
        """The letters with the name begun at each of its words, as the family name may stand first or last."""
        for first in range(len(self.words)):
            yield "".join(self.words[first:] + self.words[:first])


@lru_cache(maxsize=65_536)
def person(text: str) -> Spelling:
    """How a person's name is compared. One word is a full name only of three or more syllables of Hangul or Han characters."""
    words = [word for word in _words(text) if word not in _COURTESIES]
    generation = next((_GENERATIONS[word] for word in words[1:] if word in _GENERATIONS), "")
    words = words[:1] + [word for word in words[1:] if word not in _GENERATIONS]
    long = tuple(word for word in words if len(word) > 1 or word > "\u2e7f")
    if len(long) < 2 and not (long and long[0] > "\u2e7f"):
        return _spelling(tuple(words), frozenset(), generation, full=False)
    initials = frozenset(word for word in words if word not in long)
    return _spelling(long, initials, generation, full=len(long) > 1 or len(long[0]) > 2)


@lru_cache(maxsize=65_536)
def organization(text: str) -> Spelling:
    """How an organization's name is compared, without its legal form and the small words between the others."""
    words = tuple(_words(text))
    telling = tuple(word for word in words if word not in _SMALL_WORDS | _LEGAL_FORMS) or words
    return _spelling(telling, frozenset(), "", full=len("".join(telling)) > 2)


SPELLINGS: Final = {"person": person, "organization": organization}
"""By noun, how its names are compared."""


def _spelling(words: tuple[str, ...], initials: frozenset[str], generation: str, *, full: bool) -> Spelling:
    letters = "".join(words)
    weight = len(letters) if letters.isascii() else sum(2 if each > "\u2e7f" else 1 for each in letters)
    return Spelling(words, letters, "".join(sorted(letters)), weight, initials, generation, full)


def is_same(one: Spelling, other: Spelling) -> bool:
    """Whether both are the same name, in whatever order, and written together or apart."""
    # Most names that are looked at together have not even the same letters, and are done with at once.
    if one.mark != other.mark or not _compatible(one, other):
        return False
    return one.letters in other.orders() or sorted(one.words) == sorted(other.words)


def is_near(one: Spelling, other: Spelling) -> bool:
    """Whether both are full names, long enough, and one slip apart: a letter more, less, another one, or two that changed places.

    Names that differ in a digit or in their beginning are different ones.
    """
    if not (one.may_slip and other.may_slip and _compatible(one, other)) or _digits(one) != _digits(other):
        return False
    return any(OSA.distance(one.letters, order, score_cutoff=1) <= 1 and one.letters[0] == order[0] for order in other.orders())


def is_slip(one: Spelling, other: Spelling) -> bool:
    """Whether near names differ in one long word only, all others being the same: that is hardly another name."""
    differing = set(one.words) ^ set(other.words)
    return len(one.words) == len(other.words) and len(differing) == 2 and min(map(len, differing)) >= _LONG_WORD


def keys(spelling: Spelling) -> Iterator[str]:
    """What two names have in common that are the same or near: the letters without their order, or all but one of them."""
    mark = spelling.mark
    yield mark
    if spelling.may_slip:
        yield from {mark[:at] + mark[at + 1 :] for at in range(len(mark))}


def named_alike(noun: str, wanted: Sequence[str], names: Sequence[str]) -> set[int]:
    """Which of many names, by their place, may be the same as one of those wanted or near it."""
    spell = SPELLINGS[noun]
    own = [spell(name) for name in wanted]
    marks = [spell(name).mark for name in names]
    same = {name.mark for name in own}
    found = {place for place, mark in enumerate(marks) if mark in same}
    # A slip changes two letters of the mark at most: one goes, another comes.
    for mark in {name.mark for name in own if name.may_slip}:
        found.update(place for _, _, place in process.extract(mark, marks, scorer=Indel.distance, score_cutoff=2, limit=None))
    return found


def folded(text: str) -> str:
    """The text without case, compatibility forms and Latin accents; Hangul in whole syllables."""
    if text.isascii():
        return text.lower().replace("'", "")
    taken_apart = unicodedata.normalize("NFKD", text.casefold()).translate(_PLAIN)
    return unicodedata.normalize("NFC", _MARKED.sub(r"\1", taken_apart))


def _words(text: str) -> list[str]:
    plain = _LETTER_BY_LETTER.sub(lambda found: found[0].replace(".", "") + " ", folded(text))
    return _WORD.findall(plain)


def _compatible(one: Spelling, other: Spelling) -> bool:
    if not (one.words and other.words) or one.generation != other.generation:
        return False
    return not (one.initials and other.initials) or bool(one.initials & other.initials)


def _digits(spelling: Spelling) -> list[str]:
    return [each for each in spelling.mark if each.isdigit()]
