"""What the mirror may rely on when it writes, whichever engine it writes to."""

from datetime import UTC, datetime
from typing import Any

import pytest

from service.search.engine import Engine, EngineDown, EngineRefused, OneOf, OutcomeUnknown, Query, Ticket
from tests.search.corpus import CORPUS, EBY, NEWSOM, YOUNGKIN, ask, drop, engagement, found, put, settled

pytestmark = pytest.mark.anyio


def test_what_was_put_is_counted_and_its_marks_can_be_fetched(engine: Engine) -> None:
    verdict = put(engine, *CORPUS)

    assert verdict.succeeded
    assert verdict.documents == len(CORPUS)
    assert engine.count() == len(CORPUS)
    assert engine.fetch(["newsom", "never-there"]) == {
        "newsom": {"sync_generation": 1, "sync_hash": "hash-newsom", "sync_bucket": 6}
    }


async def test_a_document_put_again_is_replaced_whole(engine: Engine) -> None:
    put(engine, NEWSOM)
    put(engine, engagement("newsom", "Postponed: visit to Sacramento"), batch="batch-2")

    assert engine.count() == 1
    assert await found(engine, "postponed") == ["newsom"]
    assert await found(engine, "gavin") == []
    assert await found(engine, filters=(OneOf("kind", ("meeting",)),)) == []


async def test_of_one_document_twice_in_a_batch_the_last_one_stays(engine: Engine) -> None:
    verdict = put(engine, engagement("eby", "Premier Horgan"), engagement("eby", "Premier Eby"))

    assert verdict.documents == 1
    assert await found(engine, "eby") == ["eby"]
    assert await found(engine, "horgan") == []


async def test_a_dropped_document_is_gone_from_everything(engine: Engine) -> None:
    put(engine, NEWSOM, EBY)
    verdict = drop(engine, "newsom")

    assert verdict.succeeded
    assert engine.count() == 1
    assert engine.fetch(["newsom"]) == {}
    answer = await ask(engine, Query(facets=("kind",)))
    assert [card["id"] for card in answer.cards] == ["eby"]
    assert answer.facets == {"kind": {"agreement_signing": 1}}


def test_dropping_what_is_not_there_succeeds_and_drops_nothing_else(engine: Engine) -> None:
    put(engine, NEWSOM)

    assert drop(engine, "never-there").succeeded
    assert engine.count() == 1


def test_batches_are_settled_each_by_its_own_ticket(engine: Engine) -> None:
    tickets = [engine.put(f"batch-{document['id']}", [document]) for document in CORPUS]

    assert len({ticket.uid for ticket in tickets}) == len(CORPUS)
    assert all(settled(engine, ticket).succeeded for ticket in tickets)
    assert engine.count() == len(CORPUS)


@pytest.mark.parametrize(
    ("poison", "code"),
    [
        ({"id": "no spaces, please"}, "invalid_document_id"),
        ({"id": ""}, "invalid_document_id"),
        ({"titles": ["no id at all"]}, "missing_document_id"),
    ],
    ids=["spaces", "empty", "missing"],
)
def test_a_document_that_cannot_be_indexed_fails_its_batch_whole(engine: Engine, poison: dict[str, Any], code: str) -> None:
    verdict = put(engine, NEWSOM, poison, EBY)

    assert not verdict.succeeded
    assert verdict.code == code
    assert verdict.message
    assert engine.count() == 0
    assert put(engine, NEWSOM, batch="batch-2").succeeded


def test_a_ticket_of_nobody_is_not_settled(engine: Engine) -> None:
    with pytest.raises(OutcomeUnknown):
        engine.settle(Ticket(uid=2**31, batch="batch-1"))


def test_a_ticket_is_not_settled_for_another_batch(engine: Engine) -> None:
    ticket = engine.put("batch-1", [NEWSOM])
    settled(engine, ticket)

    with pytest.raises(OutcomeUnknown):
        engine.settle(Ticket(uid=ticket.uid, batch="batch-of-another"))


def test_no_ticket_is_traced_for_a_batch_that_was_never_sent(engine: Engine) -> None:
    assert engine.trace("batch-never-sent", datetime.now(UTC)) is None


def test_preparing_again_changes_nothing(engine: Engine) -> None:
    put(engine, NEWSOM)
    state = engine.prepare()

    assert (state.created, state.documents) == (False, 1)
    assert engine.count() == 1


def test_a_cleared_index_is_made_anew_and_reported_as_new(engine: Engine) -> None:
    put(engine, *CORPUS)
    engine.clear()
    state = engine.prepare()

    assert (state.created, state.documents) == (True, 0)
    assert put(engine, NEWSOM, batch="batch-2").succeeded


async def test_while_there_is_no_index_search_is_down_and_not_empty(engine: Engine) -> None:
    put(engine, NEWSOM)
    engine.clear()

    with pytest.raises(EngineDown):
        await ask(engine, Query(text="newsom"))
    engine.prepare()
    assert await found(engine, "newsom") == []


async def test_an_open_searcher_sees_each_batch_once_it_is_settled(engine: Engine) -> None:
    searcher = engine.searcher()
    for number, document in enumerate((NEWSOM, EBY, YOUNGKIN), start=1):
        put(engine, document, batch=f"batch-{number}")
        assert (await searcher.search(Query())).total == number
    drop(engine, "newsom", "eby")
    assert [card["id"] for card in (await searcher.search(Query())).cards] == ["youngkin"]
    await searcher.close()


@pytest.mark.parametrize(
    "query",
    [
        Query(filters=(OneOf("titles", ("x",)),)),
        Query(filters=(OneOf("years", ("2024",)),)),
        Query(facets=("titles",)),
        Query(text="half a \ud800 character"),
        Query(filters=(OneOf("kind", ("\udfff",)),)),
    ],
    ids=["not filterable", "text for a number", "not countable", "not a text", "not a value"],
)
async def test_what_the_schema_does_not_allow_is_refused(engine: Engine, query: Query) -> None:
    with pytest.raises(EngineRefused):
        await ask(engine, query)
