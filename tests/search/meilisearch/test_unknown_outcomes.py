"""A write whose answer was lost is neither done nor undone until it has been looked for; then it is one of them for good."""

from datetime import UTC, datetime, timedelta

import pytest

from service.search.engine import EngineDown, EngineRefused, OutcomeUnknown, Ticket
from service.search.meilisearch import MeilisearchEngine, tasks
from service.search.meilisearch.answers import KeyRefused
from tests.meilisearch_double import (
    BAD_GATEWAY_PAGE,
    CAPTIVE_PAGE,
    FORBIDDEN,
    OVERLOADED,
    Canned,
    CutAfter,
    CutBefore,
    CutMidway,
    Delay,
    Fault,
    Late,
    MeilisearchDouble,
    TaskFails,
)
from tests.search.meilisearch.samples import EBY, NEWSOM, three

WRITES = "POST */documents*"


def test_the_batch_travels_with_the_documents(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    on_double.put("batch-1", three())
    assert double.requests[-1].query == {"primaryKey": "id", "customMetadata": "batch-1"}
    on_double.drop("batch-2", [EBY])
    assert (double.requests[-1].query, double.requests[-1].json) == ({"customMetadata": "batch-2"}, [EBY])


@pytest.mark.parametrize(
    "fault", [CutAfter(), CutMidway(), Delay(1), Canned(504, b"", effect=True), Canned(200, b"ok", effect=True)]
)
def test_a_write_that_arrived_is_found_again(double: MeilisearchDouble, on_double: MeilisearchEngine, fault: Fault) -> None:
    began = datetime.now(UTC)
    double.fail_next(WRITES, fault)
    with pytest.raises(OutcomeUnknown):
        on_double.put("batch-1", three())
    ticket = on_double.trace("batch-1", began)
    assert ticket is not None
    verdict = on_double.settle(ticket)
    assert verdict is not None
    assert (verdict.succeeded, verdict.documents) == (True, 3)


@pytest.mark.parametrize("fault", [CutBefore(), BAD_GATEWAY_PAGE, CAPTIVE_PAGE])
def test_a_write_that_never_arrived_is_not_found(double: MeilisearchDouble, on_double: MeilisearchEngine, fault: Fault) -> None:
    double.fail_next(WRITES, fault)
    with pytest.raises(OutcomeUnknown):
        on_double.drop("batch-1", [NEWSOM])
    assert on_double.trace("batch-1", datetime.now(UTC)) is None


def test_a_write_that_arrives_late_is_found_once_it_has(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    began = datetime.now(UTC)
    double.fail_next(WRITES, Late())
    with pytest.raises(OutcomeUnknown):
        on_double.put("batch-1", three())
    assert on_double.trace("batch-1", began) is None
    assert double.deliver_late() == 1
    assert on_double.trace("batch-1", began) is not None


@pytest.mark.parametrize(("fault", "error"), [(OVERLOADED, EngineDown), (FORBIDDEN, KeyRefused)])
def test_a_write_that_was_turned_away_is_known_not_to_have_happened(
    double: MeilisearchDouble, on_double: MeilisearchEngine, fault: Fault, error: type[Exception]
) -> None:
    double.fail_next(WRITES, fault)
    with pytest.raises(error):
        on_double.put("batch-1", three())
    assert double.index("engagements").documents == {}


def test_a_server_that_is_down_was_sent_nothing(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    with double.down(), pytest.raises(EngineDown):
        on_double.drop("batch-1", [NEWSOM])


def test_a_waiting_task_has_no_verdict_yet() -> None:
    with MeilisearchDouble() as double:
        engine = MeilisearchEngine(double.url, double.master_key, "engagements")
        engine.prepare()
        double.auto = False
        ticket = engine.put("batch-1", three())
        assert engine.settle(ticket) is None
        assert double.step()
        assert engine.settle(ticket) is not None
        engine.close()


def test_a_failed_task_is_told_with_its_code_and_words(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    double.fail_next(WRITES, TaskFails("invalid_document_geo_field", "north is no latitude"))
    verdict = on_double.settle(on_double.put("batch-1", three()))
    assert verdict is not None
    assert (verdict.succeeded, verdict.code, verdict.message) == (False, "invalid_document_geo_field", "north is no latitude")


def test_a_task_that_an_operator_canceled_did_not_succeed(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    double.auto = False
    ticket = on_double.put("batch-1", three())
    on_double._server.client.cancel_tasks({"uids": str(ticket.uid)})
    double.run()
    verdict = on_double.settle(ticket)
    assert verdict is not None
    assert (verdict.succeeded, verdict.code) == (False, "canceled")


def test_a_task_number_that_was_used_again_is_not_ours(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    ticket = on_double.put("batch-1", three())
    double.tasks[ticket.uid].metadata = "a batch of another time"
    with pytest.raises(OutcomeUnknown, match="used again"):
        on_double.settle(ticket)


def test_a_task_of_another_index_is_not_ours(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    ticket = on_double.put("batch-1", three())
    double.tasks[ticket.uid].index = "another"
    with pytest.raises(OutcomeUnknown):
        on_double.settle(ticket)


def test_a_task_that_was_pruned_has_an_unknown_outcome(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    ticket = on_double.put("batch-1", three())
    on_double._server.client.delete_tasks({"uids": str(ticket.uid)})
    with pytest.raises(OutcomeUnknown, match="task_not_found"):
        on_double.settle(ticket)


@pytest.mark.parametrize("fault", [CutBefore(), CAPTIVE_PAGE, OVERLOADED])
def test_a_look_that_fails_says_nothing_about_the_write(
    double: MeilisearchDouble, on_double: MeilisearchEngine, fault: Fault
) -> None:
    ticket = on_double.put("batch-1", three())
    double.fail_next("GET /tasks*", fault, times=2)
    with pytest.raises(EngineDown):
        on_double.settle(ticket)
    with pytest.raises(EngineDown):
        on_double.trace("batch-1", datetime.now(UTC))


def test_a_batch_is_traced_through_many_pages(
    double: MeilisearchDouble, on_double: MeilisearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "PAGE", 3)
    began = datetime.now(UTC)
    tickets = [on_double.drop(f"batch-{n}", [NEWSOM]) for n in range(10)]
    assert on_double.trace("batch-0", began) == tickets[0]
    assert on_double.trace("batch-9", began) == tickets[9]
    assert on_double.trace("batch-10", began) is None


def test_a_batch_is_not_looked_for_in_times_long_past(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    on_double.drop("batch-1", [NEWSOM])
    assert on_double.trace("batch-1", datetime.now(UTC) + timedelta(hours=1)) is None
    assert on_double.trace("batch-1", datetime.now(UTC) + timedelta(minutes=1)) is not None, "clocks may differ a little"


def test_a_task_state_of_a_later_version_is_final_once_it_has_an_end() -> None:
    running = {"uid": 7, "status": "paused", "finishedAt": None, "error": None}
    assert tasks.verdict(running) is None
    verdict = tasks.verdict({**running, "finishedAt": "2026-11-23T11:13:00Z"})
    assert verdict is not None
    assert (verdict.succeeded, verdict.code) == (False, "paused")


def test_an_instant_is_read_with_any_fraction_of_a_second() -> None:
    for text, microsecond in (
        ("2026-11-23T11:13:00Z", 0),
        ("2026-11-23T11:13:00.4Z", 400000),
        ("2026-11-23T11:13:00.417379329Z", 417379),
    ):
        ticket = tasks.ticket({"taskUid": 1, "enqueuedAt": text}, "b")
        assert ticket == Ticket(1, "b", datetime(2026, 11, 23, 11, 13, 0, microsecond, UTC))


def test_clearing_whose_answer_was_lost_may_still_happen(double: MeilisearchDouble, on_double: MeilisearchEngine) -> None:
    double.fail_next("DELETE /indexes/engagements", Late())
    with pytest.raises(OutcomeUnknown):
        on_double.clear()
    assert on_double.count() == 0
    double.deliver_late()
    with pytest.raises(EngineRefused, match="index_not_found"):
        on_double.count()
