"""Both engines answer alike: the same engagements, in nearly the same order, over judged and drawn questions.

The embedded engine against a real Meilisearch, where `MEILISEARCH_URL` names one. What they differ in is few and known: how far
a typo reaches in a word that is the beginning of another, and which of two equally good hits it is that has a word exactly.
"""

import json
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from service.database import Database
from service.seeding import Report
from tests.seeding.test_found import Indexed, documents, names_of_people, seeded_engine, with_a_typo

JUDGEMENTS = Path(__file__).parents[2] / "benchmarks" / "judgements"
DRAWN = 250
ALL = 200

pytestmark = pytest.mark.skipif(not os.environ.get("MEILISEARCH_DISPOSABLE"), reason="no real server to compare with")


class Pair(NamedTuple):
    """What two engines found for the same question, as ids in their order."""

    asked: str
    embedded: list[str]
    server: list[str]


@pytest.fixture(scope="module")
def pairs(seeded_sqlite: tuple[Database, Report], tmp_path_factory: pytest.TempPathFactory) -> list[Pair]:
    database, _ = seeded_sqlite
    asked = list(questions(database))
    found = [
        [ids(indexed, each) for each in asked]
        for engine in ("embedded", "meilisearch")
        for indexed in seeded_engine(engine, database, tmp_path_factory.mktemp("parity"))
    ]
    return [Pair(*each) for each in zip(asked, *found, strict=True)]


def ids(indexed: Indexed, asked: str) -> list[str]:
    return [card["id"] for card in indexed.answer(asked, ALL).cards]


def questions(database: Database) -> Iterator[str]:
    """All judged ones, and drawn ones: names, beginnings of names, titles with a typo, one or two words of the records."""
    for path in sorted(JUDGEMENTS.glob("*.json")):
        yield from (judged["query"] for judged in json.loads(path.read_text(encoding="utf-8")))
    draw = random.Random(5)
    names = sorted({name for _, name in names_of_people(database)})
    kept = documents(database)
    said = (value for each in kept for name in ("titles", "topics", "places") for value in each[name])
    words = sorted({word for value in said for word in value.split()})
    for _ in range(DRAWN // 5):
        name = draw.choice(names)
        yield name
        yield name[: draw.randint(2, max(2, len(name) - 1))]
        yield with_a_typo(draw.choice(kept)["titles"][0])
        yield draw.choice(words)
        yield " ".join(draw.sample(words, 2))


def test_the_same_engagements_are_found(pairs: list[Pair]) -> None:
    assert len(pairs) > DRAWN
    differ = [pair.asked for pair in pairs if set(pair.embedded) != set(pair.server)]
    assert len(differ) / len(pairs) <= 0.02, differ


def test_the_best_hit_is_the_same(pairs: list[Pair]) -> None:
    both = [pair for pair in pairs if pair.embedded and pair.server]
    differ = [pair.asked for pair in both if pair.embedded[0] != pair.server[0]]
    assert len(differ) / len(both) <= 0.08, differ


def test_the_first_ten_are_the_same(pairs: list[Pair]) -> None:
    both = [pair for pair in pairs if pair.embedded and pair.server]
    alike = [len({*pair.embedded[:10]} & {*pair.server[:10]}) / len(pair.server[:10]) for pair in both]
    assert sum(alike) / len(alike) >= 0.98
