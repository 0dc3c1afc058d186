"""Searching: which mirror is asked, what it must not show, and how fresh its answer is.

    the mirrors in their order, those that were just found down last:
        leave out     the ids of what must not be found any more, read while the engine is asked; what the reader may not see
        ask           a mirror that is down is passed over, and tried again a little later
    nobody answered   the first mirror's own error, which says when to try again

The statement that reads what is to be left out runs beside the search and not before it. Where it finds other ids than the
search was put with, which happens in the moment of a withdrawal only, the search is put once more.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, TypeVar

import structlog
from anyio import CapacityLimiter, to_thread

from service.database import Database
from service.errors import Problem
from service.mirror import retraction
from service.mirror.contents import contents
from service.mirror.freshness import Freshness, Watch
from service.mirror.narrowing import narrowed, refuse_overflow, without_hidden_parents
from service.register.audience import Audience
from service.search.engine import Answer, EngineDown, SearchDocument, Searcher
from service.search.engines import open_searcher
from service.search.facets import Value
from service.search.question import Question, Try, ask_noticing, values
from service.search.similar import Similar, similar
from service.search.suggesting import Suggestions, Typing, suggest
from service.settings import MirrorSettings

log = structlog.get_logger()

_REST_SECONDS: Final = 1.0
_LONGEST_REST_SECONDS: Final = 10.0
_READERS: Final = 4
_ROUNDS: Final = 3
"""How often a search is put anew when more was taken back meanwhile; then what is left is taken off its page."""


T = TypeVar("T")
Put = Callable[[Searcher], Awaitable[T]]
"""A question to an engine."""


@dataclass(frozen=True, slots=True)
class Source:
    """Which mirror answered, how fresh it is, and the documents that were left out of the answer."""

    mirror: MirrorSettings
    freshness: Freshness
    left_out: frozenset[str]


@dataclass(frozen=True, slots=True)
class Answered:
    """What was found for a question, as it was understood."""

    answer: Answer
    way: Try
    source: Source


class _Asked:
    """One mirror's asking half, and until when it is passed over."""

    def __init__(self, mirror: MirrorSettings, searcher: Searcher) -> None:
        self.mirror = mirror
        self.searcher = searcher
        self.excluded: frozenset[str] = frozenset()
        self.resting_until = 0.0
        self._failures = 0

    @property
    def failed(self) -> bool:
        """Whether it could not answer when it was asked last."""
        return self._failures > 0

    def rest(self) -> None:
        """It is down: pass it over, longer each time."""
        self.resting_until = time.monotonic() + min(_LONGEST_REST_SECONDS, _REST_SECONDS * 2**self._failures)
        self._failures = min(self._failures + 1, 10)

    def well(self) -> None:
        """It answered."""
        self._failures = 0
        self.resting_until = 0.0


class Search:
    """What answers the searches of a process."""

    def __init__(self, mirrors: Sequence[MirrorSettings], data_dir: Path, url: str, watch: Watch) -> None:
        self._asked = [_Asked(mirror, open_searcher(mirror, data_dir)) for mirror in mirrors]
        # Connections of its own, so that no search waits until the register's are free.
        self._database = Database(url, pool_size=_READERS)
        self._limiter = CapacityLimiter(_READERS)
        self.freshness = watch

    @property
    def first(self) -> MirrorSettings:
        """The mirror to count on now: the first one that did not fail when it was asked last."""
        return min(self._in_order(), key=lambda asked: asked.failed).mirror

    async def ask(self, question: Question, audience: Audience) -> Answered:
        """Put the question to the first mirror that can answer; raises `EngineDown` when none can, `EngineRefused`."""
        (answer, way), source = await self._first_answer(audience, lambda one: ask_noticing(one, question))
        answer = _cleared(answer, source.left_out)
        return Answered(replace(answer, cards=await self._shown(answer.cards, audience)), way, source)

    async def suggest(self, typing: Typing, audience: Audience) -> tuple[Suggestions, Source]:
        """What may be meant by what was typed so far, as the first mirror that can answer has it; raises as `ask` does."""
        found, source = await self._first_answer(audience, lambda one: suggest(one, typing))
        return replace(found, items=tuple(each for each in found.items if each.id not in source.left_out)), source

    async def values(
        self, question: Question, facet: str, typed: str, limit: int, audience: Audience
    ) -> tuple[list[Value], Source]:
        """The values of a facet that have the words typed in a name, as the first mirror that can answer has them."""
        return await self._first_answer(audience, lambda one: values(one, question, facet, typed, limit))

    async def similar(self, engagement_id: str, limit: int, audience: Audience) -> tuple[list[Similar] | None, Source]:
        """What has most in common with an engagement, as the first mirror that can answer has it; None where it has not that."""
        found, source = await self._first_answer(audience, lambda one: similar(one, engagement_id, limit))
        if not found:
            return found, source
        kept = [each for each in found if each.card["id"] not in source.left_out]
        cards = await self._shown([dict(each.card) for each in kept], audience)
        return [replace(each, card=card) for each, card in zip(kept, cards, strict=True)], source

    async def documents(self, ids: Sequence[str], audience: Audience) -> dict[str, SearchDocument]:
        """What the register now makes of these engagements, by id; what cannot be read, or not be shown, is left out."""
        found = await to_thread.run_sync(lambda: contents(self._database, ids)[0], limiter=self._limiter)
        return {record_id: each for record_id, each in found.items() if audience.may_see(each["visibility"])}

    async def _shown(self, cards: list[dict[str, Any]], audience: Audience) -> list[dict[str, Any]]:
        if audience.sees_all:
            return cards
        return await to_thread.run_sync(without_hidden_parents, self._database, cards, audience, limiter=self._limiter)

    async def _first_answer(self, audience: Audience, put: Put[T]) -> tuple[T, Source]:
        errors: list[EngineDown] = []
        for asked in self._in_order():
            try:
                answered = await self._put(asked, audience, put)
            except EngineDown as error:
                asked.rest()
                errors.append(error)
                if len(self._asked) > 1:
                    log.warning("mirror passed over", mirror=asked.mirror.name, error=error.detail)
            else:
                asked.well()
                return answered
        raise errors[0]

    async def close(self) -> None:
        """Close the searchers and the connections."""
        for asked in self._asked:
            await asked.searcher.close()
        self._database.dispose()

    def _in_order(self) -> list[_Asked]:
        now = time.monotonic()
        return sorted(self._asked, key=lambda asked: asked.resting_until > now)

    async def _put(self, asked: _Asked, audience: Audience, put: Put[T]) -> tuple[T, Source]:
        for _ in range(_ROUNDS):
            excluded = asked.excluded
            if self._database.is_sqlite:
                # A look into the file takes less than the way to a thread.
                known = excluded = self._pending(asked)
                found = await put(narrowed(asked.searcher, audience, _listed(excluded)))
            else:
                found, known = await self._beside(asked, audience, put, excluded)
            asked.excluded = known
            if known <= excluded:
                break
        if not audience.sees_all:
            refuse_overflow(len(known), retraction.MOST)
        return found, Source(asked.mirror, self.freshness.of(asked.mirror.name), known)

    async def _beside(self, asked: _Asked, audience: Audience, put: Put[T], excluded: frozenset[str]) -> tuple[T, frozenset[str]]:
        """What was found, and what must not be in it, read at the same time."""
        reading = asyncio.ensure_future(to_thread.run_sync(self._pending, asked, limiter=self._limiter))
        try:
            found = await put(narrowed(asked.searcher, audience, _listed(excluded)))
        finally:
            known = await reading
        return found, known

    def _pending(self, asked: _Asked) -> frozenset[str]:
        try:
            return retraction.pending(self._database, asked.mirror.name)
        except Problem:
            # While the database is away nothing is committed either; what was known last is still to be left out.
            return asked.excluded


def _listed(excluded: frozenset[str]) -> tuple[str, ...]:
    return tuple(sorted(excluded)[: retraction.MOST])


def _cleared(answer: Answer, excluded: frozenset[str]) -> Answer:
    """The answer without what a filter could not leave out; its counts are not exact then."""
    cards = [card for card in answer.cards if card["id"] not in excluded]
    beyond = len(excluded) > retraction.MOST or len(cards) < len(answer.cards)
    return replace(answer, cards=cards, exact=False) if beyond else answer
