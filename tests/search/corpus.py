"""A few engagements that took place, as documents small enough to be read, and how to put them into an engine."""

import time
from collections.abc import Sequence
from typing import Any

from service.search.engine import Answer, Engine, Query, Ticket, Verdict
from service.search.keys import document_keys, query_text
from service.search.schema import SEARCHABLE

PATIENCE = 60.0
"""Seconds in which an engine must have given its verdict; a real server under load needs a few."""


def engagement(id: str, *titles: str, **attributes: Any) -> dict[str, Any]:
    """A document as the mirror sends it: with its keys, a card and the sync fields."""
    searched = {"titles": list(titles)} | {name: attributes[name] for name in SEARCHABLE if name in attributes}
    keys = document_keys(text for texts in searched.values() for text in texts)
    marks = {"sync_generation": 1, "sync_hash": f"hash-{id}", "sync_bucket": len(id)}
    return {"id": id, "titles": list(titles), "keys": keys, "card": {"id": id, "title": titles[0]}, **marks, **attributes}


NEWSOM = engagement(
    "newsom",
    "Governor Newsom meets Governor Kim in Sacramento",
    "김동연, 뉴섬 캘리포니아 주지사와 면담",
    people=["Gavin Newsom", "개빈 뉴섬", "Kim Dong-yeon", "김동연"],
    places=["Sacramento", "California", "캘리포니아주"],
    topics=["climate", "기후"],
    kind="meeting",
    status="held",
    countries=["US", "KR"],
    people_facet=["p1\tGavin Newsom\t개빈 뉴섬", "p2\tKim Dong-yeon\t김동연"],
    years=[2024],
    start_day=20240506,
    end_day=20240506,
    recorded_at=1_715_000_000_000,
    in_scope=True,
)
EBY = engagement(
    "eby",
    "Premier Eby signs an action plan with Governor Kim",
    "경기도지사, 이비 브리티시컬럼비아주 수상과 액션플랜 서명",
    people=["David Eby", "데이비드 이비", "Kim Dong-yeon", "김동연"],
    places=["Vancouver", "British Columbia"],
    topics=["climate"],
    kind="agreement_signing",
    status="held",
    countries=["CA", "KR"],
    people_facet=["p3\tDavid Eby\t데이비드 이비", "p2\tKim Dong-yeon\t김동연"],
    years=[2024],
    start_day=20240513,
    end_day=20240513,
    recorded_at=1_715_000_000_001,
    in_scope=True,
)
YOUNGKIN = engagement(
    "youngkin",
    "Call with Glenn Youngkin, Governor of Virginia",
    people=["Glenn Youngkin"],
    places=["Virginia"],
    kind="call",
    status="held",
    countries=["US"],
    people_facet=["p4\tGlenn Youngkin\t"],
    years=[2024],
    start_day=20241016,
    end_day=20241016,
    recorded_at=1_729_000_000_000,
    in_scope=False,
)
DELEGATION = engagement(
    "delegation",
    "Delegation to Hanoi and Ankara",
    people=["Trần Sỹ Thanh", "Recep Tayyip Erdoğan"],
    places=["Hanoi", "Ankara"],
    summaries=["김동연이 미국대사와 만나 투자를 논의했다"],
    kind="delegation",
    status="planned",
    countries=["VN", "TR"],
    years=[2023, 2024],
    start_day=20231206,
    end_day=20240103,
    recorded_at=1_705_000_000_000,
    in_scope=True,
)
LODZ = engagement(
    "lodz",
    "Letter from the Marshal of Łódź Voivodeship",
    places=["Łódź"],
    kind="letter",
    status="announced",
    countries=["PL"],
    external_ids=["gg-2023-lodz", 'say "AND" \\ OR 협약'],
    recorded_at=1_704_000_000_000,
)

CORPUS = (NEWSOM, EBY, YOUNGKIN, DELEGATION, LODZ)


def settled(engine: Engine, ticket: Ticket) -> Verdict:
    """The engine's final word, waited for with bounded patience."""
    deadline = time.monotonic() + PATIENCE
    while (verdict := engine.settle(ticket)) is None:
        assert time.monotonic() < deadline, f"no verdict on {ticket} within {PATIENCE} s"
        time.sleep(0.02)
    return verdict


def put(engine: Engine, *documents: dict[str, Any], batch: str = "batch-1") -> Verdict:
    return settled(engine, engine.put(batch, documents))


def drop(engine: Engine, *ids: str, batch: str = "batch-2") -> Verdict:
    return settled(engine, engine.drop(batch, ids))


async def ask(engine: Engine, query: Query) -> Answer:
    """The answer of a searcher opened for this one question, so that it belongs to the event loop of its test."""
    searcher = engine.searcher()
    try:
        return await searcher.search(query)
    finally:
        await searcher.close()


async def found(engine: Engine, typed: str = "", **asked: Any) -> list[str]:
    """The ids found for what was typed, in their order; the total must agree with them."""
    answer = await ask(engine, Query(text=query_text(typed), **asked))
    ids = [card["id"] for card in answer.cards]
    assert answer.total == len(ids)
    return ids


def ids(documents: Sequence[dict[str, Any]]) -> list[str]:
    return [document["id"] for document in documents]
