"""How fast the embedded engine answers, and how fast it takes documents in.

    python -m benchmarks.embedded_search --records 100000

Draws an invented register (the same one for the same number), builds the index batch by batch as the mirror does, asks
some hundred different questions with four facets, a page of 20 hits and their highlights, and prints what it took, beside
the same questions put to Tantivy bare: all words, BM25, the ids of the best 20. HTTP is not part of it.
"""

import argparse
import asyncio
import random
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import tantivy

from service.search.embedded import EmbeddedEngine
from service.search.embedded.layout import SCHEMA, WORDS
from service.search.engine import Answer, Query, Searcher
from service.search.highlight import Marker, highlights
from service.search.keys import document_keys, parts, query_text
from service.search.schema import SEARCHABLE

FACETS = ("kind", "countries", "people_facet", "years")
BATCH = 500

SURNAMES = "김 이 박 최 정 강 조 윤 장 임 한 오 서 신 권 황 안 송 류 홍".split()  # noqa: SIM905 - a list of twenty reads worse
SYLLABLES = "동 연 민 준 서 지 우 현 수 진 영 호 성 재 은 혜 미 경 태 규 상 철 희 정 원 훈 석 나 라 주".split()  # noqa: SIM905
BEGINNINGS = "al ba ca da el fa ga ha jo ka la ma ne o pa ra sa ta u va wi ya zo bre chri dra fre gri klo pre sta tri".split()  # noqa: SIM905
ENDINGS = "son sen berg ez ov ski ini ard man ton ley ham er in ić ão ø ński nguyễn ström özer dal quist mann".split()  # noqa: SIM905
PLACES = [
    ("California", "캘리포니아주", "US"), ("British Columbia", "브리티시컬럼비아주", "CA"), ("Virginia", "버지니아주", "US"),
    ("Łódź", "우치", "PL"), ("Guangdong", "광둥성", "CN"), ("Kanagawa", "가나가와현", "JP"), ("Bavaria", "바이에른주", "DE"),
    ("Île-de-France", "일드프랑스", "FR"), ("Da Nang", "다낭", "VN"), ("Gyeonggi", "경기도", "KR"), ("Queensland", "퀸즐랜드주", "AU"),
]  # fmt: skip
OFFICES = [("governor", "지사"), ("ambassador", "대사"), ("premier", "수상"), ("minister", "장관"), ("mayor", "시장"), ("speaker", "의장")]
TOPICS = [
    ("climate", "기후"), ("semiconductors", "반도체"), ("batteries", "배터리"), ("trade", "통상"), ("youth exchange", "청년 교류"),
    ("biotechnology", "바이오"), ("tourism", "관광"), ("education", "교육"), ("investment", "투자"), ("artificial intelligence", "인공지능"),
]  # fmt: skip
KINDS = [("meeting", "면담"), ("visit", "방문"), ("call", "통화"), ("delegation", "대표단"), ("forum session", "포럼"), ("letter", "서한")]


class Register:
    """The invented register: people are drawn once, engagements one after another."""

    def __init__(self, records: int) -> None:
        self.draw = random.Random(records)
        self.people = [self._person(number) for number in range(max(200, records // 5))]

    def _person(self, number: int) -> dict[str, Any]:
        latin = f"{self._name()} {self._name()}".title()
        korean = self.draw.choice(SURNAMES) + "".join(self.draw.sample(SYLLABLES, 2))
        return {"id": f"p{number}", "latin": latin, "korean": korean, "office": self.draw.choice(OFFICES), "place": self.draw.choice(PLACES)}

    def _name(self) -> str:
        return "".join(self.draw.choice(BEGINNINGS) for _ in range(self.draw.choice((1, 2, 2)))) + self.draw.choice(ENDINGS)

    def someone(self) -> dict[str, Any]:
        """A few people are met again and again, most of them once."""
        return self.people[int(len(self.people) * self.draw.random() ** 3)]

    def documents(self, records: int) -> Iterator[dict[str, Any]]:
        return (self._document(number) for number in range(records))

    def _document(self, number: int) -> dict[str, Any]:
        host, guest = self.someone(), self.someone()
        kind, topic, day = self.draw.choice(KINDS), self.draw.choice(TOPICS), self._day()
        texts = self._texts(host, guest, kind, topic, day)
        marks = {"sync_generation": 1, "sync_hash": f"{number:016x}", "sync_bucket": number % 64}
        return {"id": f"e{number}", **texts, "keys": document_keys(text for values in texts.values() for text in values)} | {
            "kind": kind[0],
            "countries": sorted({host["place"][2], guest["place"][2]}),
            "people_facet": [f"{one['id']}\t{one['latin']}\t{one['korean']}" for one in (host, guest)],
            "years": [day // 10_000],
            "start_day": day,
            "recorded_at": 1_700_000_000_000 + number,
            "visibility": "public",
            "card": self._card(number, texts, host, guest),
            **marks,
        }

    def _day(self) -> int:
        return self.draw.randint(2000, 2025) * 10_000 + self.draw.randint(1, 12) * 100 + self.draw.randint(1, 28)

    def _texts(self, host: dict[str, Any], guest: dict[str, Any], kind: tuple[str, str], topic: tuple[str, str], day: int) -> dict[str, list[str]]:
        place = guest["place"]
        return {
            "titles": [
                f"{guest['office'][0].title()} {guest['latin']} of {place[0]}: {kind[0]} on {topic[0]}",
                f"{host['korean']} {host['office'][1]}, {place[1]} {guest['korean']} {guest['office'][1]}와 {kind[1]}",
            ],
            "people": [host["latin"], host["korean"], guest["latin"], guest["korean"]],
            "organizations": [f"Government of {place[0]}", f"{place[1]} 정부"],
            "offices": [" ".join(host["office"]), " ".join(guest["office"])],
            "places": [*place, *host["place"]],
            "topics": list(topic),
            "labels": [*kind, f"{day // 10_000} {day // 10_000}년 {day // 100 % 100}월"],
            "summaries": [self._english(guest, topic), self._korean(host, guest, topic)],
            "notes": [f"Press release no. {self.draw.randint(1, 9999)}, {self._name()} {self._name()} reporting"],
        }

    def _english(self, guest: dict[str, Any], topic: tuple[str, str]) -> str:
        other = self.draw.choice(TOPICS)[0]
        return (
            f"The two sides discussed cooperation on {topic[0]} and {other} between Gyeonggi Province and {guest['place'][0]}; "
            f"{guest['latin']} thanked the province and invited a delegation to {self._name().title()} in spring."
        )

    def _korean(self, host: dict[str, Any], guest: dict[str, Any], topic: tuple[str, str]) -> str:
        return (
            f"{host['korean']}{host['office'][1]}는 {guest['place'][1]}의 {guest['korean']}을 만나 {topic[1]} 분야에서의 협력을 논의하고 "
            f"경기도와 {guest['place'][1]} 사이의 교류를 넓혀 나가기로 했다."
        )

    def _card(self, number: int, texts: dict[str, list[str]], host: dict[str, Any], guest: dict[str, Any]) -> dict[str, Any]:
        people = [{"id": one["id"], "name_en": one["latin"], "name_ko": one["korean"], "office": one["office"][0]} for one in (host, guest)]
        title_en, title_ko = texts["titles"]
        return {"id": f"e{number}", "title_en": title_en, "title_ko": title_ko, "place": guest["place"][0], "people": people}

    def questions(self, number: int) -> list[str]:
        """Different questions as people type them: names, misspelt or half typed, offices, topics, places, in both languages."""
        asked: dict[str, None] = {}
        while len(asked) < number:
            asked[self.draw.choice(self._ways())()] = None
        return list(asked)

    def _ways(self) -> list[Callable[[], str]]:
        def surname() -> str:
            return str(self.someone()["latin"].split()[-1])

        def misspelt(word: str) -> str:
            at = self.draw.randrange(1, max(2, len(word) - 1))
            return word[:at] + word[at + 1 :]

        draw = self.draw
        return [
            lambda: str(self.someone()["latin"]),
            lambda: str(self.someone()["korean"]),
            surname,
            lambda: surname()[: draw.randint(2, 4)],
            lambda: misspelt(surname()),
            lambda: f"{draw.choice(OFFICES)[0]} {surname()}",
            lambda: f"{draw.choice(PLACES)[0]} {draw.choice(TOPICS)[0]}",
            lambda: f"{draw.choice(PLACES)[1]} {draw.choice(OFFICES)[1]} {draw.choice(KINDS)[1]}",
            lambda: f"{self.someone()['korean']} {draw.choice(TOPICS)[1]}",
            lambda: f"{draw.choice(KINDS)[0]} {draw.choice(PLACES)[0]} {draw.randint(2000, 2025)}",
            lambda: f"{draw.choice(OFFICES)[0]} {draw.choice(PLACES)[0]} {draw.choice(TOPICS)[0]} {draw.choice(KINDS)[0]}",
            lambda: draw.choice([*OFFICES, *TOPICS, *KINDS])[draw.randrange(2)],
        ]


def build(engine: EmbeddedEngine, documents: Iterable[dict[str, Any]]) -> tuple[float, int]:
    """Seconds that the engine took, and the documents in it."""
    engine.prepare()
    spent = 0.0
    batch: list[dict[str, Any]] = []
    for document in documents:
        batch.append(document)
        if len(batch) == BATCH:
            spent += timed(engine, batch)
            batch = []
    spent += timed(engine, batch) if batch else 0.0
    return spent, engine.count()


def timed(engine: EmbeddedEngine, batch: list[dict[str, Any]]) -> float:
    started = time.perf_counter()
    verdict = engine.settle(engine.put("batch", batch))
    assert verdict is not None and verdict.succeeded, verdict
    return time.perf_counter() - started


async def ask(searcher: Searcher, text: str) -> Answer:
    """One question as the API puts it, from the words typed to the ranges to be marked."""
    asked = query_text(text)
    answer = await searcher.search(Query(text=asked, facets=FACETS))
    marker = Marker(asked)
    for card in answer.cards:
        highlights(shown(card), marker)
    return answer


def shown(card: dict[str, Any]) -> dict[str, str]:
    names = {f"{person['id']}/{name}": person[name] for person in card["people"] for name in ("name_en", "name_ko")}
    return {"title_en": card["title_en"], "title_ko": card["title_ko"], "place": card["place"]} | names


async def engine_times(searcher: Searcher, questions: list[str]) -> tuple[list[float], int]:
    """Milliseconds for each question, and how many found something."""
    times: list[float] = []
    found = 0
    for text in questions:
        started = time.perf_counter()
        answer = await ask(searcher, text)
        times.append((time.perf_counter() - started) * 1_000)
        found += bool(answer.total)
    return times, found


def bare_times(folder: Path, questions: list[str]) -> list[float]:
    """Milliseconds of Tantivy by itself: every word must occur as typed, BM25, the addresses of the best 20."""
    index = tantivy.Index.open(str(folder))
    searcher = index.searcher()
    times: list[float] = []
    for text in questions:
        started = time.perf_counter()
        terms = [tantivy.Query.term_query(SCHEMA, WORDS, word) for word in parts(query_text(text)).words]
        searcher.search(tantivy.Query.boolean_query([(tantivy.Occur.Must, term) for term in terms]), limit=20, count=False)
        times.append((time.perf_counter() - started) * 1_000)
    return times


def put_times(engine: EmbeddedEngine, register: Register, puts: int) -> list[float]:
    """Milliseconds of replacing one document."""
    return [timed(engine, [document]) * 1_000 for document in register.documents(puts)]


def line(name: str, times: list[float]) -> str:
    cuts = statistics.quantiles(times, n=100)
    return f"{name:34} p50 {cuts[49]:7.2f}  p90 {cuts[89]:7.2f}  p99 {cuts[98]:7.2f}  max {max(times):7.2f} ms"


def resident() -> float:
    """Megabytes that this process has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--records", type=int, default=10_000)
    options.add_argument("--questions", type=int, default=500)
    given = options.parse_args()
    home = Path(tempfile.mkdtemp(prefix="embedded-search-"))
    try:
        run(home, given.records, given.questions)
    finally:
        shutil.rmtree(home)


def run(home: Path, records: int, number: int) -> None:
    engine = EmbeddedEngine(home)
    register = Register(records)
    seconds, count = build(engine, register.documents(records))
    (folder,) = home.iterdir()
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{count} documents, {count / seconds:.0f} a second, index {size / 1e6:.1f} MB, memory {resident():.0f} MB")
    engine.close()  # and with it the merging of segments, which would take its share of the core
    questions = register.questions(number)
    times, found = asyncio.run(engine_times(engine.searcher(), questions))
    print(f"{len(questions)} questions, {found} found something, memory {resident():.0f} MB")
    print(line("engine, facets, hits, highlights", times))
    print(line("bare Tantivy, BM25, addresses", bare_times(folder, questions)))
    print(line("replacing one document", put_times(engine, register, 50)))
    engine.clear()


if __name__ == "__main__":
    main()
