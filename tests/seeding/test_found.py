"""Every person and every engagement of the seed is found by what she, he or it may be called, in both engines."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import text

from service.database import Database
from service.register.reading import dossiers
from service.search import document, question
from service.search.engine import Answer, SearchDocument, Searcher
from service.search.hits import hits, shown_of
from service.search.meant import did_you_mean
from service.seeding import Report
from tests.search.conftest import ENGINES, opened
from tests.search.corpus import put

FACETS = ("country", "kind", "year", "person")


class Indexed(NamedTuple):
    """The seed in an engine: the register, how it is asked, and all cards by id."""

    database: Database
    searcher: Searcher
    runner: asyncio.Runner

    def answer(self, text: str, limit: int = 20) -> Answer:
        answer, _ = self.runner.run(question.ask(self.searcher, question.Question(text=text, limit=limit)))
        return answer


@pytest.fixture(params=ENGINES, scope="module")
def indexed(
    request: pytest.FixtureRequest, seeded_sqlite: tuple[Database, Report], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Indexed]:
    database, _ = seeded_sqlite
    yield from seeded_engine(request.param, database, tmp_path_factory.mktemp("found"))


def seeded_engine(name: str, database: Database, folder: Path) -> Iterator[Indexed]:
    """One engine with the documents of all engagements in it, ready to be asked."""
    for engine in opened(name, folder):
        assert put(engine, *({**each, "sync_generation": 1} for each in documents(database))).succeeded
        with asyncio.Runner() as runner:
            searcher = engine.searcher()
            yield Indexed(database, searcher, runner)
            runner.run(searcher.close())


def documents(database: Database) -> list[SearchDocument]:
    """The documents of all engagements."""
    with database.reading() as connection:
        live = connection.execute(text("SELECT id FROM engagement WHERE merged_into IS NULL ORDER BY id")).scalars().all()
        return [document.build(each) for each in dossiers.load(connection, list(live)).values()]


def names_of_people(database: Database) -> list[tuple[str, str]]:
    """Each person that is in an engagement, with each of her names."""
    preferred = "SELECT id, {0} FROM person WHERE {0} IS NOT NULL"
    others = "SELECT person_id, text FROM person_name"
    met = "SELECT person_id FROM participation WHERE person_id IS NOT NULL"
    with database.reading() as connection:
        there = set(connection.execute(text(met)).scalars())
        questions = (preferred.format("name_en"), preferred.format("name_ko"), others)
        rows = {(str(person), str(name)) for each in questions for person, name in connection.execute(text(each))}
    return sorted(row for row in rows if row[0] in there)


def test_every_name_of_every_person_finds_her_among_the_first_three(indexed: Indexed) -> None:
    lost = []
    for person, name in names_of_people(indexed.database):
        first = indexed.answer(name, 3).cards
        if not any(each["id"] == person for card in first for each in card["people"]):
            lost.append(name)
    assert lost == []


def titles(indexed: Indexed) -> list[tuple[str, str]]:
    """Each engagement with each of its titles."""
    with indexed.database.reading() as connection:
        question_ = "SELECT id, title_en, title_ko FROM engagement WHERE merged_into IS NULL AND withdrawn_at IS NULL"
        rows = connection.execute(text(question_)).all()
    return [(row[0], title) for row in rows for title in row[1:] if title]


def with_a_typo(title: str) -> str:
    """The title with the third and fourth letter of its longest Latin word exchanged."""
    longest = max(title.split(), key=lambda word: len(word) if word.isascii() and word.isalpha() else 0)
    if len(longest) < 6:
        return title
    return title.replace(longest, longest[:2] + longest[3] + longest[2] + longest[4:], 1)


def test_every_engagement_is_found_by_its_title_with_one_typo(indexed: Indexed) -> None:
    lost = []
    for engagement, title in titles(indexed):
        if engagement not in [card["id"] for card in indexed.answer(with_a_typo(title), 10).cards]:
            lost.append(with_a_typo(title))
    assert lost == []


def test_a_name_is_found_while_it_is_typed(indexed: Indexed) -> None:
    """Every beginning of two letters, or one syllable, keeps the best hit of the whole name where all hits are shown."""
    lost = []
    for _, name in names_of_people(indexed.database)[::5]:
        best = indexed.answer(name, 1).cards[0]["id"]
        for length in range(1 if "가" <= name[0] <= "힣" else 2, len(name)):
            answer = indexed.answer(name[:length])
            if answer.total <= 20 and best not in [card["id"] for card in answer.cards]:
                lost.append((name[:length], name))
    assert lost == []


HOSTILE = {
    "one long word": "a" * 1000,
    "one long Korean word": "가" * 1000,
    "letters of syllables": "ㄱ" * 1000,
    "many words": " ".join(f"word{n}" for n in range(150)),
    "many Korean words": " ".join(["김동연이", "주지사와의", "캘리포니아"] * 60)[:1000],
    "quotes": '"' * 1000,
    "minuses": "-a " * 333,
    "a regular expression": "(a+)+$" * 160,
    "emoji": "😀" * 1000,
    "right-to-left marks": "\u202e\u200f" * 500,
    "a filter of an engine": 'OR country = "US" ' * 55,
    "marks upon marks": "a" + "\u0301" * 999,
    "one letter that is eighteen": "ﷺ" * 1000,
    "Han characters": "會議" * 500,
    "dates": "2024년 5월 " * 110,
    "countries": "미국 중국 일본 " * 110,
    "abbreviations": "U.S." * 250,
    "fields": "kind:meeting " * 76,
    "names": "person:kim " * 90,
    "the wrong keyboard": "rlaehddus " * 100,
    "full-width letters": "ＡＢＣ" * 333,
    "control characters": "\x07\x1b[31m" * 140,
}

MOST_MILLISECONDS = 50


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_question_costs_little_and_is_answered(indexed: Indexed, name: str) -> None:
    spent = []
    for _ in range(3):
        began = time.process_time()
        asked = question.Question(text=HOSTILE[name], facets=FACETS)
        answer, way = indexed.runner.run(question.ask_noticing(indexed.searcher, asked))
        found = hits(answer, way.query.text)
        did_you_mean(way.query.text, [shown_of(card) for card in answer.cards])
        spent.append((time.process_time() - began) * 1000)
    assert len(found) <= answer.total
    assert min(spent) <= MOST_MILLISECONDS
