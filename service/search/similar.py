"""Engagements that have the most in common with one: its people, organizations, topics and countries, the rarer the more.

What they share is known of every card. So the engine is asked only for those that share anything, newest first, and how
often each person, organization and topic occurs: the host of nearly all records makes no two of them alike.
"""

import math
from asyncio import gather
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from service.search.engine import Filter, NoneOf, OneOf, Query, Searcher, Sort
from service.search.facets import FACETS, Facet

Card = Mapping[str, Any]


class _Shared(NamedTuple):
    """A member of a card whose things can be shared, the facet they are counted by, and how much one in common counts."""

    member: str
    facet: Facet
    weight: float


_SHARED: Final = (
    _Shared("people", FACETS["person"], 2.0),
    _Shared("organizations", FACETS["organization"], 1.5),
    _Shared("topics", FACETS["topic"], 1.0),
    _Shared("countries", FACETS["country"], 0.5),
)

_LOOKED_AT: Final = 100
"""How many of those that share something of one kind are looked at, the newest first."""


@dataclass(frozen=True, slots=True)
class Similar:
    """An engagement, and the ids of what it has in common with the one asked about, by member of the card."""

    card: Card
    shared: dict[str, list[str]]


async def similar(searcher: Searcher, engagement_id: str, limit: int) -> list[Similar] | None:
    """The most similar engagements, the best first; None where the engine does not have the one asked about."""
    of = await searcher.search(Query(filters=(OneOf("id", (engagement_id,)),), limit=1))
    if not of.cards:
        return None
    own = {kind.member: _ids(of.cards[0], kind.member) for kind in _SHARED}
    others = NoneOf("id", (engagement_id,))
    asked = [kind for kind in _SHARED if own[kind.member]]
    queries = (_query(kind.facet, own[kind.member], others) for kind in asked)
    everything, *answers = await gather(*map(searcher.search, (Query(limit=0), *queries)))
    worth: dict[str, dict[str, float]] = {}
    for kind, answer in zip(asked, answers, strict=True):
        counts = {value.split("\t")[0]: count for value, count in answer.facets[kind.facet.counted].items()}
        worth[kind.member] = {
            each: kind.weight * math.log((everything.total + 1) / (counts.get(each, 0) + 1)) for each in own[kind.member]
        }
    cards = {card["id"]: card for answer in answers for card in answer.cards}
    found = [Similar(cards[card_id], _common(cards[card_id], worth)) for card_id in sorted(cards)]
    scores = {each.card["id"]: _score(each.shared, worth) for each in found}
    found.sort(key=lambda each: (scores[each.card["id"]], each.card["when_start"] or ""), reverse=True)
    return [each for each in found[:limit] if scores[each.card["id"]] > 0]


def _query(facet: Facet, ids: list[str], others: Filter) -> Query:
    newest = (Sort("start_day", descending=True),)
    return Query(filters=(OneOf(facet.filtered, tuple(ids)), others), facets=(facet.counted,), sort=newest, limit=_LOOKED_AT)


def _ids(card: Card, member: str) -> list[str]:
    things = card[member]
    return list(dict.fromkeys(each if isinstance(each, str) else each["id"] for each in things))


def _common(card: Card, worth: Mapping[str, Mapping[str, float]]) -> dict[str, list[str]]:
    return {member: [each for each in _ids(card, member) if each in worths] for member, worths in worth.items()}


def _score(shared: Mapping[str, list[str]], worth: Mapping[str, Mapping[str, float]]) -> float:
    return sum(worth[member][each] for member, ids in shared.items() for each in ids)
