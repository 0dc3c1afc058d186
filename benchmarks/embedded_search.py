"""How fast the embedded engine answers, and how fast it takes documents in.

    python -m benchmarks.embedded_search --records 100000

Draws an invented register (the same one for the same number), builds the index batch by batch as the mirror does, asks
some hundred different questions with four facets, a page of 20 hits and their highlights, and prints what it took, beside
the same questions put to Tantivy bare: all words, BM25, the ids of the best 20. HTTP is not part of it.
"""

import argparse
import asyncio
import resource
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import tantivy

from benchmarks.invented_register import Register, shown
from service.search import question
from service.search.embedded import EmbeddedEngine
from service.search.embedded.layout import SCHEMA, WORDS
from service.search.engine import Answer, Searcher
from service.search.highlight import Marker, page
from service.search.keys import parts, query_text
from service.search.suggesting import Typing, suggest

FACETS = ("kind", "country", "person", "year")
BATCH = 500


def build(engine: EmbeddedEngine, documents: Iterator[dict[str, Any]]) -> tuple[float, int]:
    """Seconds that the engine took to take them in, and the documents in it."""
    engine.prepare()
    spent = 0.0
    while batch := list(islice(documents, BATCH)):
        spent += timed(engine, batch)
    return spent, engine.count()


def timed(engine: EmbeddedEngine, batch: list[dict[str, Any]]) -> float:
    started = time.perf_counter()
    verdict = engine.settle(engine.put("batch", batch))
    if verdict is None or not verdict.succeeded:
        raise RuntimeError(f"not indexed: {verdict}")
    return time.perf_counter() - started


async def ask(searcher: Searcher, text: str) -> Answer:
    """One question as the API puts it, from the words typed, which are read, to the ranges to be marked."""
    answer, way = await question.ask_noticing(searcher, question.Question(text, facets=FACETS))
    page([shown(card) for card in answer.cards], Marker(way.query.text))
    return answer


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


async def suggestion_times(searcher: Searcher, typed: list[str]) -> list[float]:
    """Milliseconds until all five types of suggestions are there, for each beginning of a word."""
    times: list[float] = []
    for text in typed:
        started = time.perf_counter()
        await suggest(searcher, Typing(text))
        times.append((time.perf_counter() - started) * 1_000)
    return times


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


def put_times(engine: EmbeddedEngine, documents: Iterator[dict[str, Any]]) -> list[float]:
    """Milliseconds of replacing one document."""
    return [timed(engine, [document]) * 1_000 for document in documents]


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
    engine, register = EmbeddedEngine(home), Register(records)
    seconds, count = build(engine, register.documents(records))
    (folder,) = (path.parent for path in home.glob("*/meta.json"))
    engine.close()  # and with it the merging of segments, which would take its share of the core
    size = sum(path.stat().st_size for path in folder.iterdir())
    print(f"{count} documents, {count / seconds:.0f} a second, index {size / 1e6:.1f} MB, memory {resident():.0f} MB")
    questions = register.questions(number)
    busy = time.process_time()
    times, found = asyncio.run(engine_times(engine.searcher(), questions))
    busy = (time.process_time() - busy) / len(questions) * 1_000
    print(f"{len(questions)} questions, {found} found something, {busy:.2f} ms of processor each, memory {resident():.0f} MB")
    print(line("read, engine, facets, highlights", times))
    typed = register.beginnings(number)
    print(line("suggestions of five types", asyncio.run(suggestion_times(engine.searcher(), typed))))
    print(line("the same again", asyncio.run(suggestion_times(engine.searcher(), typed))))
    print(line("bare Tantivy, BM25, addresses", bare_times(folder, questions)))
    print(line("replacing one document", put_times(engine, register.documents(50))))
    engine.clear()


if __name__ == "__main__":
    main()
