"""Hangul: syllables and the letters they are made of, and Korean words without the particles that follow them."""

import re
import unicodedata
from typing import Final

HANGUL: Final = "가-힣ㄱ-ㆎ"
_INITIALS: Final = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"


def is_hangul(word: str) -> bool:
    """Whether the word is Korean: it ends in a syllable (2차 is, G20 is not)."""
    return "가" <= word[-1:] <= "힣"


def is_korean(word: str) -> bool:
    """Whether the word is Korean, or being typed so: it ends in a syllable or in a letter of one (김동ㅇ, ㄱㄷㅇ)."""
    return is_hangul(word) or "ㄱ" <= word[-1:] <= "ㆎ"


def letters(word: str) -> str:
    """A word, or several, by its letters, Hangul syllables taken apart: typos and half-typed syllables are seen in these."""
    return word if word.isascii() else unicodedata.normalize("NFKD", word)


def initials(word: str) -> str:
    """The first letters of the syllables: ㄱㄷㅇ for 김동연, as many type a name."""
    return "".join(_INITIALS[(ord(each) - ord("가")) // 588] for each in word if "가" <= each <= "힣")


# Most particles have two forms, one after a consonant and one after a vowel; minding that keeps most nouns whole
# that merely end alike: 가 is a particle in 대사가 and cannot be one in 국가.

_NO_FINAL, _RIEUL = 0, 8
_CONSONANTS: Final = frozenset(range(1, 28))
_FINALS: Final[dict[str, frozenset[int]]] = {
    **dict.fromkeys(["이", "은", "을", "과", "이나", "이며", "이란", "이라는", "이라고", "이랑"], _CONSONANTS),
    **dict.fromkeys(["가", "는", "를", "와", "라는", "라고", "랑"], frozenset({_NO_FINAL})),
    **dict.fromkeys(["으로", "으로서", "으로써", "으로부터"], _CONSONANTS - {_RIEUL}),
    **dict.fromkeys(["로", "로서", "로써", "로부터"], frozenset({_NO_FINAL, _RIEUL})),
    **dict.fromkeys(["의", "에", "도", "만", "께", "께서", "에서", "에게", "에게서", "한테"], _CONSONANTS | {_NO_FINAL}),
    **dict.fromkeys(["님", "씨"], _CONSONANTS | {_NO_FINAL}),  # No particles, but courtesies that are written like them.
    **dict.fromkeys(["까지", "부터", "처럼", "보다", "마다", "조차", "마저", "밖에"], _CONSONANTS | {_NO_FINAL}),
}
"""Each particle with the final consonants, by number, that the syllable before it may have."""

_WHOLE: Final = re.compile(
    "(?:회의|협의|논의|합의|건의|주의|강의|결의|동의|정의|문의|심의|창의|호의|편의|명의|"
    "기도|원도|청도|라도|상도|주도|북도|남도|치도|제도|속도|정도|태도|온도|지도|수도|보도|인도|철도|강도|각도|밀도|의도|시도|반도|용도|"
    "대만|오만|함께|오타와|아이오와|카스트로|몬테네그로|김정은)$"
)
"""Nouns, places and names that end like a particle; what ends in one of them has none."""


def strip_particle(word: str) -> str | None:
    """The word without its last Korean particle, or None when it has none; at least two syllables stay."""
    if not is_hangul(word) or _WHOLE.search(word):
        return None
    for length in (4, 3, 2, 1):
        bare, particle = word[:-length], word[-length:]
        if len(bare) >= 2 and is_hangul(bare) and _final(bare[-1]) in _FINALS.get(particle, ()):
            return bare
    return None


def _final(syllable: str) -> int:
    """The number of the syllable's final consonant, 0 where it ends in a vowel."""
    return (ord(syllable) - ord("가")) % 28


def stem(word: str) -> str:
    """The word without any particle: what is asked for when the word is typed."""
    while (shorter := strip_particle(word)) is not None:
        word = shorter
    return word


def is_particle(word: str) -> bool:
    """Whether the word is nothing but a particle, as it stands behind a Latin word (MOU를)."""
    return word in _FINALS
