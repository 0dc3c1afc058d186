"""What happens to an engine and in its queue: no document is blamed for it, and no success is believed that is not ours."""

import json
from typing import Any

import pytest
from sqlalchemy import text

from service.mirror import ledger
from service.register.engagement import EngagementShape
from service.register.verbs import recording
from tests.meilisearch_double import Canned, Fault, Meanwhile, MeilisearchDouble, Says, TaskFails
from tests.meilisearch_double.world import Work
from tests.mirror.faults.scene import Scene

WRITES = "POST */documents*"
DISK_FULL = "no_space_left_on_device"
QUEUED = 100_000


def said(status: int, code: str) -> Canned:
    """The server's own error."""
    body = {"message": "planned by the test", "code": code, "type": "system", "link": ""}
    return Canned(status, json.dumps(body).encode(), "application/json")


@pytest.mark.parametrize(
    ("requests", "fault", "code"),
    [
        pytest.param(WRITES, TaskFails("internal"), "internal", id="internal", marks=pytest.mark.scenario(24)),
        pytest.param(WRITES, TaskFails(DISK_FULL), DISK_FULL, id="disk full in a task", marks=pytest.mark.scenario(25)),
        pytest.param(WRITES, said(422, DISK_FULL), DISK_FULL, id="disk full at once", marks=pytest.mark.scenario(25)),
        pytest.param("*", said(500, "must_restart"), "must_restart", id="must restart", marks=pytest.mark.scenario(40)),
    ],
)
def test_a_server_that_is_unwell_is_waited_for_and_no_document_is_blamed(
    scene: Scene, double: MeilisearchDouble, requests: str, fault: Fault, code: str
) -> None:
    double.fail_next(requests, fault, times=7)
    scene.edit()
    for _ in range(6):
        scene.round()
    assert (scene.status.state, scene.status.breaker) == ("in-trouble", "open")
    assert code in (scene.status.last_error or "")
    scene.edit("While it was unwell")
    scene.settle()
    scene.assert_mirrored()
    assert (scene.counted("unknown", "superseded"), scene.counted("unknown", "adopted")) == (0, 0)


@pytest.mark.scenario(26)
@pytest.mark.parametrize("moment", ["while it is waited for", "when it is no longer waited for"])
def test_a_task_that_an_operator_cancels_is_sent_again(scene: Scene, double: MeilisearchDouble, moment: str) -> None:
    def cancel() -> None:
        scene.operator.post("/tasks/cancel", params={"indexUids": scene.server.index}).raise_for_status()
        double.auto = True
        double.run()

    double.auto = False
    if moment == "while it is waited for":
        double.fail_next("GET /tasks/*", Meanwhile(cancel))
    scene.edit()
    scene.round()
    if moment == "when it is no longer waited for":
        assert scene.status.open_batches == 1
        cancel()
    scene.edit("After it was canceled")
    scene.settle()
    scene.assert_mirrored()
    assert scene.counted("batches", "failed") == 1


@pytest.mark.scenario(27)
@pytest.mark.parametrize("moment", ["before it is asked for", "while the worker is dead"])
def test_a_task_that_was_pruned_leaves_its_batch_unknown_and_its_documents_are_sent_again(
    scene: Scene, double: MeilisearchDouble, moment: str
) -> None:
    def prune() -> None:
        scene.operator.delete("/tasks", params={"statuses": "succeeded"}).raise_for_status()

    if moment == "before it is asked for":
        double.fail_next(WRITES, Meanwhile(prune))
        scene.edit()
        scene.round()
    else:
        leave_sent(scene, double)
        scene.die()
        double.run()
        double.auto = True
        prune()
        scene.start()
    scene.edit("After it was pruned")
    scene.settle()
    scene.assert_mirrored()
    assert (scene.counted("unknown", "superseded"), scene.counted("unknown", "adopted")) == (1, 0)


@pytest.mark.scenario(28)
def test_the_success_of_a_task_that_was_given_the_same_number_after_a_restore_is_not_ours(
    scene: Scene, double: MeilisearchDouble
) -> None:
    older = double.snapshot()
    number = leave_sent(scene, double)
    scene.die()
    double.restore(older)
    double.auto = True
    scene.operate("POST", "/indexes/elsewhere/documents", [{"id": 1}])
    assert (double.tasks[-1].uid, double.tasks[-1].status) == (number, "succeeded")
    scene.start()
    scene.settle()
    scene.assert_mirrored()
    assert (scene.counted("unknown", "superseded"), scene.counted("unknown", "adopted")) == (1, 0)


@pytest.mark.scenario(29)
def test_while_a_task_is_stuck_nothing_else_is_sent_and_its_success_counts_in_the_end(
    scene: Scene, double: MeilisearchDouble
) -> None:
    leave_sent(scene, double)
    assert double.begin()
    with scene.database.writing() as connection:
        hour = "datetime(prepared_at, '-1 hour')"
        connection.execute(text(f"UPDATE batch SET prepared_at = {hour} WHERE state = 'sent'"))
    sent = scene.sent()
    for title in ("Meanwhile", "Still meanwhile"):
        scene.edit(title)
        scene.round()
        assert (scene.status.in_step, scene.status.open_batches) == (False, 1)
        assert "still queued" in (scene.status.last_error or "")
    assert scene.sent() == sent
    double.finish()
    double.auto = True
    scene.settle()
    scene.assert_mirrored()
    assert (scene.counted("unknown", "superseded"), scene.counted("unknown", "adopted")) == (0, 1)
    assert scene.counted("deaths", "") == 0


def leave_sent(scene: Scene, double: MeilisearchDouble) -> int:
    """Let a batch wait in a queue that does not move; gives the number of its task."""
    double.auto = False
    scene.edit()
    scene.rounds_until(lambda: bool(scene.batches("sent")))
    return double.tasks[-1].uid


@pytest.mark.scenario(36)
@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ("GET /tasks/*", {"status": "awaitingPeers", "finishedAt": None, "peers": [{"name": "a"}]}),
        ("GET /tasks/*", {"status": "partlyDone", "error": None, "peers": []}),
        ("POST */documents*", {"status": "awaitingPeers", "peers": 3}),
        ("GET /version", {"pkgVersion": "9.0.0", "edition": "new"}),
        ("GET /indexes/engagements", {"shards": [1, 2]}),
    ],
    ids=["a status that has no end", "a status that has an end", "an accepted write", "the version", "the index"],
)
def test_a_later_version_that_says_what_nobody_knows_yet_is_no_fault_of_a_document(
    scene: Scene, double: MeilisearchDouble, request_: str, says: dict[str, Any]
) -> None:
    scene.edit()
    double.fail_next(request_, Says(says), times=12)
    for _ in range(12):
        scene.round()
        with scene.database.writing() as connection:
            connection.execute(text("UPDATE ledger SET due_at = NULL"))
    scene.settle()
    scene.assert_mirrored()


@pytest.mark.scenario(38)
def test_a_lower_limit_makes_smaller_batches_and_sets_aside_only_what_is_too_large_by_itself(
    scene: Scene, double: MeilisearchDouble
) -> None:
    double._world.payload_limit = 10_000
    short = [EngagementShape(kind="meeting", title_en=f"Meeting {number}") for number in range(30)]
    long = EngagementShape(kind="meeting", title_en="Long", summary_en="word " * 3_000)
    with scene.database.writing() as connection:
        made = recording.record(connection, "engagement", [*short, long], by=scene.by)
    scene.settle()
    assert (scene.status.dead, scene.counted("deaths", "payload_too_large")) == (1, 1)
    assert set(scene.held()) == set(scene.wanted()) - {made[-1]["id"]}
    double._world.payload_limit = 100_000_000
    assert ledger.retry(scene.database) == 1
    scene.settle()
    scene.assert_mirrored()


@pytest.mark.scenario(39)
def test_in_a_queue_that_does_not_move_there_is_never_more_than_one_write_of_ours(
    scene: Scene, double: MeilisearchDouble
) -> None:
    scene.die()
    scene.start(read_seconds=30, total_seconds=30)  # The double takes its time to look through so many tasks.
    double.auto = False
    with double.tampering():
        for _ in range(QUEUED):
            double._world.enqueue("documentAdditionOrUpdate", "elsewhere", Work(lambda world, task: None))
    scene.edit()
    sent = len(scene.sent())
    for title in ("Meanwhile", "Still meanwhile"):
        scene.round()
        scene.edit(title)
    assert len(scene.sent()) == sent + 1
    assert (scene.status.in_step, scene.status.open_batches) == (False, 1)
    with double.tampering():
        for task in double.tasks:
            if task.index == "elsewhere":
                task.status, task.finished_at = "succeeded", task.enqueued_at
    double.prune(QUEUED)
    double.run()
    double.auto = True
    scene.settle()
    scene.assert_mirrored()
    assert (scene.counted("unknown", "superseded"), scene.counted("unknown", "adopted")) == (0, 1)
