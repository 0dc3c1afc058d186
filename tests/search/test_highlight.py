"""What is marked of a hit, in code points of the text as it is shown."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.search.highlight import Marker, highlights, page, ranges
from service.search.keys import parts, query_text


def marked(text: str, typed: str) -> list[str]:
    """The marked pieces of the text."""
    return [text[start:end] for start, end in ranges(text, Marker(query_text(typed)))]


@pytest.mark.parametrize(
    ("text", "typed", "expected"),
    [
        ("Governor Newsom meets Governor Kim", "governor", ["Governor", "Governor"]),
        ("Governor Newsom", "newsom governor", ["Governor", "Newsom"]),
        ("Governors of two states", "gov", ["Gov"]),
        ("Governors of two states", "gove states", ["states"]),
        ("ungoverned", "gov", []),
        ("Sonoma, son of Sonora", "son sonoma", ["Sonoma", "son"]),
        ("G20 in Gyeonggi-do", "g20 gyeonggi", ["G20", "Gyeonggi"]),
        ("MOU를 체결", "MOU", ["MOU"]),
        ("BC주 수상", "bc 수상", ["BC", "수상"]),
        ("", "newsom", []),
        ("Newsom", "", []),
    ],
)
def test_words_are_marked_and_of_the_last_one_what_was_typed(text: str, typed: str, expected: list[str]) -> None:
    assert marked(text, typed) == expected


@pytest.mark.parametrize(
    ("text", "typed", "expected"),
    [
        ("김동연이 미국대사와 만났다", "김동연 면담", ["김동연"]),
        ("김동연이 미국대사와 만났다", "김동연이", ["김동연"]),
        ("김동연 지사", "김동연은", ["김동연"]),
        ("경기도지사와 면담", "도지사", ["도지사"]),
        ("경기도지사와 면담", "지사", ["지사"]),
        ("미국대사와 만났다", "대사 만나", ["대사", "만났"]),
        ("주지사, 광주 방문", "주", ["주"]),
        ("2차전지 협력", "전지", ["전지"]),
        ("何立峰 부총리", "何立峰", ["何立峰"]),
    ],
)
def test_korean_words_are_marked_in_compounds_and_before_particles(text: str, typed: str, expected: list[str]) -> None:
    assert marked(text, typed) == expected


@pytest.mark.parametrize(
    ("text", "typed", "expected"),
    [
        ("in der Straße von Łódź", "strasse lodz", ["Straße", "Łódź"]),
        ("Straßburg", "stras", ["Straß"]),
        ("Trần Sỹ Thanh", "tran sy", ["Trần", "Sỹ"]),
        ("Hawaiʻi Governor", "hawaii", ["Hawaiʻi"]),
        ("ﬁnance minister", "finance", ["ﬁnance"]),
        ("ＮＥＷＳＯＭ", "newsom", ["ＮＥＷＳＯＭ"]),
        ("İzmir", "izmir", ["İzmir"]),
        ("½ Newsom", "newsom", ["Newsom"]),
        ("co\u00adoperation", "cooperation", ["co\u00adoperation"]),
    ],
)
def test_ranges_lie_on_the_text_as_it_is_shown(text: str, typed: str, expected: list[str]) -> None:
    assert marked(text, typed) == expected


def test_decomposed_text_is_marked_in_its_own_code_points() -> None:
    text = unicodedata.normalize("NFD", "면담: 김동연과 Trần")

    assert [unicodedata.normalize("NFC", piece) for piece in marked(text, "김동연 tran")] == ["김동연", "Trần"]


@pytest.mark.parametrize(
    ("text", "typed", "expected"),
    [
        ("Glenn Youngkin", "yungkin", ["Youngkin"]),
        ("The governor said", "govenor", ["governor"]),
        ("Premier Eby", "premeir eby", ["Premier", "Eby"]),
        ("the ambassadors came", "embassador", []),
        ("the ambassadors came", "ambasador", ["ambassadors"]),
        ("Ambassador Goldberg", "amabsador goldberg", ["Ambassador", "Goldberg"]),
        ("Katie Hobbs", "hobs", []),
        ("Katie Hobbs", "hobbz", ["Hobbs"]),
        ("김동연이 만났다", "김동욘", ["김동연"]),
        ("김동현 면담", "이동현", []),
    ],
)
def test_misspelt_words_mark_what_was_meant(text: str, typed: str, expected: list[str]) -> None:
    assert marked(text, typed) == expected


def test_a_word_found_as_typed_anywhere_in_the_hit_is_not_looked_for_misspelt() -> None:
    shown = {"title": "Governor Newsom", "summary": "two governers spoke"}

    assert highlights(shown, Marker("governor")) == {"title": [(0, 8)]}
    assert highlights({"summary": shown["summary"]}, Marker("governor")) == {"summary": [(4, 13)]}


def test_each_word_of_a_hit_is_looked_for_by_itself() -> None:
    shown = {"title": "Governor Newsom", "place": "Sacramento", "note": "nothing of the kind"}

    assert highlights(shown, Marker("newsom sacremento")) == {"title": [(9, 15)], "place": [(0, 10)]}


@pytest.mark.parametrize(
    ("text", "typed", "expected"),
    [
        ("Governor Kim and Governor Newsom", '"governor newsom"', ["Governor", "Newsom"]),
        ("Kim, governor; Newsom", '"governor newsom"', ["governor", "Newsom"]),
        ("Governor Newsome", '"governor newsom"', []),
        ("governornewsom", '"governor newsom"', []),
        ("경기도는 미국과", '"경기도는 미국"', []),
        ("경기도는 미국 대사를", '"경기도는 미국"', ["경기도는", "미국"]),
        ("MOU를 체결", '"MOU를"', ["MOU를"]),
        ("Governor Kim", "governor -kim", ["Governor"]),
    ],
)
def test_a_phrase_is_marked_where_it_stands_and_what_must_not_occur_never(text: str, typed: str, expected: list[str]) -> None:
    assert marked(text, typed) == expected


@given(st.text(), st.text(max_size=30))
def test_ranges_are_sorted_apart_and_within_the_text(text: str, typed: str) -> None:
    found = ranges(text, Marker(query_text(typed)))
    ends = [0, *(end for _, end in found)]
    assert all(before <= start < end <= len(text) for before, (start, end) in zip(ends, found, strict=False))


@given(st.text(st.sampled_from("Łódź Trần Straße 김동연이 경기도 ﬁ İé\u0301ᄀ")))
def test_a_text_asked_for_by_itself_is_marked(text: str) -> None:
    typed = query_text(text)
    if parts(typed).words:
        assert ranges(f"x {text} y", Marker(typed))


SHOWN = st.dictionaries(
    st.sampled_from(["title", "place", "person"]), st.text(st.sampled_from("Łódź governor 김동연이 경기도 ﬁ é\u0301\n-"))
)


@given(
    st.lists(SHOWN, max_size=4),
    st.sampled_from(["gov", "governor lodz", "김동연", "경기도 gove", "lodź -gov", '"dź g"', "o", ""]),
)
def test_a_page_is_marked_as_its_hits_are_one_by_one(hits: list[dict[str, str]], typed: str) -> None:
    marker = Marker(query_text(typed))

    assert page(hits, marker) == [highlights(hit, marker) for hit in hits]
