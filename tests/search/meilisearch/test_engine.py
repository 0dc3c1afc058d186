"""What the mirror is promised holds on the double and on a real server: written, settled, found, traced, removed."""

import time
import uuid
from datetime import UTC, datetime, timedelta

import anyio
import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.search.engine import (
    Between,
    EngineRefused,
    Filter,
    IndexLost,
    Missing,
    NoneOf,
    OneOf,
    OutcomeUnknown,
    Query,
    Sort,
    Ticket,
)
from service.search.meilisearch import MeilisearchEngine, index_settings
from tests.search.meilisearch.samples import EBY, NEWSOM, SHENYANG, document, settled, three
from tests.search.meilisearch.servers import Server


def new_batch() -> str:
    return str(uuid.uuid4())


@pytest.fixture
def filled(engine: MeilisearchEngine) -> MeilisearchEngine:
    """The engine with the three engagements."""
    assert settled(engine, engine.put(new_batch(), three())).succeeded
    return engine


def test_documents_are_there_when_the_ticket_is_settled(engine: MeilisearchEngine) -> None:
    ticket = engine.put(new_batch(), three())
    verdict = settled(engine, ticket)
    assert (verdict.succeeded, verdict.documents) == (True, 3)
    assert engine.count() == 3
    assert ticket.accepted_at is not None
    assert abs(ticket.accepted_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_fetching_shows_the_mirrors_marks_and_leaves_out_what_is_not_there(filled: MeilisearchEngine) -> None:
    marks = {"sync_generation": 1, "sync_hash": "a1b2", "sync_bucket": 7}
    assert filled.fetch([NEWSOM, SHENYANG, str(uuid.uuid4())]) == {NEWSOM: marks, SHENYANG: marks}
    assert filled.fetch([]) == {}


def test_more_documents_than_one_request_shows_are_fetched(engine: MeilisearchEngine) -> None:
    ids = [str(uuid.uuid4()) for _ in range(1050)]
    assert settled(engine, engine.put(new_batch(), [{"id": each, "sync_bucket": 1} for each in ids])).documents == 1050
    assert engine.fetch(ids) == {each: {"sync_bucket": 1} for each in ids}


def test_a_document_sent_again_is_replaced_whole(filled: MeilisearchEngine) -> None:
    settled(filled, filled.put(new_batch(), [{"id": NEWSOM, "card": {}, "sync_generation": 2}]))
    assert filled.fetch([NEWSOM]) == {NEWSOM: {"sync_generation": 2}}
    assert filled.count() == 3


def test_removing_is_settled_whether_or_not_the_document_was_there(filled: MeilisearchEngine) -> None:
    verdict = settled(filled, filled.drop(new_batch(), [EBY, str(uuid.uuid4())]))
    assert (verdict.succeeded, verdict.documents) == (True, None)
    assert filled.count() == 2


def test_a_poisoned_batch_fails_whole_with_the_servers_code(filled: MeilisearchEngine) -> None:
    verdict = settled(filled, filled.put(new_batch(), [document(str(uuid.uuid4())), document("has space")]))
    assert (verdict.succeeded, verdict.code) == (False, "invalid_document_id")
    assert "has space" in verdict.message
    assert filled.count() == 3


def test_a_batch_is_traced_by_its_id_and_only_by_it(filled: MeilisearchEngine) -> None:
    began, batch = datetime.now(UTC), new_batch()
    ticket = filled.drop(batch, [EBY])
    assert filled.trace(batch, began) == ticket
    assert filled.trace(new_batch(), began) is None
    settled(filled, ticket)
    assert filled.trace(batch, began) == ticket


def test_a_task_of_another_batch_is_not_taken_for_ours(filled: MeilisearchEngine) -> None:
    ticket = filled.drop(new_batch(), [EBY])
    with pytest.raises(OutcomeUnknown, match="used again"):
        filled.settle(Ticket(ticket.uid, new_batch()))


def test_a_task_that_the_server_does_not_know_is_an_unknown_outcome(engine: MeilisearchEngine) -> None:
    with pytest.raises(OutcomeUnknown, match="task_not_found"):
        engine.settle(Ticket(4_000_000_000, new_batch()))


def test_preparing_again_changes_nothing(filled: MeilisearchEngine) -> None:
    state = filled.prepare()
    assert (state.created, state.documents) == (False, 3)
    assert state.version[0].isdigit()


def test_clearing_removes_everything_and_may_be_repeated(filled: MeilisearchEngine) -> None:
    filled.clear()
    filled.clear()
    with pytest.raises(EngineRefused, match="index_not_found"):
        filled.count()
    state = filled.prepare()
    assert (state.created, state.documents) == (True, 0)


def test_a_lost_index_is_not_made_anew_by_a_write(engine: MeilisearchEngine) -> None:
    engine.clear()
    with pytest.raises(IndexLost):
        engine.put(new_batch(), three())
    with pytest.raises(IndexLost):
        engine.drop(new_batch(), [EBY])
    assert engine.prepare().created


def test_the_index_of_somebody_else_is_left_alone(server: Server, engine: MeilisearchEngine) -> None:
    engine.clear()
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.key}"}, trust_env=False) as stranger:
        stranger.post("/indexes", json={"uid": server.index, "primaryKey": "number"}).raise_for_status()
        deadline = time.monotonic() + 20
        while stranger.get(f"/indexes/{server.index}").status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    with pytest.raises(EngineRefused, match="somebody else's"):
        engine.prepare()


SEARCHES: list[tuple[Query, list[str]]] = [
    (Query("newsom"), [NEWSOM]),
    (Query("김동연", sort=(Sort("start_day"),)), [EBY, NEWSOM]),
    (Query("governor newsom"), [NEWSOM]),
    (Query("governor shenyang"), []),
    (Query("newsom nobody", match="last"), [NEWSOM]),
    (Query(sort=(Sort("start_day"),)), [EBY, NEWSOM, SHENYANG]),
    (Query(sort=(Sort("start_day", descending=True),)), [NEWSOM, EBY, SHENYANG]),
    (Query(sort=(Sort("start_day"),), offset=1, limit=1), [NEWSOM]),
    (Query(sort=(Sort("start_day"),), offset=1, limit=20), [NEWSOM, SHENYANG]),
    (Query(limit=0), []),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("query", "expected"), SEARCHES)
async def test_a_search_gives_the_cards_that_were_sent(filled: MeilisearchEngine, query: Query, expected: list[str]) -> None:
    searcher = filled.searcher()
    answer = await searcher.search(query)
    await searcher.close()
    assert [card["id"] for card in answer.cards] == expected
    assert answer.exact


FILTERS: list[tuple[Filter, set[str]]] = [
    (OneOf("countries", ("US",)), {NEWSOM, EBY}),
    (OneOf("kind", ("meeting", "event")), {NEWSOM, SHENYANG}),
    (OneOf("kind", ()), set()),
    (OneOf("years", (2024,)), {NEWSOM}),
    (OneOf("in_scope", (True,)), {NEWSOM, SHENYANG}),
    (OneOf("people_facet", (f'{EBY}\tDavid "Dave" Eby \\ \t데이비드 이비',)), {EBY}),
    (NoneOf("countries", ("CA",)), {NEWSOM, SHENYANG}),
    (NoneOf("id", (NEWSOM, EBY)), {SHENYANG}),
    (NoneOf("id", ()), {NEWSOM, EBY, SHENYANG}),
    (Between("years", 2024, 2024), {NEWSOM}),
    (Between("start_day", high=20231231), {EBY}),
    (Between("end_day", low=20240101), {NEWSOM, EBY}),
    (Between("start_day", 20250101, 20240101), set()),
    (Missing("start_day"), {SHENYANG}),
    (Missing("countries"), {SHENYANG}),
    (Missing("parent_id"), {NEWSOM, EBY, SHENYANG}),
]


@pytest.mark.anyio
@pytest.mark.parametrize(("asked", "expected"), FILTERS)
async def test_a_filter_leaves_what_it_says(filled: MeilisearchEngine, asked: Filter, expected: set[str]) -> None:
    searcher = filled.searcher()
    answer = await searcher.search(Query(filters=(asked,)))
    await searcher.close()
    assert ({card["id"] for card in answer.cards}, answer.total) == (expected, len(expected))


@pytest.mark.anyio
async def test_hits_end_where_paging_ends_and_the_total_goes_on(
    server: Server, engine: MeilisearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(index_settings._OWNED, "pagination", {"maxTotalHits": 10})
    engine.prepare()
    settled(engine, engine.put(new_batch(), [document(str(uuid.uuid4()), start_day=n) for n in range(15)]))
    searcher = engine.searcher()
    answers = [await searcher.search(Query(sort=(Sort("start_day"),), offset=offset, limit=4)) for offset in (0, 7, 10)]
    await searcher.close()
    assert [len(answer.cards) for answer in answers] == [4, 3, 0]
    assert {answer.total for answer in answers} == {15}


@pytest.mark.anyio
async def test_counts_are_of_everything_that_matched_and_named_as_text(filled: MeilisearchEngine) -> None:
    searcher = filled.searcher()
    answer = await searcher.search(Query(facets=("in_scope", "years", "countries", "parent_id"), limit=0))
    await searcher.close()
    assert answer.total == 3
    assert answer.facets == {
        "in_scope": {"true": 2, "false": 1},
        "years": {"2023": 1, "2024": 1, "2025": 1},
        "countries": {"US": 2, "CA": 1},
        "parent_id": {},
    }


@pytest.mark.scenario(69)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_whatever_a_value_holds_the_filter_is_understood(filled: MeilisearchEngine, value: str) -> None:
    async def ask() -> int:
        searcher = filled.searcher()
        try:
            return (await searcher.search(Query(filters=(OneOf("kind", (value,)),)))).total
        finally:
            await searcher.close()

    assert anyio.run(ask) == (1 if value.casefold() in ("meeting", "agreement_signing", "event") else 0)
