"""A trip and its parts as one hit: the best of them stands for all, and says which others were found."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from service.search.engine import Answer

MOST: Final = 1_000
"""How many hits are looked through for parts of the same trip; beyond that the total is not exact."""


def collapsed(answer: Answer, offset: int, limit: int) -> Answer:
    """One page of the answer with one hit for each trip; `collapsed` of a hit names the others of its trip."""
    trips: dict[str, list[Mapping[str, Any]]] = {}
    for card in answer.cards:
        trips.setdefault(card["parent_id"] or card["id"], []).append(card)
    cards = [{**best, "collapsed": [_named(card) for card in others]} for best, *others in trips.values()]
    exact = answer.exact and answer.total <= MOST
    return replace(answer, cards=cards[offset : offset + limit], total=len(cards), exact=exact)


def _named(card: Mapping[str, Any]) -> dict[str, Any]:
    return {name: card[name] for name in ("id", "title_en", "title_ko", "when")}
