"""What a key may do, and what it may see. Seen live on 1.50.0."""

import pytest

from tests.meilisearch_double.speaking import Speaker

SYNC = ["documents.add", "documents.delete", "documents.get", "indexes.get", "tasks.get", "stats.get", "settings.get"]


@pytest.fixture
def sync_key(speaker: Speaker) -> str:
    """As the mirror has it: all for documents of its own indexes, and nothing that makes an index."""
    return speaker.key(SYNC, [f"{speaker.prefix}*"])


def test_without_the_right_to_make_indexes_a_lost_index_is_a_loud_failure(speaker: Speaker, sync_key: str) -> None:
    uid = speaker.name("lost")
    answer = speaker.ask("POST", f"/indexes/{uid}/documents", [{"id": 1}], key=sync_key)
    assert answer.status_code == 202
    task = speaker.ended(answer)
    assert (task["status"], task["error"]["code"], task["details"]["indexedDocuments"]) == ("failed", "index_not_found", 0)
    assert speaker.ask("GET", f"/indexes/{uid}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/indexes", {"uid": "x"}),
        ("DELETE", "/indexes/{main}", None),
        ("PATCH", "/indexes/{main}/settings", {}),
        ("POST", "/indexes/{main}/search", {}),
        ("POST", "/swap-indexes", []),
        ("GET", "/version", None),
        ("POST", "/tasks/cancel?uids=1", None),
    ],
)
def test_what_is_not_among_the_actions_of_a_key_is_refused(
    speaker: Speaker, sync_key: str, method: str, path: str, body: object
) -> None:
    answer = speaker.ask(method, path.format(main=speaker.name()), body, key=sync_key)
    assert (answer.status_code, answer.json()["code"], answer.json()["type"]) == (403, "invalid_api_key", "auth")


def test_an_index_that_is_not_the_keys_is_refused(speaker: Speaker, sync_key: str) -> None:
    answer = speaker.ask("GET", "/indexes/somebody-elses", key=sync_key)
    assert (answer.status_code, answer.json()["code"]) == (403, "invalid_api_key")


def test_without_a_key_or_with_a_wrong_one_nothing_is_answered_but_the_health(speaker: Speaker) -> None:
    assert speaker.ask_as_nobody("/health").json() == {"status": "available"}
    missing, wrong = speaker.ask_as_nobody("/version"), speaker.ask("GET", "/version", key="wrong")
    assert (missing.status_code, missing.json()["code"]) == (401, "missing_authorization_header")
    assert (wrong.status_code, wrong.json()["code"]) == (403, "invalid_api_key")


def test_a_key_sees_the_tasks_of_its_indexes_and_not_the_swap_of_two_of_them(speaker: Speaker, sync_key: str) -> None:
    one, other = speaker.make("one"), speaker.make("other")
    swap = speaker.do("POST", "/swap-indexes", [{"indexes": [one, other]}])
    seen = speaker.ask("GET", f"/tasks?uids={swap['uid'] - 1},{swap['uid']}", key=sync_key).json()["results"]
    assert [task["type"] for task in seen] == ["indexCreation"]
    answer = speaker.ask("GET", f"/tasks/{swap['uid']}", key=sync_key)
    assert (answer.status_code, answer.json()["code"]) == (404, "task_not_found")
    assert speaker.task(swap["uid"])["status"] == "succeeded"


def test_a_key_sees_its_indexes_only(speaker: Speaker) -> None:
    one, _ = speaker.make("one"), speaker.make("other")
    key = speaker.key(["indexes.get", "stats.get"], [one])
    assert [each["uid"] for each in speaker.ask("GET", "/indexes", key=key).json()["results"]] == [one]
    assert list(speaker.ask("GET", "/stats", key=key).json()["indexes"]) == [one]


def test_a_key_of_some_indexes_may_not_do_what_concerns_all(speaker: Speaker) -> None:
    asked = {"actions": ["documents.add", "version"], "indexes": [f"{speaker.prefix}*"], "expiresAt": None}
    answer = speaker.ask("POST", "/keys", asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "index_scoped_api_key_with_global_action")
