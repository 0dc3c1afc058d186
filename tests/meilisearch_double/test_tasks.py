"""The queue as a client sees it: numbers, summaries, lists, and what becomes of a task.

Where nothing else is said the behaviour was seen live on 1.50.0, and a real server is asked too where there is one.
"""

import re

import pytest

from tests.meilisearch_double import MeilisearchDouble
from tests.meilisearch_double.speaking import Asked, Speaker

SUMMARY = ("taskUid", "indexUid", "status", "type", "enqueuedAt")
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{0,8}[1-9])?Z")


def test_numbers_of_tasks_grow_one_by_one(on_double: Speaker) -> None:
    """Also those of tasks that fail; a real server has other clients, whose tasks come between."""
    uids = [on_double.do("POST", "/indexes", {"uid": "same"})["uid"] for _ in range(3)]
    assert uids == [0, 1, 2]


def test_numbers_of_tasks_grow(speaker: Speaker) -> None:
    first, second = (
        speaker.do("POST", "/indexes", {"uid": speaker.name()}),
        speaker.do("POST", "/indexes", {"uid": speaker.name()}),
    )
    assert first["uid"] < second["uid"]


def test_a_write_is_answered_with_a_summary_of_exactly_these_members(speaker: Speaker) -> None:
    answer = speaker.ask("POST", "/indexes", {"uid": speaker.name()})
    assert answer.status_code == 202
    assert tuple(answer.json()) == SUMMARY
    assert (answer.json()["indexUid"], answer.json()["status"]) == (speaker.name(), "enqueued")
    speaker.ended(answer)


def test_custom_metadata_comes_back_in_the_summary_on_the_task_and_in_the_list(speaker: Speaker) -> None:
    uid = speaker.make()
    answer = speaker.ask("POST", f"/indexes/{uid}/documents?customMetadata=batch-7", [{"id": 1}])
    assert tuple(answer.json()) == (*SUMMARY, "customMetadata")
    assert answer.json()["customMetadata"] == speaker.ended(answer)["customMetadata"] == "batch-7"
    listed = speaker.ask("GET", f"/tasks?indexUids={uid}&types=documentAdditionOrUpdate").json()["results"]
    assert [each["customMetadata"] for each in listed] == ["batch-7"]


def test_a_write_that_fails_is_accepted_and_fails_later(speaker: Speaker) -> None:
    answer = speaker.ask("DELETE", f"/indexes/{speaker.name('nothing')}")
    assert (answer.status_code, answer.json()["status"]) == (202, "enqueued")
    task = speaker.ended(answer)
    assert (task["status"], task["error"]["code"], task["error"]["type"]) == ("failed", "index_not_found", "invalid_request")


def test_the_newest_tasks_are_listed_first_page_by_page(speaker: Speaker) -> None:
    uid = speaker.make()
    uids = [speaker.put(uid, {"id": number})["uid"] for number in range(4)]
    asked = f"/tasks?indexUids={uid}&types=documentAdditionOrUpdate"
    first = speaker.ask("GET", f"{asked}&limit=3").json()
    assert [each["uid"] for each in first["results"]] == uids[:0:-1]
    assert {name: first[name] for name in ("total", "limit", "from", "next")} == {
        "total": 4,
        "limit": 3,
        "from": uids[3],
        "next": uids[0],
    }
    last = speaker.ask("GET", f"{asked}&limit=3&from={first['next']}").json()
    assert ([each["uid"] for each in last["results"]], last["next"]) == (uids[:1], None)
    backwards = speaker.ask("GET", f"{asked}&reverse=true&from={uids[1]}").json()
    assert [each["uid"] for each in backwards["results"]] == uids[1:]


def test_tasks_are_listed_by_what_is_asked_of_them(speaker: Speaker) -> None:
    uid = speaker.make()
    good, bad = speaker.put(uid, {"id": "a"}), speaker.put(uid, {"id": "not good"})
    for asked, expected in (
        ("statuses=failed", [bad]),
        ("statuses=succeeded&types=documentAdditionOrUpdate", [good]),
        (f"uids={good['uid']},{bad['uid']}", [bad, good]),
        (f"batchUids={good['batchUid']}", [good]),
        (f"afterEnqueuedAt={good['enqueuedAt']}", [bad]),
        (f"types=documentAdditionOrUpdate&beforeFinishedAt={bad['finishedAt']}", [good]),
    ):
        listed = speaker.ask("GET", f"/tasks?indexUids={uid}&{asked}").json()["results"]
        assert listed == expected, asked


def test_a_query_parameter_that_is_unknown_is_refused(speaker: Speaker) -> None:
    for path in ("/tasks?customMetadata=batch-7", f"/indexes/{speaker.name()}/documents?nonsense=1"):
        answer = speaker.ask("POST" if "documents" in path else "GET", path, [{"id": 1}] if "documents" in path else None)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_a_task_that_was_removed_is_not_found(speaker: Speaker) -> None:
    task = speaker.put(speaker.make(), {"id": 1})
    removal = speaker.ask("DELETE", f"/tasks?uids={task['uid']}")
    assert removal.status_code == 200
    assert speaker.ended(removal)["details"] == {"matchedTasks": 1, "deletedTasks": 1, "originalFilter": f"?uids={task['uid']}"}
    answer = speaker.ask("GET", f"/tasks/{task['uid']}")
    assert (answer.status_code, answer.json()["code"]) == (404, "task_not_found")


def test_the_server_forgets_its_oldest_tasks_by_itself(double: MeilisearchDouble, on_double: Speaker) -> None:
    """A real one does so at a million of them. The index keeps what they did."""
    uid = on_double.make()
    kept = on_double.put(uid, {"id": 1})
    double.prune(1)
    assert on_double.ask("GET", "/tasks/0").json()["code"] == "task_not_found"
    assert on_double.task(kept["uid"]) == kept
    newest = on_double.ask("GET", "/tasks?limit=1").json()["results"][0]
    assert (newest["type"], newest["details"]["deletedTasks"]) == ("taskDeletion", 1)


def test_what_waits_can_be_canceled_and_is_not_done(speaker: Speaker) -> None:
    uid = speaker.make()
    put = Asked("POST", f"/indexes/{uid}/documents", [{"id": 1}])
    if speaker.double is not None:
        speaker.double.auto = False
        answer = speaker.send(put)
        cancelation = speaker.ask("POST", f"/tasks/cancel?uids={answer.json()['taskUid']}")
    else:
        speaker.ask("POST", f"/indexes/{speaker.name('slow')}/documents?primaryKey=id", [{"id": n} for n in range(20000)])
        answer = speaker.send(put)
        cancelation = speaker.ask("POST", f"/tasks/cancel?uids={answer.json()['taskUid']}")
    assert cancelation.status_code == 200
    ended, canceled = speaker.ended(cancelation), speaker.ended(answer)
    assert (ended["status"], ended["details"]["canceledTasks"]) == ("succeeded", 1)
    assert (canceled["status"], canceled["canceledBy"], canceled["error"]) == ("canceled", ended["uid"], None)
    assert canceled["details"] == {"receivedDocuments": 1, "indexedDocuments": 0}
    assert canceled["batchUid"] == ended["batchUid"]
    assert speaker.held(uid) == {}


def test_what_has_ended_cannot_be_canceled(speaker: Speaker) -> None:
    task = speaker.put(speaker.make(), {"id": 1})
    ended = speaker.ended(speaker.ask("POST", f"/tasks/cancel?uids={task['uid']}"))
    assert (ended["status"], ended["details"]["matchedTasks"], ended["details"]["canceledTasks"]) == ("succeeded", 1, 0)
    assert speaker.task(task["uid"]) == task


@pytest.mark.parametrize(("method", "path"), [("POST", "/tasks/cancel"), ("DELETE", "/tasks")])
def test_all_tasks_at_once_are_neither_canceled_nor_removed(speaker: Speaker, method: str, path: str) -> None:
    answer = speaker.ask(method, path)
    assert (answer.status_code, answer.json()["code"]) == (400, "missing_task_filters")


def test_instants_have_up_to_nine_digits_and_no_zeros_at_the_end(speaker: Speaker) -> None:
    task = speaker.put(speaker.make(), {"id": 1})
    for name in ("enqueuedAt", "startedAt", "finishedAt"):
        assert INSTANT.fullmatch(task[name]), task[name]
    assert re.fullmatch(r"PT\d+(\.\d{9})?S", task["duration"]), task["duration"]
