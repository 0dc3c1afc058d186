"""Plain questions are answered as Meilisearch's own engine ranks by itself: the embedded engine against `milli` from PyPI.

It takes no settings and knows no Korean, so only words in Latin letters can be compared, and of its answer only that part in
which every word occurs: it gives words up before it answers nothing. It is there wherever Python is no newer than 3.12.
"""

import random
import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

import pytest

from service.database import Database
from service.search.engine import SearchDocument
from service.search.keys import query_text
from service.search.reading import Reading, read
from service.search.schema import SEARCHABLE
from service.seeding import Report
from tests.seeding.test_found import documents, names_of_people, seeded_engine, with_a_typo

milli = pytest.importorskip("milli", reason="no milli for this version of Python")

SHOWN = 20
"""How many ids it answers."""

DRAWN = 150

PLAIN = re.compile(r"[A-Za-z]+(?: [A-Za-z]+)*")
WORD = re.compile(r"(?<![^\s])[A-Za-z]{3,}(?![^\s,])")


class Pair(NamedTuple):
    """What the embedded engine found, and as many of the oracle's first ones."""

    asked: str
    embedded: list[str]
    oracle: list[str]


@pytest.fixture(scope="module")
def pairs(seeded_sqlite: tuple[Database, Report], tmp_path_factory: pytest.TempPathFactory) -> list[Pair]:
    database, _ = seeded_sqlite
    oracle = milli.Index(str(tmp_path_factory.mktemp("oracle")), 2**30)
    kept = documents(database)
    newest_first = sorted(kept, key=lambda each: -(each["start_day"] or 0))
    numbered = {str(n): each for n, each in enumerate(newest_first)}  # it answers equals in the order in which they came
    oracle.add_documents([{"id": n, **{name: each[name] for name in SEARCHABLE}} for n, each in numbered.items()])
    compared: list[Pair] = []
    for indexed in seeded_engine("embedded", database, tmp_path_factory.mktemp("embedded")):
        for asked in questions(database, kept):
            answer = indexed.answer(asked, SHOWN)
            ranked = [numbered[str(oracle.get_document(at)["id"])]["id"] for at in oracle.search(query_text(asked))]
            compared.append(Pair(asked, [card["id"] for card in answer.cards], ranked[: answer.total]))
    return compared


def questions(database: Database, kept: list[SearchDocument]) -> Iterator[str]:
    """Names in Latin letters, words, two words of a title, and a word with a typo; nothing in which something can be read."""
    draw = random.Random(5)
    names = sorted({name for _, name in names_of_people(database) if PLAIN.fullmatch(name)})
    titles = sorted({title for each in kept for title in each["titles"] if title.isascii()})
    said = [WORD.findall(title) for title in titles]
    words = sorted({word for title in said for word in title})
    drawn = [
        *names,
        *draw.sample(words, DRAWN),
        *(" ".join(draw.sample(title, 2)) for title in draw.sample(said, DRAWN) if len(title) > 1),
        *map(with_a_typo, draw.sample(words, DRAWN)),
    ]
    yield from (asked for asked in dict.fromkeys(drawn) if read(asked, date(2025, 1, 1)) == Reading(asked))


def test_the_same_engagements_are_found(pairs: list[Pair]) -> None:
    whole = [pair for pair in pairs if len(pair.embedded) < SHOWN]
    differ = [pair.asked for pair in whole if set(pair.embedded) != set(pair.oracle)]
    assert len(whole) > 2 * DRAWN
    assert len(differ) / len(whole) <= 0.01, differ


def test_the_best_hit_is_among_the_best(pairs: list[Pair]) -> None:
    """It need not be the same: the oracle also counts how far from the beginning of an attribute a word stands."""
    both = [pair for pair in pairs if pair.embedded and pair.oracle]
    differ = [pair.asked for pair in both if pair.embedded[0] not in pair.oracle[:3]]
    assert len(differ) / len(both) <= 0.05, differ
