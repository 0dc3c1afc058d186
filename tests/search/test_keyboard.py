"""Words typed with the keyboard in the other language."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.search.keyboard import as_hangul, as_latin, unfinished

SYLLABLES = st.text(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("rlaehddus", "김동연"),
        ("wnwltk", "주지사"),
        ("alrnreotk", "미국대사"),
        ("rkqt", "값"),
        ("ekfrtkf", "닭살"),
        ("dhksfy", "완료"),
        ("RKEh", "까또"),
        ("GKS", "한"),  # Caps Lock: only some keys have another letter with shift.
        ("rlaehdd", "김동ㅇ"),
    ],
)
def test_latin_keys_are_read_as_hangul(typed: str, meant: str) -> None:
    assert as_hangul(typed) == meant


@pytest.mark.parametrize("word", ["newsom", "young", "kim", "rrr", "hobbs", "governor", "r2", "김", ""])
def test_what_makes_no_syllables_is_no_korean_word(word: str) -> None:
    assert as_hangul(word) is None


@pytest.mark.parametrize(
    ("typed", "meant"), [("ㅛㅐㅕㅜㅎ", "young"), ("ㅜㄷㅈ내ㅡ", "newsom"), ("ㅗㅐㅠㅠㄴ", "hobbs"), ("김동연", "rlaehddus")]
)
def test_hangul_keys_are_read_as_latin(typed: str, meant: str) -> None:
    assert as_latin(typed) == meant


@pytest.mark.parametrize("word", ["김2", "newsom", "何", "", "김 동"])
def test_what_no_key_of_dubeolsik_gives_has_no_latin_reading(word: str) -> None:
    assert as_latin(word) is None


@given(SYLLABLES)
def test_every_korean_word_comes_back_from_its_keys(word: str) -> None:
    keys = as_latin(word)
    assert keys is not None
    assert keys.isascii()
    assert as_hangul(keys) == word


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("도짓", "도지ㅅ"), ("돚", "도ㅈ"), ("값", "갑ㅅ"), ("도지", None), ("ㄱ", None), ("do", None), ("", None)],
)
def test_a_final_consonant_may_begin_the_next_syllable(typed: str, meant: str | None) -> None:
    assert unfinished(typed) == meant
