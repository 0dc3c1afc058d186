"""What a list shows of the engagements that were found: their cards, and where these match the words."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from service.search.engine import Answer
from service.search.highlight import Marker, Range, page

Hit = dict[str, Any]

_SHOWN: Final = ("title_en", "title_ko", "summary_en", "summary_ko")
_SHOWN_OF: Final = {"people": ("name_en", "name_ko", "office"), "organizations": ("name_en", "name_ko")}


def hits(answer: Answer, text: str) -> list[Hit]:
    """The cards of an answer, each with the ranges of its texts that match the words, in Unicode code points.

    A person who was found by another name than the preferred ones has it in `matched_names`.
    """
    asked = bool(text.strip())
    ranges = page([shown_of(card) for card in answer.cards], Marker(text)) if asked else [{} for _ in answer.cards]
    return [_hit(card, marked) for card, marked in zip(answer.cards, ranges, strict=True)]


def _hit(card: Mapping[str, Any], marked: dict[str, list[Range]]) -> Hit:
    shown = {path: ranges for path, ranges in marked.items() if "/names/" not in path}
    people = []
    for n, person in enumerate(card["people"]):
        matched: list[str] = []
        # An index of an older version, which answers until it is built anew, has no other names.
        for at, name in enumerate(person.get("names", ())):
            ranges = marked.get(f"people/{n}/names/{at}")
            if ranges and not (f"people/{n}/name_en" in marked or f"people/{n}/name_ko" in marked):
                shown[f"people/{n}/matched_names/{len(matched)}"] = ranges
                matched.append(name)
        people.append({**{name: value for name, value in person.items() if name != "names"}, "matched_names": matched})
    return {**card, "people": people, "highlights": shown}


def shown_of(card: Mapping[str, Any]) -> dict[str, str]:
    """The texts of a card that a list shows, by JSON Pointer without the leading slash."""
    shown = {name: text for name in _SHOWN if (text := card[name])}
    for group, names in _SHOWN_OF.items():
        for n, item in enumerate(card[group]):
            for path, name in _paths(group, n, names):
                if text := item[name]:
                    shown[path] = text
    for n, person in enumerate(card["people"]):
        shown |= {f"people/{n}/names/{at}": text for at, text in enumerate(person.get("names", ()))}
    return shown


@cache
def _paths(group: str, n: int, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((f"{group}/{n}/{name}", name) for name in names)
