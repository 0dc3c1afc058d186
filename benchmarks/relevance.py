"""How well searches find what they should: recall@10, nDCG@10 and MRR over judged queries, per language and class.

    python -m benchmarks.relevance                                     # the judgements beside this program, embedded engine
    python -m benchmarks.relevance --engine http://127.0.0.1:7700 --key … --failing benchmarks/judgements/report.json

The seed is loaded into a register of its own and mirrored into the engine; then each query is asked as `GET /v1/search` asks it.
An engagement is expected where one of its external ids is, so that records that were merged count once; an id that no
engagement has is a statement of the article that is none.

    recall@10   expected ones among the first ten / min(10, expected)
    nDCG@10     the gain of an expected one is 1, that of the first one of an ordered judgement 3; discounted by log2(rank + 1)
    MRR         1 / the rank of the first expected one

A judgement of the mode `ordered-all` is held when every engagement is listed, the newest first and those without a date last.
"""

import argparse
import asyncio
import json
import math
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.scene import mirror_of, options, tidy, until
from service import logs, schema, seeding
from service.database import Database
from service.mirror import status
from service.mirror.worker import Worker
from service.search import question
from service.search.engine import Searcher
from service.search.engines import open_searcher
from service.settings import Settings

TEN: Final = 10
ROOM: Final = Path(__file__).parent
BEST: Final = 3
"""The gain of the one that an ordered judgement wants on top."""

Card = Mapping[str, Any]


@dataclass
class Judgement:
    """A query and the engagements that answer it, the best first where that was judged."""

    query: str
    language: str
    class_: str
    mode: str
    expected: list[str]
    not_first: set[str]


@dataclass
class Result:
    """What one query found."""

    judgement: Judgement
    found: list[str]
    recall: float
    gain: float
    reciprocal: float
    missing: list[str] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return self.recall < 1 or self.gain < 0.9 or self.found[:1] in [[each] for each in self.judgement.not_first]


def main() -> None:
    known = options(__doc__, 0)
    known.add_argument("files", nargs="*", type=Path, default=sorted((ROOM / "judgements").glob("*.json")))
    known.add_argument("--failing", action="store_true", help="tell of each query that does not find all, what it misses")
    known.add_argument("--json", action="store_true", help="one JSON object instead of a table")
    asked = known.parse_args()
    with _seeded(asked) as (settings, cards):
        searcher = open_searcher(settings.mirrors[0], settings.data_dir)
        with asyncio.Runner() as runner:
            results = {path.stem: _all(path, cards, searcher, runner) for path in asked.files}
            runner.run(searcher.close())
    if asked.json:
        print(json.dumps({name: _figures(found) for name, found in results.items()}, indent=2, ensure_ascii=False))
        return
    for name, found in results.items():
        print(f"{name}: {len(found)} queries, {asked.engine}")
        _table(found)
        for each in found if asked.failing else ():
            if each.failed:
                print(f"  {each.judgement.query!r}: recall {each.recall:.2f}, nDCG {each.gain:.2f}")
                print(f"      misses {', '.join(_named(cards, each.missing[:6]))}")
                print(f"      found  {', '.join(_named(cards, each.found[:10]))}")


@contextmanager
def _seeded(asked: argparse.Namespace) -> Iterator[tuple[Settings, dict[str, Card]]]:
    """The settings of a register that holds the seed, and the cards of all its engagements by id, in the default order."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = Settings(data_dir=Path(folder), database_url=None, mirrors=(mirror_of(asked),), log_level="error")
        logs.configure(settings)
        database = Database(settings.database)
        schema.upgrade(database)
        seeding.load(database, ROOM.parent / "seed")
        try:
            with Worker(settings):
                until(lambda: all(mirror.in_step for mirror in status.read(database)), 300, 0.05)
            yield settings, _cards(settings)
        finally:
            database.dispose()
            tidy(settings)


def _cards(settings: Settings) -> dict[str, Card]:
    searcher = open_searcher(settings.mirrors[0], settings.data_dir)

    async def listed() -> list[Card]:
        answer = await searcher.search(question.to_query(question.Question(limit=1000)))
        await searcher.close()
        return list(answer.cards)

    return {card["id"]: card for card in asyncio.run(listed())}


def _all(path: Path, cards: Mapping[str, Card], searcher: Searcher, runner: asyncio.Runner) -> list[Result]:
    by_external = {external: record_id for record_id, card in cards.items() for external in card["external_ids"]}
    judged = [_judgement(each, by_external) for each in json.loads(path.read_text(encoding="utf-8"))]
    return [_asked(each, cards, searcher, runner) for each in judged if each.mode != "none-required"]


def _judgement(said: Mapping[str, Any], by_external: Mapping[str, str]) -> Judgement:
    ids = [*said["expected_ids"], *said["expected_article_ids"]]
    expected = [by_external[each] for each in ids if each in by_external]
    not_first = {by_external[each] for each in said.get("must_not_lead", ())}
    class_ = said.get("class", "unclassed")
    return Judgement(said["query"], said["lang"], class_, said["mode"], list(dict.fromkeys(expected)), not_first)


def _asked(judged: Judgement, cards: Mapping[str, Card], searcher: Searcher, runner: asyncio.Runner) -> Result:
    wanted = question.Question(text=judged.query, limit=TEN if judged.mode != "ordered-all" else len(cards))
    answer, _ = runner.run(question.ask(searcher, wanted))
    found = [card["id"] for card in answer.cards]
    if judged.mode == "ordered-all":
        held = float(found == _newest_first(cards))
        return Result(judged, found, held, held, held)
    hits = [at for at, each in enumerate(found) if each in judged.expected]
    recall = len(hits) / min(TEN, len(judged.expected))
    reciprocal = 1 / (hits[0] + 1) if hits else 0.0
    missing = [each for each in judged.expected if each not in found]
    return Result(judged, found, recall, _gain(judged, found), reciprocal, missing)


def _newest_first(cards: Mapping[str, Card]) -> list[str]:
    dated = sorted((card for card in cards.values() if card["when_start"]), key=lambda card: card["when_start"], reverse=True)
    undated = [card for card in cards.values() if not card["when_start"]]
    return [card["id"] for card in (*dated, *undated)]


def _gain(judged: Judgement, found: Sequence[str]) -> float:
    worth = dict.fromkeys(judged.expected, 1)
    if judged.mode == "ordered":
        worth[judged.expected[0]] = BEST
    best = sorted(worth.values(), reverse=True)[:TEN]
    return _discounted([worth.get(each, 0) for each in found[:TEN]]) / _discounted(best)


def _discounted(gains: Sequence[int]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))


def _table(results: Sequence[Result]) -> None:
    for name, figures in _figures(results).items():
        print("  {:22} n={queries:3}  recall@10 {recall:.3f}  nDCG@10 {ndcg:.3f}  MRR {mrr:.3f}".format(name, **figures))


def _figures(results: Sequence[Result]) -> dict[str, dict[str, float]]:
    groups: dict[str, list[Result]] = defaultdict(list)
    for key in (_whole, _language, _class):
        for each in sorted(results, key=key):
            groups[key(each)].append(each)
    return {name: _mean(found) for name, found in groups.items()}


_whole: Callable[[Result], str] = lambda _: "all"  # noqa: E731
_language: Callable[[Result], str] = lambda each: f"language {each.judgement.language}"  # noqa: E731
_class: Callable[[Result], str] = lambda each: f"class {each.judgement.class_}"  # noqa: E731


def _mean(results: Sequence[Result]) -> dict[str, float]:
    return {
        "queries": len(results),
        "recall": statistics.fmean(each.recall for each in results),
        "ndcg": statistics.fmean(each.gain for each in results),
        "mrr": statistics.fmean(each.reciprocal for each in results),
    }


def _named(cards: Mapping[str, Card], ids: Sequence[str]) -> list[str]:
    return [(cards[each]["external_ids"] or [each])[0].removeprefix("gg-") for each in ids]


if __name__ == "__main__":
    main()
