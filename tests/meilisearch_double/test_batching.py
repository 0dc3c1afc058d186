"""Which waiting tasks are done together, and whose mistake fails whom.

The table is that of the scheduler of 1.50 and is compared with a real server where there is one; shared and own failures
were seen live on 1.50.0.
"""

import pytest

from tests.meilisearch_double import MeilisearchDouble, TaskFails
from tests.meilisearch_double.speaking import Asked, Speaker

KINDS = ("add", "update", "delete", "filter", "settings", "clear", "alter", "remove")
TOGETHER = {
    "add": {"add", "update", "delete", "clear", "remove"},
    "update": {"add", "update", "delete", "clear", "remove"},
    "delete": {"add", "update", "delete", "filter", "clear", "remove"},
    "filter": {"add", "update", "delete", "filter", "clear", "remove"},
    "settings": {"settings", "clear", "remove"},
    "clear": {"delete", "filter", "clear", "remove"},
    "alter": set(),
    "remove": set(),
}
"""What may follow in the same batch, where the index exists."""


def asked(kind: str, index: str, key: str | None = None) -> Asked:
    """A write of this kind."""
    documents = f"/indexes/{index}/documents"
    return {
        "add": Asked("POST", documents, [{"id": 1}], key),
        "update": Asked("PUT", documents, [{"id": 2}], key),
        "delete": Asked("POST", f"{documents}/delete-batch", ["1"], key),
        "filter": Asked("POST", f"{documents}/delete", {"filter": "kind = x"}, key),
        "settings": Asked("PATCH", f"/indexes/{index}/settings", {"sortableAttributes": ["kind"]}, key),
        "clear": Asked("DELETE", documents, None, key),
        "alter": Asked("PATCH", f"/indexes/{index}", {"primaryKey": "id"}, key),
        "remove": Asked("DELETE", f"/indexes/{index}", None, key),
    }[kind]


def batches(tasks: list[dict[str, object]]) -> list[int]:
    """To which of their batches tasks belong, counted from 0."""
    found = list(dict.fromkeys(task["batchUid"] for task in tasks))
    return [found.index(task["batchUid"]) for task in tasks]


@pytest.mark.parametrize("first", KINDS)
def test_what_follows_in_the_same_batch(speaker: Speaker, first: str) -> None:
    indexes = [speaker.make(second, filterableAttributes=["kind"]) for second in KINDS]
    requests = [asked(kind, index) for index, second in zip(indexes, KINDS, strict=True) for kind in (first, second)]
    tasks = speaker.together(requests)
    pairs = zip(KINDS, tasks[::2], tasks[1::2], strict=True)
    assert {second for second, one, other in pairs if one["batchUid"] == other["batchUid"]} == TOGETHER[first]


def test_tasks_of_one_index_are_done_in_their_order_past_those_of_another(speaker: Speaker) -> None:
    """Across indexes there is no order: the third is done before the second."""
    here, there = speaker.make("here"), speaker.make("there")
    tasks = speaker.together([asked("add", here), asked("add", there), asked("delete", here), asked("update", here)])
    assert batches(tasks) == [0, 1, 0, 0]
    assert tasks[3]["finishedAt"] < tasks[1]["finishedAt"]
    assert list(speaker.held(here)) == [2]


def test_the_last_word_on_a_document_counts_within_a_batch(speaker: Speaker) -> None:
    uid = speaker.make()
    documents = f"/indexes/{uid}/documents"
    tasks = speaker.together(
        [
            Asked("POST", documents, [{"id": 1, "a": 1, "b": 1}, {"id": 2, "a": 1}]),
            Asked("PUT", documents, [{"id": 1, "b": 2}]),
            Asked("POST", f"{documents}/delete-batch", ["2", "never"]),
            Asked("POST", documents, [{"id": 3}]),
        ]
    )
    assert batches(tasks) == [0, 0, 0, 0]
    assert speaker.held(uid) == {1: {"id": 1, "a": 1, "b": 2}, 3: {"id": 3}}


def test_among_additions_a_deletion_counts_what_it_was_given(speaker: Speaker) -> None:
    """Alone it counts what was there; so its count is no evidence."""
    uid = speaker.make()
    deletion = Asked("POST", f"/indexes/{uid}/documents/delete-batch", ["1", "never", "nor this"])
    tasks = speaker.together([asked("add", uid), deletion])
    assert batches(tasks) == [0, 0]
    assert tasks[1]["details"]["deletedDocuments"] == 3
    speaker.put(uid, {"id": 1})
    assert speaker.ended(speaker.send(deletion))["details"]["deletedDocuments"] == 1


def test_documents_that_a_clear_follows_are_not_indexed_and_succeed(speaker: Speaker) -> None:
    uid = speaker.make()
    speaker.put(uid, {"id": "old"})
    bad = Asked("POST", f"/indexes/{uid}/documents", [{"id": "not good"}])
    added, refused, cleared = speaker.together([asked("add", uid), bad, asked("clear", uid)])
    assert [each["status"] for each in (added, refused, cleared)] == ["succeeded"] * 3
    assert added["details"] == {"receivedDocuments": 1, "indexedDocuments": None}
    assert cleared["details"] == {"deletedDocuments": 1}
    assert speaker.held(uid) == {}


def test_settings_beside_a_clear_are_applied(speaker: Speaker) -> None:
    uid = speaker.make()
    speaker.put(uid, {"id": 1})
    tasks = speaker.together([asked("settings", uid), asked("clear", uid)])
    assert batches(tasks) == [0, 0]
    assert speaker.held(uid) == {}
    assert speaker.ask("GET", f"/indexes/{uid}/settings").json()["sortableAttributes"] == ["kind"]


def test_the_removal_of_an_index_takes_along_what_waited_before_it(speaker: Speaker) -> None:
    uid = speaker.make()
    added, removed, again = speaker.together([asked("add", uid), asked("remove", uid), asked("add", uid)])
    assert batches([added, removed, again]) == [0, 0, 1]
    assert (added["status"], added["details"]["indexedDocuments"]) == ("succeeded", 0)
    assert list(speaker.held(uid)) == [1]


def test_another_primary_key_ends_the_batch_and_fails_alone(speaker: Speaker) -> None:
    uid = speaker.make()
    other = Asked("POST", f"/indexes/{uid}/documents?primaryKey=number", [{"number": 1}])
    tasks = speaker.together([asked("add", uid), other, asked("update", uid)])
    assert batches(tasks) == [0, 1, 2]
    assert [task["error"] and task["error"]["code"] for task in tasks] == [None, "index_primary_key_already_exists", None]


@pytest.mark.parametrize(
    ("named", "expected"), [(["a", "", "a", "b"], [0, 0, 0, 1]), (["", "", "a"], [0, 0, 1])], ids=["named first", "to be guessed"]
)
def test_the_first_addition_to_an_index_without_a_key_says_which_may_join(
    speaker: Speaker, named: list[str], expected: list[int]
) -> None:
    uid = speaker.name("absent")
    path = f"/indexes/{uid}/documents"
    tasks = speaker.together([Asked("POST", f"{path}?primaryKey={key}" if key else path, [{"a": 1, "id": 1}]) for key in named])
    assert batches(tasks) == expected
    assert tasks[-1]["error"]["code"] == "index_primary_key_already_exists"


def test_where_there_is_no_index_a_deletion_does_not_mix_with_who_would_make_it(speaker: Speaker) -> None:
    uid = speaker.name("absent")
    deleted, added = speaker.together([asked("delete", uid), asked("add", uid)])
    assert batches([deleted, added]) == [0, 1]
    assert (deleted["error"]["code"], added["status"]) == ("index_not_found", "succeeded")


def test_where_there_is_no_index_who_may_not_make_it_does_not_mix_with_who_may(speaker: Speaker) -> None:
    uid = speaker.name("absent")
    key = speaker.key(["documents.*"], [f"{speaker.prefix}*"])
    tasks = speaker.together([asked("add", uid, key), asked("delete", uid, key), asked("update", uid), asked("add", uid, key)])
    assert batches(tasks) == [0, 0, 1, 1]
    assert [task["status"] for task in tasks] == ["failed", "failed", "succeeded", "succeeded"]


def test_a_bad_id_fails_its_own_task_and_all_of_it(speaker: Speaker) -> None:
    uid = speaker.make()
    documents = f"/indexes/{uid}/documents"
    tasks = speaker.together(
        [
            Asked("POST", documents, [{"id": "before"}]),
            Asked("POST", documents, [{"id": "fine"}, {"id": "not good"}]),
            Asked("POST", documents, [{"title": "without"}]),
            Asked("POST", documents, [{"id": "x" * 512}]),
            Asked("POST", documents, [{"id": "after"}]),
        ]
    )
    assert batches(tasks) == [0] * 5
    assert [task["error"] and task["error"]["code"] for task in tasks] == [
        None,
        "invalid_document_id",
        "missing_document_id",
        "invalid_document_id",
        None,
    ]
    assert [task["details"]["indexedDocuments"] for task in tasks] == [1, 0, 0, 0, 1]
    assert list(speaker.held(uid)) == ["before", "after"]


def test_a_bad_place_fails_every_task_of_its_batch_with_the_same_error(speaker: Speaker) -> None:
    uid = speaker.make(filterableAttributes=["_geo"])
    documents = f"/indexes/{uid}/documents"
    bad = [{"id": "bad", "_geo": {"lat": "north", "lng": 3}}]
    tasks = speaker.together(
        [
            Asked("POST", documents, [{"id": "before"}]),
            Asked("POST", documents, bad),
            Asked("POST", documents, [{"id": "not good"}]),
            Asked("POST", documents, [{"id": "after", "_geo": {"lat": 37.3, "lng": 127}}]),
        ]
    )
    assert batches(tasks) == [0] * 4
    assert {task["error"]["code"] for task in tasks} == {"invalid_document_geo_field"}
    assert all('"bad"' in task["error"]["message"] for task in tasks)
    assert [task["details"]["indexedDocuments"] for task in tasks] == [0] * 4
    assert speaker.held(uid) == {}
    assert speaker.do("POST", documents, [{"id": "before"}])["status"] == "succeeded", "alone it is innocent"


def test_a_bad_place_that_is_overwritten_in_its_batch_harms_nobody(speaker: Speaker) -> None:
    uid = speaker.make(filterableAttributes=["_geo"])
    documents = f"/indexes/{uid}/documents"
    bad, good = ({"id": 1, "_geo": {"lat": latitude, "lng": 3}} for latitude in ("north", 37))
    tasks = speaker.together([Asked("POST", documents, [bad]), Asked("POST", documents, [good])])
    assert [(task["batchUid"], task["status"]) for task in tasks] == [(tasks[0]["batchUid"], "succeeded")] * 2


def test_a_bad_place_is_noticed_only_where_places_are_filtered_or_sorted_by(speaker: Speaker) -> None:
    """Made filterable later, it is the settings' task that fails, and nothing changes."""
    uid = speaker.make()
    assert speaker.put(uid, {"id": 1, "_geo": {"lat": "north", "lng": 3}})["status"] == "succeeded"
    task = speaker.do("PATCH", f"/indexes/{uid}/settings", {"sortableAttributes": ["_geo"]})
    assert (task["status"], task["error"]["code"]) == ("failed", "invalid_document_geo_field")
    assert speaker.ask("GET", f"/indexes/{uid}/settings").json()["sortableAttributes"] == []


@pytest.mark.parametrize(
    ("code", "failed"), [("internal", [1, 1, 1]), ("no_space_left_on_device", [1, 1, 1]), ("invalid_document_id", [0, 1, 0])]
)
def test_a_planned_failure_is_shared_or_not_as_its_code_is(
    double: MeilisearchDouble, on_double: Speaker, code: str, failed: list[int]
) -> None:
    uid = on_double.make()
    double.auto = False
    on_double.send(asked("add", uid))
    double.fail_next("PUT */documents", TaskFails(code))
    on_double.send(asked("update", uid))
    on_double.send(asked("add", uid))
    assert [task.status == "failed" for task in double.step()] == failed


def test_a_batch_is_shown_with_its_tasks(speaker: Speaker) -> None:
    uid = speaker.make()
    bad = Asked("POST", f"/indexes/{uid}/documents", [{"id": "not good"}])
    tasks = speaker.together([asked("add", uid), bad, asked("delete", uid)])
    batch = speaker.ask("GET", f"/batches/{tasks[0]['batchUid']}").json()
    assert batch["details"] == {"receivedDocuments": 2, "indexedDocuments": 1, "providedIds": 1, "deletedDocuments": 1}
    stats = {name: batch["stats"][name] for name in ("totalNbTasks", "status", "types", "indexUids")}
    assert stats == {
        "totalNbTasks": 3,
        "status": {"succeeded": 2, "failed": 1},
        "types": {"documentAdditionOrUpdate": 2, "documentDeletion": 1},
        "indexUids": {uid: 3},
    }
    assert speaker.ask("GET", f"/batches?uids={tasks[1]['uid']}").json()["results"][0]["uid"] == batch["uid"]
    missing = speaker.ask("GET", "/batches/4000000000")
    assert (missing.status_code, missing.json()["code"]) == (404, "batch_not_found")
