"""The coded lists: every code is stable, labelled in both languages, and reachable from the words that sources use."""

import re

import pytest
from pydantic import TypeAdapter, ValidationError

from service.register import codes

LISTED = [(field, code) for field, listed in codes.FIELDS.items() for code in listed]
STATED = [(field, word, code) for field, words in codes.AS_STATED.items() for word, code in words.items()]


@pytest.mark.parametrize(("field", "code"), LISTED)
def test_every_code_is_lower_case_and_has_an_english_and_a_korean_label(field: str, code: str) -> None:
    label = codes.label(field, code)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    assert label.en == label.en.strip() != ""
    assert re.search("[가-힣]", label.ko), label.ko
    assert label.ko == label.ko.strip()


@pytest.mark.parametrize("field", codes.FIELDS)
def test_no_two_codes_of_a_list_are_called_the_same(field: str) -> None:
    listed = codes.FIELDS[field]
    assert len({label.en for label in listed.values()}) == len(listed)
    assert len({label.ko for label in listed.values()}) == len(listed)


@pytest.mark.parametrize(("field", "word", "code"), STATED)
def test_a_word_as_stated_means_a_code_and_is_none_itself(field: str, word: str, code: str) -> None:
    assert code in codes.FIELDS[field]
    assert word not in codes.FIELDS[field]
    assert codes.mapped(field, word) == (code, word)


@pytest.mark.parametrize(("field", "code"), LISTED)
def test_a_code_means_itself_and_needs_no_second_word(field: str, code: str) -> None:
    assert codes.mapped(field, code) == (code, None)


def test_a_word_that_means_nothing_is_refused_with_the_nearest_code() -> None:
    with pytest.raises(ValueError, match="'meetin' is no kind: did you mean 'meeting'"):
        codes.mapped("kind", "meetin")
    with pytest.raises(ValueError, match="'xyzzy' is no mode: known are: hybrid, in-person, remote, written"):
        codes.mapped("mode", "xyzzy")


def test_a_word_means_something_in_its_own_list_only() -> None:
    with pytest.raises(ValueError, match="is no mode"):
        codes.mapped("mode", "alliance")


def test_the_ladder_of_an_outcome_is_kept_lowest_first() -> None:
    assert list(codes.OUTCOME_STATUS) == ["proposed", "intent", "loi", "agreed", "signed", "in-force", "executed", "lapsed"]


def test_a_coded_field_takes_its_codes_and_names_the_nearest_one_otherwise() -> None:
    kind = TypeAdapter(codes.Kind)
    assert kind.validate_python("meeting") == "meeting"
    with pytest.raises(ValidationError, match="'meetings' is not known here; did you mean 'meeting'"):
        kind.validate_python("meetings")


@pytest.mark.parametrize("word", ["", "MEETING", "Meeting", " meeting", "면담", "meeting\n"])
def test_a_code_is_taken_exactly_as_it_is_written(word: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(codes.Kind).validate_python(word)


def test_an_enormous_code_is_refused_with_a_short_sentence() -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(codes.Kind).validate_python("x" * 100_000)
    assert len(refused.value.errors()[0]["msg"]) < 600


def test_the_schema_of_a_coded_field_lists_its_codes_with_both_labels() -> None:
    schema = TypeAdapter(codes.Side).json_schema()
    assert schema["enum"] == ["host", "counterpart", "third-party"]
    assert "`counterpart` counterpart / 상대측" in schema["description"]
