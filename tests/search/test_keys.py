"""Two spellings of a name meet: what is typed and what is written come to the same words."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.search.hangul import stem, strip_particle
from service.search.keys import (
    MAX_KEYS,
    MAX_WORDS,
    Parts,
    allowed_typos,
    document_keys,
    fold,
    joined_names,
    parts,
    query_text,
    words,
)

ANY_TEXT = st.text()
SYLLABLES = st.characters(min_codepoint=ord("가"), max_codepoint=ord("힣"))
KOREAN = st.text(SYLLABLES, min_size=2, max_size=8)


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Łódź", "Lodz"),
        ("Trần Sỹ Thanh", "Tran Sy Thanh"),
        ("Nguyễn Xuân Phúc", "Nguyen Xuan Phuc"),
        ("Đà Nẵng", "Da Nang"),
        ("Recep Tayyip Erdoğan", "RECEP TAYYIP ERDOGAN"),
        ("Diyarbakır", "Diyarbakir"),
        ("İstanbul", "istanbul"),
        ("Øresund", "Oresund"),
        ("Straße", "STRASSE"),
        ("Æbelø", "Aebelo"),
        ("Þórður Guðmundsson", "Thordur Gudmundsson"),
        ("Valérie Pécresse", "Valerie Pecresse"),
        ("Hawaiʻi", "Hawaii"),
        ("Αθήνα", "ΑΘΗΝΑ"),
        ("ＡＢＣ １２", "abc 12"),
        ("co\u00adoperation", "cooperation"),
    ],
)
def test_spellings_of_one_name_fold_to_one(written: str, typed: str) -> None:
    assert fold(written) == fold(typed)


@pytest.mark.parametrize(("one", "other"), [("й", "и"), ("ё", "е"), ("が", "か"), ("김", "기"), ("경", "겨")])
def test_letters_that_only_look_alike_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@given(ANY_TEXT)
@example("ǰ̇ŉ ǅ ΐ ᾳ ß")
@example("ㄱㅏ각")
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(ANY_TEXT)
def test_decomposed_text_folds_as_composed_text_does(text: str) -> None:
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Governor Newsom's visit", ["governor", "newsom", "s", "visit"]),
        ("MOU를 체결", ["mou", "를", "체결"]),
        ("BC주 수상", ["bc", "주", "수상"]),
        ("2차전지, G20", ["2차전지", "g20"]),
        ("2023년 11월", ["2023년", "11월"]),
        ("何立峰", ["何", "立", "峰"]),
        ("हिन्दी ภาษาไทย", ["हिन्दी", "ภาษาไทย"]),
        ("ㄱㄷㅇ", ["ㄱㄷㅇ"]),
        ("snake_case/slash", ["snake", "case", "slash"]),
        ("…—!?", []),
    ],
)
def test_a_text_is_cut_where_letters_or_scripts_end(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("word", "bare"),
    [
        ("김동연이", "김동연"),
        ("경기도는", "경기도"),
        ("미국대사와", "미국대사"),
        ("캘리포니아를", "캘리포니아"),
        ("베를린으로", "베를린"),
        ("서울로", "서울"),
        ("서울에서의", "서울에서"),
        ("지사에게", "지사"),
        ("2024년에", "2024년"),
    ],
)
def test_a_particle_is_taken_off(word: str, bare: str) -> None:
    assert strip_particle(word) == bare


@pytest.mark.parametrize(
    "word",
    [
        "김동연",
        "국가",
        "전문가",
        "정상회의",
        "경기도",
        "제주특별자치도",
        "대만",
        "상하이",
        "하와이",
        "오타와",
        "결과",
        "나이",
        "이",
        "visit",
        "",
    ],
)
def test_a_noun_that_ends_like_a_particle_stays_whole(word: str) -> None:
    assert strip_particle(word) is None


def test_particles_upon_particles_come_off_one_after_another() -> None:
    assert stem("서울에서의") == "서울"
    assert stem("경제적으로의") == "경제적"


@given(KOREAN)
def test_a_stem_has_no_particle_and_two_syllables_at_least(word: str) -> None:
    assert strip_particle(stem(word)) is None
    assert len(stem(word)) >= 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("김동연이", ["김동연", "동연", "ㄱㄷㅇ", "김동"]),
        ("경기도지사", ["기도지사", "도지사", "지사", "ㄱㄱㄷㅈㅅ", "경기", "경기도", "경기도지", "기도", "기도지", "도지"]),
        ("미국대사와", ["미국대사", "국대사", "대사", "ㅁㄱㄷㅅ", "미국", "미국대", "국대"]),
        ("주한 미국 대사", ["ㅈㅎ", "ㅁㄱ", "ㄷㅅ", "ㅈㅎㅁㄱ", "ㅁㄱㄷㅅ", "ㅈㅎㅁㄱㄷㅅ", "주한미국대사"]),
        ("샘 올트먼", ["트먼", "ㅇㅌㅁ", "올트", "ㅅㅇㅌㅁ"]),
        ("Łódź Trần Straße", ["lodz", "strasse"]),
        ("Governor Newsom", []),
        ("면담", ["ㅁㄷ"]),
        ("2차전지를", ["2차전지", "전지", "ㅊㅈㅈ", "차전"]),
    ],
)
def test_keys_are_what_an_engine_would_not_index_by_itself(text: str, expected: list[str]) -> None:
    assert document_keys([text]) == expected


def test_keys_are_each_there_once_and_not_too_many() -> None:
    assert document_keys(["도지사", "도지사", "도지사가"]) == ["지사", "ㄷㅈㅅ", "도지", "도지사"]
    syllables = [chr(code) for code in range(ord("가"), ord("힣"), 28)]
    many = [first + second + third for first in syllables[:20] for second in syllables[20:40] for third in syllables[40:60]]
    assert len(document_keys(first + word for first in syllables for word in many)) == MAX_KEYS


def test_of_a_long_text_the_inner_parts_and_first_letters_are_no_keys() -> None:
    assert document_keys(["x " * 40 + "경기도지사"]) == ["기도지사", "도지사", "지사"]


@given(
    st.one_of(
        ANY_TEXT, KOREAN, st.text(st.sampled_from("Łódź Trần Straße 김동연이는에서의 경기도 2024 ﬁ İé\u0301ᄀ ㄱ 何ʻ’.\u00ad"))
    )
)
@example("S도S Sʻ\u0301 0\u00ad가에")
def test_what_is_typed_of_a_text_is_among_its_words_and_keys(text: str) -> None:
    asked = query_text(text)
    if '"' not in asked:
        assert set(words(asked)) <= {*words(text), *document_keys([text])}


@given(KOREAN, st.data())
def test_the_end_of_a_korean_compound_is_among_its_keys(word: str, data: st.DataObject) -> None:
    compound = stem(word)
    start = data.draw(st.integers(0, len(compound) - 2))
    assert compound[start:] in {*words(word), *document_keys([word])}


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("  김동연이   면담을 ", "김동연 면담"),
        ("MOU를 체결", "MOU 체결"),
        ("G20의 의장", "G20 의장"),
        ("Łódź Straße", "Lódź Strasse"),
        ('"경기도는 미국" -대사와', '"경기도는 미국" -대사'),
        ("“Governor Kim” −Virginia", '"Governor Kim" -Virginia'),
        (unicodedata.normalize("NFD", "김동연 Trần"), "김동연 Trần"),
        ("New\x00som\n\x1b[31m", "New som [31m"),
        ("lone \ud800surrogate\udfff", "lone surrogate"),
        ("ㄱㄷㅇ", "ㄱㄷㅇ"),
    ],
)
def test_a_question_is_asked_in_words_that_engines_index(typed: str, asked: str) -> None:
    assert query_text(typed) == asked


@given(st.text(st.characters(codec=None)))
def test_any_question_can_be_sent_and_is_the_same_when_asked_again(typed: str) -> None:
    asked = query_text(typed)
    asked.encode("utf-8")
    assert query_text(asked) == asked
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in asked)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("governor newsom", Parts(("governor", "newsom"), (), (), True)),
        ('newsom "action plan"', Parts(("newsom",), (("action", "plan"),), (), False)),
        ('"action plan" newsom', Parts(("newsom",), (("action", "plan"),), (), True)),
        ("governor -virginia", Parts(("governor",), (), (("virginia",),), False)),
        ('-"action plan" eby', Parts(("eby",), (), (("action", "plan"),), True)),
        ("Noord-Brabant - Venlo", Parts(("noord", "brabant", "venlo"), (), (), True)),
        ('"not closed', Parts((), (("not", "closed"),), (), False)),
        ("", Parts((), (), (), False)),
        ('- "" !', Parts((), (), (), False)),
    ],
)
def test_a_question_has_words_phrases_and_what_must_not_occur(text: str, expected: Parts) -> None:
    assert parts(text) == expected


def test_words_beyond_the_tenth_are_not_looked_at() -> None:
    asked = parts(" ".join(f"word{number}" for number in range(50)))
    assert len(asked.words) == MAX_WORDS
    assert not asked.unfinished


@given(ANY_TEXT)
def test_any_text_can_be_read(text: str) -> None:
    asked = parts(text)
    assert all(asked.words)
    assert all(phrase and all(phrase) for phrase in asked.phrases + asked.without)


@pytest.mark.parametrize(
    ("word", "typos"),
    [("kim", 0), ("hobbs", 1), ("governor", 1), ("ambassador", 2), ("202405", 0), ("대사", 0), ("미국", 1), ("김동연", 2)],
)
def test_longer_words_may_have_more_typos(word: str, typos: int) -> None:
    assert allowed_typos(word) == typos


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("Han Duck-soo", ["handucksoo", "ducksoohan"]),
        ("Nguyễn Xuân Phúc", ["nguyenxuanphuc", "xuanphucnguyen"]),
        ("Katie Hobbs", []),
        ("김 동 연", []),
        ("United Nations Economic and Social Commission", []),
    ],
)
def test_a_latin_name_of_three_words_is_a_key_when_written_as_one(name: str, keys: list[str]) -> None:
    assert joined_names([name]) == keys


def test_a_name_is_a_key_when_written_as_one_and_a_sentence_is_not() -> None:
    assert "개빈뉴섬주지사" in document_keys(["개빈 뉴섬 주지사"])
    assert [key for key in document_keys(["경기도 김동연 지사, 개빈 뉴섬 주지사 면담"]) if len(key) > 6] == []
