"""What must not be found: filters that come last, and what no filter can keep.

What was taken back and what a reader may not see is kept out of every query that reaches an engine, by `Narrowed`: whatever was
asked, however it is read, corrected or completed, goes through it, so that no parameter can widen it and no new kind of question
can forget it.
"""

# ruff: noqa: S608  only codes and placeholders are put into SQL

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from service.database import Database
from service.register.audience import Audience, shown
from service.register.reading.question import Question
from service.search.engine import Answer, EngineDown, Filter, NoneOf, OneOf, Query, Searcher

Card = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """A searcher that finds only what passes some filters."""

    searcher: Searcher
    filters: tuple[Filter, ...]

    async def search(self, query: Query) -> Answer:
        """The answer among what passes."""
        return await self.searcher.search(replace(query, filters=(*query.filters, *self.filters)))

    async def close(self) -> None:
        """The searcher is closed by whoever opened it."""


def narrowed(searcher: Searcher, audience: Audience, left_out: tuple[str, ...]) -> Searcher:
    """The searcher for this audience, without the engagements of these ids; itself where nothing is kept out."""
    filters: list[Filter] = [NoneOf("id", left_out)] if left_out else []
    if not audience.sees_all:
        filters.append(OneOf("visibility", audience.levels))
    return Narrowed(searcher, tuple(filters)) if filters else searcher


def refuse_overflow(left_out: int, most: int) -> None:
    """Raise `EngineDown` where more was taken back at once than a filter can name: counts would tell of it."""
    if left_out > most:
        raise EngineDown(f"Search is catching up with {most} changes and more; it answers again in a moment")


def without_hidden_parents(register: Database, cards: Sequence[Card], audience: Audience) -> list[Card]:
    """The cards without the ids of trips and delegations that the audience may not see."""
    wanted = {card["parent_id"] for card in cards if card["parent_id"]}
    if not wanted:
        return list(cards)
    question = Question(register.is_sqlite)
    there = f"r.id IN {question.listed(sorted(wanted))} AND {shown('engagement', audience)}"
    known = {record_id for (record_id,) in register.ask(f"SELECT r.id FROM engagement r WHERE {there}", question.values)}
    return [card if card["parent_id"] in known else {**card, "parent_id": None} for card in cards]
