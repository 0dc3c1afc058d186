"""All routes of search and of the register, the most asked first, because they are tried one after another."""

from typing import Final

from fastapi import APIRouter

from service.api import (
    assertions,
    changes,
    citations,
    engagements,
    facet_values,
    health,
    lives,
    mergers,
    organizations,
    outcomes,
    participations,
    people,
    search,
    similar,
    sources,
    suggest,
    topics,
)
from service.register.reading.records import NOUNS
from service.register.verbs.moving import Mergeable

_MERGEABLE: Final[tuple[Mergeable, ...]] = ("engagement", "person", "organization")

routers: Final[tuple[APIRouter, ...]] = (
    search.router,
    suggest.router,
    facet_values.router,
    similar.router,
    engagements.router,
    people.router,
    organizations.router,
    topics.router,
    sources.router,
    outcomes.every,
    participations.router,
    outcomes.router,
    citations.router,
    *(assertions.routes(noun) for noun in _MERGEABLE),
    *(mergers.routes(noun) for noun in _MERGEABLE),
    *(lives.routes(noun) for noun in NOUNS),
    changes.router,
    health.router,
)
