"""Words typed with the keyboard in the other language: Dubeolsik (KS X 5002) and the Latin layout, key for key.

`rlaehddus` are the keys of 김동연, and `ㅛㅐㅕㅜㅎ` those of young. Both are read here as what the same keys give on the other
layout. Nothing is guessed: a word of which something is left over on the other layout is none of its words.
"""

import re
from itertools import chain
from typing import Final

_KEYS: Final = dict(zip("qwertyuiopasdfghjklzxcvbnm", "ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔㅁㄴㅇㄹㅎㅗㅓㅏㅣㅋㅌㅊㅍㅠㅜㅡ", strict=True))
_SHIFTED: Final = dict(zip("QWERTOP", "ㅃㅉㄸㄲㅆㅒㅖ", strict=True))
_LETTER_OF: Final = _KEYS | _SHIFTED
_KEY_OF: Final = {letter: key for key, letter in _LETTER_OF.items()}

_INITIALS: Final = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS: Final = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS: Final[tuple[str, ...]] = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
_PAIRS: Final[dict[str, str]] = dict(
    zip(
        "ㅗㅏ ㅗㅐ ㅗㅣ ㅜㅓ ㅜㅔ ㅜㅣ ㅡㅣ ㄱㅅ ㄴㅈ ㄴㅎ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ ㅂㅅ".split(),  # noqa: SIM905
        "ㅘㅙㅚㅝㅞㅟㅢㄳㄵㄶㄺㄻㄼㄽㄾㄿㅀㅄ",
        strict=True,
    )
)
"""Letters that take two keys."""

_APART: Final[dict[str, str]] = {whole: pair for pair, whole in _PAIRS.items()}
_VOWEL: Final = rf"(?:{'|'.join(pair for pair, whole in _PAIRS.items() if whole in _VOWELS)}|[{_VOWELS}])"
_FINAL: Final = rf"(?:{'|'.join(pair for pair, whole in _PAIRS.items() if whole in _FINALS)}|[{''.join(_FINALS)}])"
_SYLLABLE: Final = re.compile(rf"([{_INITIALS}])({_VOWEL})((?:{_FINAL}(?![{_VOWELS}]))?)")
_WORD: Final = re.compile(rf"(?:[{_INITIALS}]{_VOWEL}(?:{_FINAL}(?![{_VOWELS}]))?)+[{_INITIALS}]?")
"""Whole syllables, and perhaps the beginning of one more."""


def as_hangul(word: str) -> str | None:
    """What the keys of a Latin word give on Dubeolsik: syllables, the last one perhaps only begun. None where they do not."""
    letters = "".join(_LETTER_OF.get(key, _KEYS.get(key.lower(), " ")) for key in word)
    return str(_SYLLABLE.sub(_composed, letters)) if _WORD.fullmatch(letters) else None


def as_latin(word: str) -> str | None:
    """What the keys of a Korean word give on the Latin layout; None where there are none for it."""
    keys = [_KEY_OF.get(letter) for letter in chain.from_iterable(map(_apart, word))]
    return "".join(key for key in keys if key) if keys and None not in keys else None


def unfinished(text: str) -> str | None:
    """The text with the last consonant of its last syllable as the first one of a syllable to come, as it is while typing."""
    if not "가" <= text[-1:] <= "힣":
        return None
    final = (ord(text[-1]) - 0xAC00) % 28
    whole = _FINALS[final]
    if not whole:
        return None
    apart = _APART.get(whole, whole)
    return text[:-1] + chr(ord(text[-1]) - final + _FINALS.index(apart[:-1])) + apart[-1]


def _composed(syllable: re.Match[str]) -> str:
    initial, vowel, final = syllable.groups()
    at = (_INITIALS.index(initial) * 21 + _VOWELS.index(_PAIRS.get(vowel, vowel))) * 28 + _FINALS.index(_PAIRS.get(final, final))
    return chr(0xAC00 + at)


def _apart(letter: str) -> str:
    """The letters, one for each key, of a syllable or of a letter that stands alone."""
    if "가" <= letter <= "힣":
        at, final = divmod(ord(letter) - 0xAC00, 28)
        initial, vowel = divmod(at, 21)
        letter = _INITIALS[initial] + _VOWELS[vowel] + _FINALS[final]
    return "".join(_APART.get(each, each) for each in letter)
