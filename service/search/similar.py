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

Card = Mapping[str, Any]


class _Shared(NamedTuple):
    """A member of a card whose things can be shared, and the attributes that filter and count them."""

    member: str
    filtered: str
    counted: str
    weight: float


_SHARED: Final = (
    _Shared("people", "person_ids", "people_facet", 2.0),
    _Shared("organizations", "organization_ids", "organizations_facet", 1.5),
    _Shared("topics", "topic_ids", "topics_facet", 1.0),
    _Shared("countries", "countries", "countries", 0.5),
)

_LOOKED_AT: Final = 100
"""How many of those that share something of one kind are looked at, the newest first."""


@dataclass(frozen=True, slots=True)
class Similar:
    """An engagement, and the ids of what it has in common with the one asked about, by member of the card."""

    card: Card
    shared: dict[str, list[str]]


async def similar(searcher: Searcher, engagement_id: str, limit: int, left_out: tuple[str, ...] = ()) -> list[Similar] | None:
    """The most similar engagements, the best first; None where the engine does not have the one asked about."""
    of = await searcher.search(Query(filters=(OneOf("id", (engagement_id,)),), limit=1))
    if not of.cards or engagement_id in left_out:
        return None
    own = {kind.member: _ids(of.cards[0], kind.member) for kind in _SHARED}
    others = NoneOf("id", (engagement_id, *left_out))
    asked = [kind for kind in _SHARED if own[kind.member]]
    answers = await gather(*(searcher.search(_query(kind, own[kind.member], others)) for kind in asked))
    everything = await searcher.search(Query(limit=0))
    worth: dict[str, dict[str, float]] = {}
    for kind, answer in zip(asked, answers, strict=True):
        counts = {value.split("\t")[0]: count for value, count in answer.facets[kind.counted].items()}
        worth[kind.member] = {
            each: kind.weight * math.log((everything.total + 1) / (counts.get(each, 0) + 1)) for each in own[kind.member]
        }
    cards = {card["id"]: card for answer in answers for card in answer.cards}
    scored = [(sum(_score(card, worth)), card) for card in cards.values()]
    scored.sort(key=lambda each: (-each[0], -_newness(each[1]), each[1]["id"]))
    return [Similar(card, _common(card, worth)) for score, card in scored[:limit] if score > 0]


def _query(kind: _Shared, ids: list[str], others: Filter) -> Query:
    newest = (Sort("start_day", descending=True),)
    return Query(filters=(OneOf(kind.filtered, tuple(ids)), others), facets=(kind.counted,), sort=newest, limit=_LOOKED_AT)


def _ids(card: Card, member: str) -> list[str]:
    things = card[member]
    return list(dict.fromkeys(each if isinstance(each, str) else each["id"] for each in things))


def _common(card: Card, worth: Mapping[str, Mapping[str, float]]) -> dict[str, list[str]]:
    return {member: [each for each in _ids(card, member) if each in worths] for member, worths in worth.items()}


def _score(card: Card, worth: Mapping[str, Mapping[str, float]]) -> list[float]:
    return [worth[member][each] for member, ids in _common(card, worth).items() for each in ids]


def _newness(card: Card) -> int:
    return int((card["when_start"] or "0000-00-00").replace("-", "") or 0)
