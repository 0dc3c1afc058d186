"""How a question is read: which of its words say something that can be filtered by, and which are to be looked for.

    미국 대사 2024년 5월        country US, when 2024-05; 대사 is looked for
    kind:면담 -정상 "climate action"   kind meeting; what stands in quotes or after a minus is left as it is
    who met the governor        the governor: words that only ask are left out

What is read so is shown with the answer, as a chip with its place in the text, and can be taken as plain words instead
(`as_words`). Nothing is read that could as well mean something else: Georgia is a country and a state and stays a word.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

from service.register import codes, places
from service.search.dates import dates
from service.search.hangul import stem
from service.search.keys import WORD, fold, words


class Chip(NamedTuple):
    """Something that was read in a question: `text`, from `start` to `end` in code points, stands for `value` of `field`.

    `stated` says that it was written as `field:value`, so that it cannot be meant otherwise, `applied` that all that was found
    has it; a chip that is not applied is an offer (`noticing`).
    """

    field: str
    value: str
    label_en: str
    label_ko: str
    text: str
    start: int
    end: int
    stated: bool
    applied: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """A question, read: the words that are left to be looked for, and what was read."""

    text: str
    chips: tuple[Chip, ...] = ()


_PROTECTED: Final = re.compile(r'(?<!\S)-(?:"[^"]*"?|[^\s"]+)|["“”„‟«»「」『』][^"“”„‟«»「」『』]*["“”„‟«»「」『』]?')
"""Phrases in quotes, and what must not occur."""

_STATED: Final = re.compile(r'(?<!\S)(?P<field>[^\W\d_]+(?:_[^\W\d_]+)?):(?P<value>"[^"]*"|[^\s"]+)')

_NAMES_OF: Final = {
    "country": ("country", "나라", "국가"),
    "when": ("when", "year", "date", "연도", "날짜", "기간"),
    "kind": ("kind", "종류"),
    "status": ("status", "상태"),
    "mode": ("mode", "방식"),
    "direction": ("direction", "방향"),
    "office": ("office", "직위"),
    "outcome_kind": ("outcome_kind", "outcome", "성과"),
    "outcome_status": ("outcome_status",),
}
NAMED: Final = {
    "person": ("person", "people", "사람", "인물"),
    "organization": ("organization", "organisation", "기관", "단체"),
    "topic": ("topic", "주제"),
}
"""Fields whose values are records: what is written as `person:newsom` has to be looked for before it can be filtered by."""

_FIELDS: Final = {name: field for field, names in (_NAMES_OF | NAMED).items() for name in names}
"""What a field may be called in a question, and the filter that it is."""

_CODES_OF: Final = {"office": "office_type"}

_CASED: Final = {"US": "US", "UK": "GB", "UAE": "AE", "USA": "US", "DRC": "CD", "PRC": "CN", "DPRK": "KP"}
"""Abbreviations that are names of countries only in capitals."""

_HOME: Final = "KR"
"""The register's own country is in nearly every record and tells nothing."""

_TWICE: Final = frozenset({"georgia", "조지아", "jordan", "chad", "macao", "macau", "guinea", "congo"})
"""Names of countries that as often name something else."""

_MOST_WORDS: Final = 5

_TITLES: Final = frozenset(
    {"mr", "mrs", "ms", "dr", "prof", "hon", "honourable", "honorable", "excellency", "sir", "madam", "h.e"}
)
"""Courtesies before a name, which no record has."""

_INITIAL: Final = re.compile(r"[^\W\d_]\.")
"""A given name that is only begun: the G. of G. Newsom."""

_QUESTION: Final = frozenset({"who", "whom", "what", "which", "when", "where", "how", "did", "has", "have", "was", "were"})
_ASKING: Final = _QUESTION | {
    *(
        "whose",
        "why",
        "does",
        "do",
        "is",
        "are",
        "had",
        "the",
        "an",
        "of",
        "with",
        "and",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "by",
    ),
    *("about", "between", "into", "that", "there", "any", "all", "me", "show", "find", "list", "tell", "please"),
}
_ASKED_OF: Final = frozenset({"met", "meet", "visit", "visited", "happened", "take", "took", "place"})
"""Words that only ask where the question begins with a word that asks."""
_ASKING_KOREAN: Final = re.compile(
    "누가|누구|누구와|누구를|누굴|언제|어디|어디서|어디에서|무엇|무엇을|무슨|어떤|어느|몇|왜|어떻게|및|등|관련|관한|대한|"
    "만났나|만났나요|만났는가|만났습니까|만난|방문했나|방문했나요|방문한|했나|했나요|있나|있나요|있었나|있었나요|알려줘|찾아줘|보여줘|때"
)


@lru_cache(maxsize=1024)
def read(text: str, today: date, as_words: tuple[str, ...] = ()) -> Reading:
    """Read a question asked on this day; fields in `as_words` are not read, what was written as `field:value` always is."""
    chips = list(_stated(text, today))
    free = free_of(text, chips)
    if "when" not in as_words and not any(chip.field == "when" for chip in chips):
        for found in dates(free, today):
            chips.append(chip_of("when", found.edtf, text, found.start, found.end))
            break  # A second date would have to be met as well, by the same engagement.
    free = _blanked(free, [(chip.start, chip.end) for chip in chips])
    if "country" not in as_words:
        chips += [chip_of("country", code, text, start, end) for code, start, end in _countries(free)]
    left = _blanked(text, [(chip.start, chip.end) for chip in chips])
    return Reading(_without_asking(left), tuple(sorted(chips, key=lambda chip: chip.start)))


def _stated(text: str, today: date) -> Iterator[Chip]:
    protected = [match.span() for match in _PROTECTED.finditer(text)]
    for match in _STATED.finditer(text):
        field = _FIELDS.get(match["field"].lower())
        inside = any(start <= match.start() < end for start, end in protected)
        if field and not inside and (value := _value(field, match["value"].strip('"'), today)):
            yield chip_of(field, value, text, *match.span(), stated=True)


def _value(field: str, said: str, today: date) -> str | None:
    if field in NAMED:
        return " ".join(words(said)) or None
    if field == "when":
        return next((found.edtf for found in dates(said, today) if found[:2] == (0, len(said))), None)
    if field == "country":
        code = said.upper()
        return code if code in places.countries() else _country_names(home=True).get(tuple(_bare_words(said)))
    wanted, labels = fold(said), codes.FIELDS[_CODES_OF.get(field, field)]
    called = {code: (fold(code), fold(label.en), fold(label.ko)) for code, label in labels.items()}
    if named := next((code for code, names in called.items() if wanted in names), None):
        return named
    # A part of the name is enough where it is no part of another: 통화 of 전화통화.
    meant = [code for code, names in called.items() if any(wanted in name for name in names)]
    return meant[0] if len(meant) == 1 and len(wanted) > 1 else None


def chip_of(field: str, value: str, text: str, start: int, end: int, *, stated: bool = False) -> Chip:
    """The chip of a value that the text says from `start` to `end`."""
    en, ko = _label(field, value)
    return Chip(field, value, en, ko, text[start:end], start, end, stated)


def _label(field: str, value: str) -> tuple[str, str]:
    if field == "when" or field in NAMED:
        return value, value
    if field == "country":
        name = places.countries()[value]
        return name.en, name.ko or name.en
    return codes.label(_CODES_OF.get(field, field), value)


def free_of(text: str, chips: Sequence[Chip]) -> str:
    """The text with what stands in quotes or after a minus blank, and what these chips were read in."""
    return _blanked(text, [match.span() for match in _PROTECTED.finditer(text)] + [(chip.start, chip.end) for chip in chips])


def _blanked(text: str, spans: list[tuple[int, int]]) -> str:
    """The text with these stretches blank, every other character where it was."""
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


# Countries.


def _bare_words(text: str) -> list[str]:
    return [stem(word) for word in WORD.findall(fold(text))]


@cache
def _country_names(*, home: bool = False) -> Mapping[tuple[str, ...], str]:
    """The country for each name in words, without those that name another thing as well."""
    claimed: dict[tuple[str, ...], set[str]] = {}
    for code, names in places.countries().items():
        if home or code != _HOME:
            for name in (names.en, names.ko, *names.others):
                if name and not (name.isupper() and name.isascii() and name.isalpha()):
                    claimed.setdefault(tuple(_bare_words(name)), set()).add(code)
    return {
        words: next(iter(codes_)) for words, codes_ in claimed.items() if words and len(codes_) == 1 and words[0] not in _TWICE
    }


@cache
def _longer_names() -> frozenset[tuple[str, ...]]:
    """Names of subdivisions in several words, so that Mexico is not read in New Mexico; Hong Kong is one, and a country."""
    names = (name for place in places.subdivisions_kept().values() for name in (place.en, place.ko, *place.others) if name)
    return frozenset(words for name in names if len(words := tuple(_bare_words(name))) > 1) - _country_names(home=True).keys()


def _countries(text: str) -> Iterator[tuple[str, int, int]]:
    known, longer = _country_names(), _longer_names()
    tokens = list(WORD.finditer(text))
    said = [stem(fold(token[0])) for token in tokens]
    at = 0
    while at < len(tokens):
        length = 1
        for length in range(min(_MOST_WORDS, len(tokens) - at), 0, -1):
            words = tuple(said[at : at + length])
            start, end = tokens[at].start(), tokens[at + length - 1].end()
            end += length > 1 and text[start:end].count(".") == length - 1 and text[end : end + 1] == "."  # U.S.
            if words in longer:
                break
            code = known.get(words) or (_CASED.get(tokens[at][0]) if length == 1 else None)
            if code and _stand_together(text, tokens[at : at + length]):
                yield code, start, end
                break
        at += length


def _stand_together(text: str, tokens: list[re.Match[str]]) -> bool:
    """Whether nothing stands between these words but a blank, a point or a hyphen, and nothing is attached to them."""
    between = (text[one.end() : other.start()] for one, other in pairwise(tokens))
    before, after = text[: tokens[0].start()][-1:], text[tokens[-1].end() :][:1]
    return (
        all(re.fullmatch(r"[\s.'’-]{0,2}", part) for part in between)
        and not (before in "-_/@" and before)
        and after not in ("_", "/", "@")
    )


# Words that only ask.


def _without_asking(text: str) -> str:
    """The text without words that only ask; all of it where nothing else is left."""
    protected = [match.span() for match in _PROTECTED.finditer(text)]
    tokens = [each for each in re.finditer(r"\S+", text) if not any(s <= each.start() < e for s, e in protected)]
    bare = [fold(each[0]).strip("?!.,;:’'") for each in tokens]
    asks = bool(bare) and bare[0] in _QUESTION
    idle = [each for each, word in zip(tokens, bare, strict=True) if _only_asks(word, asks) or _INITIAL.fullmatch(each[0])]
    if len(idle) == len(tokens) and not protected:
        return " ".join(text.split())
    return " ".join(_blanked(text, [each.span() for each in idle]).split())


def _only_asks(word: str, asks: bool) -> bool:
    return word in _ASKING or word in _TITLES or (asks and word in _ASKED_OF) or bool(_ASKING_KOREAN.fullmatch(word))
