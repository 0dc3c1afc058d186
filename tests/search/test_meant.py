"""What was probably meant: put right from what is shown of the hits, and only where a word stands nowhere as typed."""

import pytest

from service.search.meant import did_you_mean

SHOWN = [
    {"title_en": "Meeting with Governor Whitmer", "people/0/name_ko": "그레첸 휘트머"},
    {"title_en": "Letter to Governor Whitmer on tariffs", "title_ko": "골드버그와 면담"},
]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("witmer", "Whitmer"),
        ("witmer tariffs", "Whitmer tariffs"),
        ("Governer whitmer", "Governor whitmer"),
        ("골드버크", "골드버그"),
        ("whitmer", None),
        ("whitm", None),
        ("WHITMER", None),
        ("zeppelin", None),
        ("us", None),
        ("", None),
    ],
)
def test_misspelt_words_are_put_right(text: str, meant: str | None) -> None:
    assert did_you_mean(text, SHOWN) == meant


def test_nothing_found_means_nothing() -> None:
    assert did_you_mean("witmer", []) is None
