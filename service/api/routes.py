"""All routes of the register, in one router, the most asked first.

Routes are tried one after another, and a router that is included costs each request that passes it some twenty times what a
route costs; so there is one.
"""

from typing import Final

from fastapi import APIRouter

from service.api import (
    assertions,
    citations,
    engagements,
    health,
    lives,
    mergers,
    organizations,
    outcomes,
    participations,
    people,
    sources,
    topics,
)
from service.register.reading.records import NOUNS
from service.register.verbs.moving import Mergeable

_MERGEABLE: Final[tuple[Mergeable, ...]] = ("engagement", "person", "organization")

_PARTS: Final[tuple[APIRouter, ...]] = (
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
    health.router,
)

register = APIRouter()
register.routes.extend(route for part in _PARTS for route in part.routes)

routers: Final[tuple[APIRouter, ...]] = (register,)
