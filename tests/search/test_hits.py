"""What is shown of the hits of an answer."""

from typing import Any

from service.search.engine import Answer
from service.search.hits import hits

SHOWN: dict[str, Any] = dict.fromkeys(("title_en", "title_ko", "summary_en", "summary_ko"))


def card(**person: Any) -> dict[str, Any]:
    named = {"name_en": "He Lifeng", "name_ko": "허리펑", "office": None, **person}
    return SHOWN | {"title_en": "Meeting", "people": [named], "organizations": []}


def test_the_name_that_was_found_is_shown_where_it_is_no_preferred_one() -> None:
    (hit,) = hits(Answer([card(names=["Hur Feng", "何立峰"])], 1), "hur feng")
    assert hit["people"][0]["matched_names"] == ["Hur Feng"]
    assert hit["highlights"] == {"people/0/matched_names/0": [(0, 3), (4, 8)]}
    assert "names" not in hit["people"][0]


def test_a_preferred_name_that_was_found_is_enough() -> None:
    (hit,) = hits(Answer([card(names=["He Yifeng"])], 1), "he")
    assert hit["people"][0]["matched_names"] == []
    assert list(hit["highlights"]) == ["people/0/name_en"]


def test_a_card_of_an_older_index_is_shown_without_other_names() -> None:
    (hit,) = hits(Answer([card()], 1), "lifeng")
    assert hit["people"][0]["matched_names"] == []
