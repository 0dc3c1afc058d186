"""Text as the register keeps it: composed, trimmed, bounded, and of characters that text has."""

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from service.register.text import ExternalId, Language, Line, Prose, RecordId, Url


def kept(kind: Any, value: object) -> object:
    return TypeAdapter(kind).validate_python(value)


def refusal(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(value)
    return str(refused.value.errors()[0]["msg"])


def test_decomposed_hangul_becomes_composed() -> None:
    decomposed = unicodedata.normalize("NFD", "김동연 지사")
    assert decomposed != "김동연 지사"
    assert kept(Line, decomposed) == "김동연 지사"


def test_blanks_around_the_text_are_dropped() -> None:
    assert kept(Line, "  Premier David Eby\t\r\n") == "Premier David Eby"


@pytest.mark.parametrize("empty", ["", "   ", "\t\n"])
@pytest.mark.parametrize("kind", [Line, Prose, Url])
def test_empty_text_is_no_text(kind: Any, empty: str) -> None:
    assert "The text is empty; leave the field out" in refusal(kind, empty)


@pytest.mark.parametrize("character", ["\0", "\x01", "\x1b", "\x7f", "\x85", "\x9f"])
@pytest.mark.parametrize("kind", [Line, Prose])
def test_a_control_character_is_refused_with_its_place_and_number(kind: Any, character: str) -> None:
    assert f"Character 7 is U+{ord(character):04X}" in refusal(kind, f"Newsom{character}!")


@pytest.mark.parametrize("half", ["\ud800", "김\udc00"])
@pytest.mark.parametrize("kind", [Line, Prose, Url, ExternalId])
def test_half_a_surrogate_pair_is_refused(kind: Any, half: str) -> None:
    assert "unicode" in refusal(kind, half)


def test_a_whole_character_beyond_the_basic_plane_is_kept() -> None:
    assert kept(Line, "𠮷田 🇰🇷") == "𠮷田 🇰🇷"


@pytest.mark.parametrize("character", ["\n", "\r", "\t"])
def test_a_line_has_no_breaks_but_prose_has(character: str) -> None:
    assert "Character 2 is U+00" in refusal(Line, f"a{character}b")
    assert kept(Prose, f"a{character}b") == f"a{character}b"


@pytest.mark.parametrize(("kind", "limit"), [(Line, 500), (Prose, 20_000)])
def test_the_bound_holds_for_the_text_as_it_is_kept(kind: Any, limit: int) -> None:
    longest = "각" * limit
    assert kept(kind, longest) == longest
    assert kept(kind, unicodedata.normalize("NFD", longest)) == longest
    assert f"{limit} are kept at most" in refusal(kind, longest + "각")
    # One character that composition takes apart.
    assert f"{limit} are kept at most" in refusal(kind, "\ufb2c" * limit)


def test_an_enormous_text_is_refused_unread() -> None:
    assert "at most 2000 characters" in refusal(Line, "\0" * 100_000)


@given(st.text(max_size=60))
def test_what_is_kept_is_kept_again_unchanged(text: str) -> None:
    try:
        once = kept(Line, text)
    except ValidationError:
        return
    assert kept(Line, once) == once
    assert isinstance(once, str)
    assert unicodedata.is_normalized("NFC", once)
    assert once == once.strip() != ""


@pytest.mark.parametrize(
    "address", ["https://www.gg.go.kr/", "http://news.gg.go.kr:8080/뉴스?id=1#top", "https://경기도.한국/", "https://[::1]/"]
)
def test_a_web_address_is_kept_as_it_was_given(address: str) -> None:
    assert kept(Url, address) == address


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "ftp://gg.go.kr/", "www.gg.go.kr", "https://", "https://a b/", "http://[x"],
)
def test_what_is_no_web_address_is_refused(address: str) -> None:
    assert "A web address is expected" in refusal(Url, address)


@pytest.mark.parametrize("text", ["gg-2024-001", "wikidata:Q461391", "art:7", ":x", "x:", "a:b:c", "경기-1"])
def test_an_external_id_has_no_blanks(text: str) -> None:
    assert kept(ExternalId, text) == text


@pytest.mark.parametrize("text", ["", "a b", "a\tb", "a\n", "\0", "x" * 201, "a\u00a0b"])
def test_what_has_blanks_or_is_too_long_is_no_external_id(text: str) -> None:
    with pytest.raises(ValidationError):
        kept(ExternalId, text)


@pytest.mark.parametrize("text", ["ko", "en", "zh-Hant", "sr-Latn-RS", "cmn"])
def test_a_language_is_a_bcp_47_tag(text: str) -> None:
    assert kept(Language, text) == text


@pytest.mark.parametrize("text", ["", "Korean", "k", "KO", "ko_KR", "ko-", "ko-KR ", "ko" + "-abcdefgh" * 20])
def test_what_is_no_language_tag_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        kept(Language, text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "01A2072E-CE22-70F0-89C5-5923EF79B856",
        "01a2072e-ce22-40f0-89c5-5923ef79b856",
        "01a2072ece2270f089c55923ef79b856",
        "01a2072e-ce22-70f0-89c5-5923ef79b856 ",
    ],
)
def test_an_id_of_the_register_is_a_version_7_uuid_in_lower_case(text: str) -> None:
    assert kept(RecordId, "01a2072e-ce22-70f0-89c5-5923ef79b856")
    with pytest.raises(ValidationError):
        kept(RecordId, text)
