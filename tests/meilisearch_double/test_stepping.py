"""The double's own handles on time: its queue done step by step, its clock, a death in the middle, a backup put back.

What happens then was seen live on 1.50.0; that it happens at a chosen moment only a double can offer.
"""

import httpx
import pytest

from tests.meilisearch_double import Late, MeilisearchDouble
from tests.meilisearch_double.speaking import Asked, Speaker


@pytest.fixture
def stepped(double: MeilisearchDouble, on_double: Speaker) -> Speaker:
    """Speaks with the double, whose queue waits, and which has an index `engagements`."""
    on_double.do("POST", "/indexes", {"uid": "engagements", "primaryKey": "id"})
    double.auto = False
    return on_double


def put(speaker: Speaker, document: object, index: str = "engagements") -> int:
    uid: int = speaker.ask("POST", f"/indexes/{index}/documents", [document]).json()["taskUid"]
    return uid


def test_a_task_waits_is_in_processing_and_ends(double: MeilisearchDouble, stepped: Speaker) -> None:
    uid = put(stepped, {"id": 1})
    seen = [stepped.task(uid)]
    assert [task.uid for task in double.begin()] == [uid]
    seen.append(stepped.task(uid))
    assert stepped.held("engagements") == {}, "what is in processing is not there yet"
    assert stepped.ask("GET", "/indexes/engagements/stats").json()["isIndexing"] is True
    assert [task.uid for task in double.finish()] == [uid]
    seen.append(stepped.task(uid))
    assert [each["status"] for each in seen] == ["enqueued", "processing", "succeeded"]
    assert [each["batchUid"] for each in seen] == [None, 1, 1]
    assert [[each[name] is not None for name in ("startedAt", "finishedAt", "duration")] for each in seen] == [
        [False, False, False],
        [True, False, False],
        [True, True, True],
    ]
    assert [each["details"]["indexedDocuments"] for each in seen] == [None, None, 1]
    assert list(stepped.held("engagements")) == [1]


def test_one_batch_is_in_processing_at_a_time(double: MeilisearchDouble, stepped: Speaker) -> None:
    put(stepped, {"id": 1})
    double.begin()
    later = put(stepped, {"id": 2})
    assert double.begin() == []
    double.step()
    assert stepped.task(later)["status"] == "enqueued", "a batch takes in nothing that comes after its beginning"
    double.step()
    assert stepped.task(later)["status"] == "succeeded"
    assert double.step() == double.finish() == []


def test_the_queue_grows_while_nothing_is_done(double: MeilisearchDouble, stepped: Speaker) -> None:
    uids = [put(stepped, {"id": number}) for number in range(50)]
    listed = stepped.ask("GET", "/tasks?statuses=enqueued&limit=1").json()
    assert (listed["total"], listed["results"][0]["uid"]) == (50, uids[-1])
    assert double.run() == 50
    assert stepped.ask("GET", "/tasks?statuses=enqueued").json()["total"] == 0


def test_a_death_in_processing_puts_the_task_back_and_it_is_done_again(double: MeilisearchDouble, stepped: Speaker) -> None:
    """Seen live on 1.50.0 with `kill -9`: healthy again after half a second, and nothing lost."""
    uid = put(stepped, {"id": 1})
    before = stepped.task(uid)
    double.begin()
    double.kill()
    assert stepped.task(uid) == before
    double.run()
    task = stepped.task(uid)
    assert (task["status"], task["batchUid"]) == ("succeeded", 1)
    assert list(stepped.held("engagements")) == [1]


def test_what_is_in_processing_can_be_canceled(double: MeilisearchDouble, stepped: Speaker) -> None:
    uid = put(stepped, {"id": 1})
    double.begin()
    cancelation = stepped.ask("POST", f"/tasks/cancel?uids={uid}").json()["taskUid"]
    double.run()
    assert (stepped.task(uid)["status"], stepped.task(uid)["canceledBy"]) == ("canceled", cancelation)
    assert stepped.held("engagements") == {}


def test_cancelations_come_first_then_deletions_of_tasks_then_the_oldest(double: MeilisearchDouble, stepped: Speaker) -> None:
    oldest = put(stepped, {"id": 1})
    deletions = [stepped.ask("DELETE", "/tasks?uids=0").json()["taskUid"] for _ in range(2)]
    cancelations = [stepped.ask("POST", "/tasks/cancel?uids=0").json()["taskUid"] for _ in range(2)]
    done = [[task.uid for task in double.step()] for _ in range(4)]
    assert done == [cancelations[1:], cancelations[:1], deletions, [oldest]]


def test_the_clock_stands_where_it_was_set(double: MeilisearchDouble, stepped: Speaker) -> None:
    double.clock.set("2026-11-25T23:59:59.5Z")
    uid = put(stepped, {"id": 1})
    double.clock.move(nanoseconds=500_000_000)
    double.begin()
    double.clock.move(seconds=3600, nanoseconds=12)
    double.finish()
    task = stepped.task(uid)
    assert [task[name] for name in ("enqueuedAt", "startedAt", "finishedAt", "duration")] == [
        "2026-11-25T23:59:59.5Z",
        "2026-11-26T00:00:00Z",
        "2026-11-26T01:00:00.000000012Z",
        "PT3600.000000012S",
    ]
    assert stepped.ask("GET", "/indexes/engagements").json()["updatedAt"] == task["finishedAt"]
    double.clock.run()
    assert stepped.task(put(stepped, {"id": 2}))["enqueuedAt"] != task["finishedAt"]


def test_instants_are_compared_to_the_nanosecond(double: MeilisearchDouble, stepped: Speaker) -> None:
    double.clock.set("2026-11-25T12:00:00.000000001Z")
    put(stepped, {"id": 1})
    double.clock.move(nanoseconds=1)
    later = put(stepped, {"id": 2})
    listed = stepped.ask("GET", "/tasks?afterEnqueuedAt=2026-11-25T12:00:00.000000001Z").json()["results"]
    assert later in [each["uid"] for each in listed]
    assert [each["enqueuedAt"] for each in listed if each["uid"] >= later - 1] == ["2026-11-25T12:00:00.000000002Z"]


def test_a_backup_put_back_gives_the_numbers_of_later_tasks_again(double: MeilisearchDouble, stepped: Speaker) -> None:
    """Seen live on 1.50.0: only `customMetadata` tells the two tasks apart."""
    double.auto = True
    stepped.put("engagements", {"id": "before"})
    kept = double.snapshot()
    lost = stepped.ask("POST", "/indexes/engagements/documents?customMetadata=lost", [{"id": "after"}]).json()["taskUid"]
    double.restore(kept)
    assert stepped.ask("GET", f"/tasks/{lost}").json()["code"] == "task_not_found"
    assert list(stepped.held("engagements")) == ["before"]
    again = stepped.ask("POST", "/indexes/engagements/documents?customMetadata=again", [{"id": "other"}]).json()["taskUid"]
    assert (again, stepped.task(again)["customMetadata"]) == (lost, "again")
    assert list(stepped.held("engagements")) == ["before", "other"]


def test_a_backup_does_not_change_with_what_happens_after_it(double: MeilisearchDouble, stepped: Speaker) -> None:
    waiting = put(stepped, {"id": 1})
    double.begin()
    kept = double.snapshot()
    double.run()
    stepped.ask("PATCH", "/indexes/engagements/settings", {"synonyms": {"a": ["b"]}})
    double.run()
    double.restore(kept)
    assert stepped.task(waiting)["status"] == "enqueued", "that something is in processing is in no backup"
    assert stepped.ask("GET", "/indexes/engagements/settings").json()["synonyms"] == {}
    double.run()
    double.restore(kept)
    double.run()
    assert list(stepped.held("engagements")) == [1]


def test_a_swap_that_waits_in_a_backup_exchanges_the_same_after_it(double: MeilisearchDouble, stepped: Speaker) -> None:
    for name in ("a", "b"):
        stepped.do("POST", "/indexes", {"uid": name, "primaryKey": "id"})
    put(stepped, {"id": 1}, "a")
    stepped.send(Asked("POST", "/swap-indexes", [{"indexes": ["a", "b"]}]))
    kept = double.snapshot()
    double.run()
    stepped.do("POST", "/swap-indexes", [{"indexes": ["b", "engagements"]}])
    double.restore(kept)
    double.run()
    assert [list(stepped.held(name)) for name in ("a", "b", "engagements")] == [[], [1], []]


def test_a_wiped_server_begins_anew(double: MeilisearchDouble, stepped: Speaker) -> None:
    double.wipe()
    assert stepped.ask("GET", "/indexes").json()["total"] == stepped.ask("GET", "/tasks").json()["total"] == 0
    assert stepped.ask("POST", "/indexes", {"uid": "engagements"}).json()["taskUid"] == 0


def test_what_an_operator_changes_by_hand_is_what_is_found(double: MeilisearchDouble, stepped: Speaker) -> None:
    double.auto = True
    stepped.put("engagements", {"id": 1}, {"id": 2})
    with double.tampering() as indexes:
        del indexes["engagements"].documents["1"]
    assert list(stepped.held("engagements")) == [2]


def test_late_requests_arrive_in_their_order(double: MeilisearchDouble, stepped: Speaker) -> None:
    double.fail_next("POST */documents", Late(), times=2)
    for value in ("older", "newer"):
        with pytest.raises(httpx.RemoteProtocolError):
            put(stepped, {"id": 1, "value": value})
    assert stepped.ask("GET", "/tasks?statuses=enqueued").json()["total"] == 0
    assert double.deliver_late() == 2
    double.run()
    assert stepped.held("engagements") == {1: {"id": 1, "value": "newer"}}
