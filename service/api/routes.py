"""All routes of search and of the register, the most asked first, because they are tried one after another."""

from typing import Final

from fastapi import APIRouter

from service.api import (
    assertions,
    bulk,
    changes,
    citations,
    duplicates,
    engagements,
    exports,
    external,
    facet_values,
    health,
    imports,
    lives,
    mergers,
    organizations,
    outcomes,
    part_lists,
    participations,
    people,
    search,
    similar,
    sources,
    suggest,
    topics,
)
from service.register.reading.records import NOUNS, Noun
from service.register.verbs.moving import Mergeable
from service.register.verbs.revising import PARTS

_WITH_ASSERTIONS: Final[tuple[Noun, ...]] = ("person", "organization")
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
    *(external.routes(noun) for noun in NOUNS),
    participations.router,
    outcomes.router,
    citations.router,
    *(assertions.routes(noun) for noun in _MERGEABLE),
    *(mergers.routes(noun) for noun in _MERGEABLE),
    *(duplicates.routes(noun) for noun in _MERGEABLE),
    *(part_lists.routes("engagement", part) for part in PARTS),
    *(part_lists.routes(noun, "assertions") for noun in _WITH_ASSERTIONS),
    *(lives.routes(noun) for noun in NOUNS),
    *(bulk.routes(noun) for noun in NOUNS),
    *(exports.routes(noun) for noun in NOUNS),
    *(imports.routes(noun) for noun in NOUNS),
    changes.router,
    health.router,
)
