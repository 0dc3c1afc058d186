"""Words made comparable: one way of folding text, for the document that is found and for the question that finds it.

Two spellings of one name must meet whatever engine compares them: Łódź and Lodz, Trần and Tran, 김동연 and 김동연이. What an
engine's own tokenizer does not bring together is brought together here, on both sides with the same functions:

- `fold` is the form in which words are compared, `words` cuts a text into such forms;
- `document_keys` makes the attribute `keys` of a document: the forms that an engine would not index by itself;
- `query_text` makes of what a person typed the text of a `Query`;
- `parts` reads such a text: words, phrases in quotes, and what must not occur.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA

from service.search.hangul import HANGUL, initials, is_hangul, is_korean, is_particle, letters, stem, strip_particle

MAX_KEYS: Final = 2_000
"""How many keys a document may have; titles and names come first, so a very long note loses its last words only."""

LONGEST_NAME: Final = 60
"""Characters of a text that may be a name or a title; what is longer is a sentence, whose words are not typed by their parts."""

_REMEMBERED: Final = 16
"""Characters of a text that is short enough to come again and again, so that what was made of it is worth remembering."""

MOST_JOINED: Final = 4
"""How many Korean words of a name may be written as one."""

MAX_WORDS: Final = 10
"""How many words of a question count; the rest is not looked at."""

MAX_PHRASE: Final = 50
"""How many words of one phrase count."""

_LETTERS: Final = dict(zip("łøđħŧıð", "lodhtid", strict=True)) | {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
_APOSTROPHES: Final = {"ʻ": "", "ʼ": ""}  # as in Hawaiʻi: letters to Unicode, and left out by those who type the name
_IGNORABLE: Final = {"\u00ad": "", "\u2060": "", "\ufeff": ""}
_FOLDED: Final = str.maketrans(_LETTERS | _APOSTROPHES | _IGNORABLE)
_CAPITALS: Final = {letter.upper(): plain.upper() for letter, plain in _LETTERS.items() if letter not in "ıß"}
_PLAIN: Final = str.maketrans(_LETTERS | _CAPITALS | _APOSTROPHES)
_IGNORED: Final = str.maketrans(_IGNORABLE)
_ENGINE_FOLDED: Final = str.maketrans({"đ": "d"} | _IGNORABLE)

PLAIN: Final = re.compile("[\x00-\x7f·–—‘’“”、。〈-』一-鿿가-힣ㄱ-ㆎ]*")
"""Text that folding changes in nothing but case."""

_MARKED: Final = re.compile("([a-z\u00df-\u02af\u0370-\u03ff\u1d00-\u1dbf\u1e00-\u1fff])[\u0300-\u036f]+")
"""A Latin or Greek letter with its combining marks. Other scripts keep theirs: й is not и, and が is not か."""

_JAMO: Final = re.compile("([\u3131-\u318e]+)")
"""Hangul letters typed one by one. Compatibility normalisation would take them for the beginnings of syllables."""

_MARKS: Final = "".join(
    chr(code) for code in (*range(0x300, 0x1E00), *range(0xA66F, 0xAC00)) if unicodedata.category(chr(code)) in ("Mn", "Mc")
)
HAN: Final = "㐀-䶿一-鿿豈-﫿"
_LETTER: Final = rf"[^\W_{HANGUL}{HAN}]"
WORD: Final = re.compile(rf"\d*[{HANGUL}][{HANGUL}\d]*|{_LETTER}+(?:[{_MARKS}]+{_LETTER}*)*|[{HAN}]")
"""A word: letters and digits without a break. It ends where Hangul begins or ends (MOU를 is two); each Han character is one."""

_QUOTES: Final = str.maketrans(dict.fromkeys("“”„‟«»「」『』", '"') | {"−": "-"})
_LONGEST_QUESTION: Final = 2_000
"""Characters of a question after composition, which can make eighteen of one."""

_MARKS_AT_THE_END: Final = " .,;:!?…·。、，"
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_SURROGATES: Final = re.compile("[\ud800-\udfff]+")


def fold(text: str) -> str:
    """The text as it is compared: without case, compatibility forms and Latin accents; Hangul in whole syllables."""
    if PLAIN.fullmatch(text):
        return text.lower()
    if _JAMO.search(text) is None:
        return _fold(text)
    return "".join(part if _JAMO.match(part) else _fold(part) for part in _JAMO.split(text))


def _fold(text: str) -> str:
    # Case folding can give back letters that decompose, and decomposing letters that have case: hence twice.
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold()).casefold()
    return unicodedata.normalize("NFC", _MARKED.sub(r"\1", text.translate(_FOLDED)))


def _composed(text: str) -> str:
    """The text with every character in its one composed form; case and accents stay."""
    text = text.translate(_IGNORED)
    return "".join(part if _JAMO.match(part) else unicodedata.normalize("NFKC", part) for part in _JAMO.split(text))


def words(text: str) -> list[str]:
    """The folded words of a text in their order."""
    return WORD.findall(fold(text))


def allowed_typos(word: str) -> int:
    """One typo from five letters, two from nine, as Meilisearch has it; of a Korean word those of its syllables count."""
    length = len(letters(word))
    return 0 if length < 5 or word.isdigit() else 1 if length < 9 else 2


def is_near(typed: str, spelt: str, allowed: int, *, beginning: bool) -> bool:
    """Whether no more typos than allowed lie between what was typed and a word, or a beginning of it; both by their letters."""
    lengths = range(len(typed) - allowed, len(typed) + allowed + 1) if beginning else (len(spelt),)
    return any(OSA.distance(typed, spelt[:length], score_cutoff=allowed) <= allowed for length in lengths)


# The document's side.


def document_keys(texts: Iterable[str]) -> list[str]:
    """The words by which these texts must be found although an engine would not index them so."""
    keys: dict[str, None] = {}
    for text in texts:
        if text.isascii():
            continue
        if len(text) <= _REMEMBERED:
            keys |= dict.fromkeys(_remembered_keys(text))
        else:
            keys.update(_keys_of_a_name(text) if len(text) <= LONGEST_NAME else _keys(text))
        if len(keys) >= MAX_KEYS:
            break
    return list(keys)[:MAX_KEYS]


@lru_cache(maxsize=4096)
def _remembered_keys(text: str) -> tuple[str, ...]:
    # What countries, months, kinds and people are called.
    return tuple(_keys_of_a_name(text))


def _keys_of_a_name(text: str) -> dict[str, None]:
    said = [stem(word) for word in words(text) if is_hangul(word)]
    keys = _keys(text)
    for word in said:
        keys |= dict.fromkeys(_parts_of_a_word(word))
    # A name is written as one word, and typed by its initials, as a whole; of a sentence no more than two words are.
    longest = len(said) if len(said) <= MOST_JOINED else 2
    for length in range(2, longest + 1):
        for start in range(len(said) - length + 1):
            together = "".join(said[start : start + length])
            # Two words that were written as one the engines find by themselves, three they do not.
            keys |= dict.fromkeys((initials(together), together)[: 1 if length == 2 else 2])
    return keys


def joined_names(names: Iterable[str]) -> list[str]:
    """Latin names of three or four words written as one, the surname first and last: engines put two words together only."""
    return list(dict.fromkeys(key for name in names for key in _joined(name)))


@lru_cache(maxsize=8192)
def _joined(name: str) -> tuple[str, ...]:
    said = words(name)
    if not 3 <= len(said) <= MOST_JOINED or any(map(is_korean, said)):
        return ()
    return "".join(said), "".join((*said[1:], said[0]))


@lru_cache(maxsize=8192)
def _parts_of_a_word(word: str) -> tuple[str, ...]:
    """The first letters of its syllables, and its parts but those at its end: 경기 and 도지 of 경기도지사."""
    compound = word.lstrip("0123456789")
    if len(compound) < 2:
        return ()
    inner = (compound[start:end] for start in range(len(compound)) for end in range(start + 2, len(compound)))
    return (initials(compound), *inner)


def _keys(text: str) -> dict[str, None]:
    keys: dict[str, None] = {}
    for word in words(text):
        for key in _korean_keys(word):
            keys[key] = None
    for word in () if PLAIN.fullmatch(text) else WORD.findall(_composed(text)):
        for key in _latin_keys(word):
            keys[key] = None
    return keys


@lru_cache(maxsize=8192)
def _latin_keys(word: str) -> tuple[str, ...]:
    if word.isascii() or is_hangul(word):
        return ()
    folded = fold(word)
    return () if folded == _as_engine_folds(word) else (folded,)


@lru_cache(maxsize=8192)
def _korean_keys(word: str) -> tuple[str, ...]:
    """Without particles (김동연이: 김동연), and each ending of the compound that is left (경기도지사: 도지사, 지사)."""
    if not is_hangul(word):
        return ()
    bare: list[str] = []
    while (shorter := strip_particle(bare[-1] if bare else word)) is not None:
        bare.append(shorter)
    compound = stem(word).lstrip("0123456789")
    return (*bare, *(compound[start:] for start in range(1, len(compound) - 1)))


def _as_engine_folds(word: str) -> str:
    """What Meilisearch makes of a word by itself: it drops accents, and keeps ł, ø, ß and their like."""
    decomposed = unicodedata.normalize("NFKD", word).lower()
    return unicodedata.normalize("NFC", _MARKED.sub(r"\1", decomposed.translate(_ENGINE_FOLDED)))


# The question's side.


def query_text(text: str) -> str:
    """What is asked of an engine for the words typed; quotes and a leading minus keep their meaning."""
    pieces = _printable(text)[:_LONGEST_QUESTION].translate(_QUOTES).split('"')
    # Every second piece stands in quotes; a phrase is compared with the text as it runs, so its particles stay.
    pieces[::2] = [_asked(piece) for piece in pieces[::2]]
    # Meilisearch takes a word with a mark behind it for finished, and no longer for the beginning of one.
    return " ".join('"'.join(pieces).split()).rstrip(_MARKS_AT_THE_END)


def _printable(text: str) -> str:
    return _composed(_SURROGATES.sub("", _UNPRINTABLE.sub(" ", text)))


def _asked(text: str) -> str:
    """A stretch outside quotes, each Korean word without its particle, and none left standing behind a Latin word (MOU를)."""
    text, asked, end = text.translate(_PLAIN), [], 0
    for found in WORD.finditer(text):
        asked.append(text[end : found.start()])
        trailing = 0 < end == found.start() and is_particle(found[0])
        asked.append(" " if trailing else stem(found[0]))
        end = found.end()
    return "".join(asked) + text[end:]


class Parts(NamedTuple):
    """A query text, read: words, phrases that must stand as they are, and words or phrases that must not occur."""

    words: tuple[str, ...]
    phrases: tuple[tuple[str, ...], ...]
    without: tuple[tuple[str, ...], ...]
    unfinished: bool
    """Whether the last of the words stands at the end of the text, so that it may be the beginning of a word."""


_PART: Final = re.compile(r'(?P<minus>(?<!\S)-)?(?:"(?P<phrase>[^"]*)"?|(?P<plain>[^\s"]+))')


def pieces(text: str) -> list[str]:
    """The words and phrases of a query text as they stand in it, a minus with what it forbids."""
    return [part[0] for part in _PART.finditer(text)]


def is_plain(piece: str) -> bool:
    """Whether a piece is a word that may be given up: no phrase, and not forbidden."""
    return piece[0] not in '-"'


def parts(text: str) -> Parts:
    """Read a query text; any text can be read, and a quote that is not closed reaches to the end."""
    plain: list[str] = []
    phrases: list[tuple[str, ...]] = []
    without: list[tuple[str, ...]] = []
    unfinished = False
    for part in _PART.finditer(text):
        found = tuple(words(part["plain"] if part["phrase"] is None else part["phrase"])[:MAX_PHRASE])
        if not found:
            continue
        unfinished = part["phrase"] is None and not part["minus"]
        if part["minus"]:
            without.append(found)
        elif part["phrase"] is not None:
            phrases.append(found)
        else:
            plain.extend(found)
    unfinished = unfinished and len(plain) <= MAX_WORDS
    return Parts(tuple(plain[:MAX_WORDS]), tuple(phrases[:MAX_WORDS]), tuple(without[:MAX_WORDS]), unfinished)
