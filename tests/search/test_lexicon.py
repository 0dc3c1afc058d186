"""The words of the lexicon: found where they stand, and nowhere else."""

import json
from pathlib import Path

import pytest

from service.search import lexicon
from service.search.lexicon import also_called


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Luncheon with Catalan President Aragonès", "오찬"),
        ("Fire-vehicle donation ceremony with five ambassadors", "소방차"),
        ("Fire trucks for Cambodia", "소방차"),
        ("Friendly-cooperation MOU with California", "업무협약"),
        ("업무협약을 체결", "MOU"),
        ("Talk at the New York Stock Exchange", "증권거래소"),
        ("Visit to Pangyo Techno Valley", "판교"),
        ("secondary batteries", "이차전지"),
    ],
)
def test_a_text_is_found_by_what_its_words_are_called_elsewhere(text: str, found: str) -> None:
    assert found.casefold() in [word.casefold() for word in also_called([text])]


@pytest.mark.parametrize(
    ("text", "not_found"),
    [
        ("Stock of exchange students", "증권거래소"),
        ("Chipping Norton", "반도체"),
        ("a firetruckle", "소방차"),
        ("미정", "MOU"),
        ("", "MOU"),
    ],
)
def test_words_that_only_look_alike_are_not_translated(text: str, not_found: str) -> None:
    assert not_found not in also_called([text])


def test_every_group_says_the_same_in_two_ways_at_least_and_each_way_once() -> None:
    groups = json.loads(Path(lexicon.__file__).with_suffix(".json").read_text(encoding="utf-8"))
    for group in groups:
        assert len(group) >= 2
        assert len(set(group)) == len(group), group
        assert all(name == name.strip() and name for name in group), group
    first = [group[0] for group in groups]
    assert len(set(first)) == len(first)
