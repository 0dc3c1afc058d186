"""Documents and settings: what is taken in, what is refused at once, and what is read back. Seen live on 1.50.0."""

import gzip
import json

import pytest

from tests.meilisearch_double import MeilisearchDouble
from tests.meilisearch_double.conftest import client
from tests.meilisearch_double.speaking import Speaker

JSON = {"Content-Type": "application/json"}


def test_a_document_is_replaced_as_a_whole(speaker: Speaker) -> None:
    uid = speaker.make()
    speaker.put(uid, {"id": 1, "a": 1, "b": 1})
    speaker.put(uid, {"id": 1, "b": 2})
    assert speaker.held(uid) == {1: {"id": 1, "b": 2}}


def test_a_put_merges_what_is_outermost(speaker: Speaker) -> None:
    uid = speaker.make()
    speaker.put(uid, {"id": 1, "a": 1, "b": {"c": 1}})
    speaker.do("PUT", f"/indexes/{uid}/documents", [{"id": 1, "b": {"d": 2}}])
    assert speaker.held(uid) == {1: {"id": 1, "a": 1, "b": {"d": 2}}}


def test_indexed_documents_are_counted_by_their_ids_and_the_last_of_two_wins(speaker: Speaker) -> None:
    uid = speaker.make()
    task = speaker.put(uid, {"id": 1, "a": "first"}, {"id": 1, "a": "last"}, {"id": 2})
    assert task["details"] == {"receivedDocuments": 3, "indexedDocuments": 2}
    assert speaker.held(uid)[1]["a"] == "last"


def test_only_what_is_known_is_changed_when_nothing_is_to_be_created(speaker: Speaker) -> None:
    uid = speaker.make()
    speaker.put(uid, {"id": 1, "a": 1})
    speaker.do("POST", f"/indexes/{uid}/documents?skipCreation=true", [{"id": 1, "a": 2}, {"id": 2}])
    assert speaker.held(uid) == {1: {"id": 1, "a": 2}}


@pytest.mark.parametrize("given", ["some", "one", "filter", "all"])
def test_documents_are_removed(speaker: Speaker, given: str) -> None:
    uid = speaker.make(filterableAttributes=["kind"])
    speaker.put(uid, {"id": 1, "kind": "a"}, {"id": 2, "kind": "b"})
    documents = f"/indexes/{uid}/documents"
    task = {
        "some": lambda: speaker.do("POST", f"{documents}/delete-batch", ["1", "never"]),
        "one": lambda: speaker.do("DELETE", f"{documents}/1"),
        "filter": lambda: speaker.do("POST", f"{documents}/delete", {"filter": "kind = a"}),
        "all": lambda: speaker.do("DELETE", documents),
    }[given]()
    assert (
        task["details"]
        == {
            "some": {"providedIds": 2, "deletedDocuments": 1, "originalFilter": None},
            "one": {"providedIds": 1, "deletedDocuments": 1, "originalFilter": None},
            "filter": {"providedIds": 0, "deletedDocuments": 1, "originalFilter": '"kind = a"'},
            "all": {"deletedDocuments": 2},
        }[given]
    )
    assert list(speaker.held(uid)) == ([] if given == "all" else [2])


def test_an_addition_makes_an_index_that_was_not_there_and_guesses_its_key(speaker: Speaker) -> None:
    uid = speaker.name("absent")
    assert speaker.put(uid, {"title": "first", "paper_ID": 7})["status"] == "succeeded"
    assert speaker.ask("GET", f"/indexes/{uid}").json()["primaryKey"] == "paper_ID"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"title": "none"}, "index_primary_key_no_candidate_found"),
        ({"org_id": 1, "person_id": 2}, "index_primary_key_multiple_candidates_found"),
        ({"id": "not good"}, "invalid_document_id"),
    ],
)
def test_an_addition_that_fails_leaves_the_index_that_it_made(speaker: Speaker, bad: object, code: str) -> None:
    """Made by the server's first step, which is not undone: an index without documents and without a key."""
    uid = speaker.name("absent")
    task = speaker.put(uid, bad)
    assert (task["status"], task["error"]["code"]) == ("failed", code)
    assert speaker.ask("GET", f"/indexes/{uid}").json()["primaryKey"] is None


def test_settings_make_an_index_that_was_not_there(speaker: Speaker) -> None:
    uid = speaker.name("absent")
    assert speaker.do("PATCH", f"/indexes/{uid}/settings", {"sortableAttributes": ["a"]})["status"] == "succeeded"
    assert speaker.ask("GET", f"/indexes/{uid}").json()["primaryKey"] is None


def test_a_deletion_makes_no_index(speaker: Speaker) -> None:
    uid = speaker.name("absent")
    task = speaker.do("POST", f"/indexes/{uid}/documents/delete-batch", ["1"])
    assert (task["status"], task["error"]["code"]) == ("failed", "index_not_found")
    assert speaker.ask("GET", f"/indexes/{uid}").status_code == 404


@pytest.mark.parametrize(
    ("headers", "content", "status", "code"),
    [
        ({}, b'[{"id":1}]', 415, "missing_content_type"),
        ({"Content-Type": "text/plain"}, b'[{"id":1}]', 415, "invalid_content_type"),
        (JSON, b"", 400, "missing_payload"),
        (JSON, b'[{"id":1', 400, "malformed_payload"),
        (JSON, b'[{"id":1,"v":NaN}]', 400, "malformed_payload"),
        (JSON, b"[1,2]", 400, "malformed_payload"),
    ],
)
def test_a_body_that_is_none_is_refused_at_once(
    speaker: Speaker, headers: dict[str, str], content: bytes, status: int, code: str
) -> None:
    answer = speaker.ask("POST", f"/indexes/{speaker.name()}/documents", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_compressed_body_is_taken_in(speaker: Speaker) -> None:
    uid, headers = speaker.make(), {**JSON, "Content-Encoding": "gzip"}
    answer = speaker.ask("POST", f"/indexes/{uid}/documents", content=gzip.compress(b'[{"id":1}]'), headers=headers)
    assert speaker.ended(answer)["status"] == "succeeded"
    assert list(speaker.held(uid)) == [1]


@pytest.mark.parametrize("compressed", [False, True])
def test_a_body_is_too_large_by_what_comes_out_of_it(compressed: bool) -> None:
    """A real server's limit is 100 MB, and the recorded exchange with one is replayed elsewhere."""
    content = json.dumps([{"id": 1, "text": "x" * 2000}]).encode()
    headers = {**JSON, "Content-Encoding": "gzip"} if compressed else JSON
    sent = gzip.compress(content) if compressed else content
    answers = []
    for limit in (len(content), len(content) - 1):
        with MeilisearchDouble(payload_limit=limit) as double, client(double.url, double.master_key) as http:
            answers.append(http.post("/indexes/a/documents", content=sent, headers=headers))
    assert [answer.status_code for answer in answers] == [202, 413]
    assert answers[1].json()["code"] == "payload_too_large"
    assert len(sent) < 200 or not compressed


def test_documents_are_read_with_what_searches_hide(speaker: Speaker) -> None:
    uid = speaker.make(displayedAttributes=["title"])
    speaker.put(uid, {"id": 1, "title": "shown", "mark": "hidden"})
    assert speaker.ask("POST", f"/indexes/{uid}/search", {"q": ""}).json()["hits"] == [{"title": "shown"}]
    whole = {"id": 1, "title": "shown", "mark": "hidden"}
    assert speaker.held(uid) == {1: whole}
    assert speaker.ask("GET", f"/indexes/{uid}/documents/1").json() == whole
    some = speaker.ask("POST", f"/indexes/{uid}/documents/fetch", {"ids": [1, 2], "fields": ["mark"]}).json()
    assert (some["results"], some["total"]) == ([{"mark": "hidden"}], 1)


def test_what_is_absent_from_settings_stays_and_null_resets(speaker: Speaker) -> None:
    uid = speaker.make()
    path = f"/indexes/{uid}/settings"
    before = speaker.ask("GET", path).json()
    speaker.do("PATCH", path, {"sortableAttributes": ["day"], "pagination": {"maxTotalHits": 7}})
    speaker.do("PATCH", path, {"faceting": {"maxValuesPerFacet": 9}})
    now = speaker.ask("GET", path).json()
    assert (now["sortableAttributes"], now["pagination"], now["faceting"]) == (
        ["day"],
        {"maxTotalHits": 7},
        {**before["faceting"], "maxValuesPerFacet": 9},
    )
    speaker.do("PATCH", path, dict.fromkeys(("sortableAttributes", "pagination", "faceting")))
    assert speaker.ask("GET", path).json() == before


def test_a_setting_that_is_unknown_is_refused_at_once(speaker: Speaker) -> None:
    answer = speaker.ask("PATCH", f"/indexes/{speaker.name()}/settings", {"nonsense": True})
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


def test_facets_are_counted_over_everything_and_hits_end_where_they_have_to(speaker: Speaker) -> None:
    uid = speaker.make(filterableAttributes=["kind"], pagination={"maxTotalHits": 2})
    speaker.put(uid, *({"id": number, "kind": "ab"[number % 2]} for number in range(5)))
    said = speaker.ask("POST", f"/indexes/{uid}/search", {"q": "", "page": 1, "hitsPerPage": 10, "facets": ["kind"]}).json()
    assert said["facetDistribution"] == {"kind": {"a": 3, "b": 2}}
    assert len(said["hits"]) == 2


@pytest.mark.parametrize(
    "asked",
    [{"showRankingScore": True}, {"attributesToHighlight": ["*"]}, {"rankingScoreThreshold": 0.5}, {"locales": ["kor"]}],
    ids=lambda asked: next(iter(asked)),
)
def test_what_only_a_real_engine_may_answer_the_double_does_not(on_double: Speaker, asked: dict[str, object]) -> None:
    """501 is no answer of Meilisearch's, so that no test can take it for one."""
    answer = on_double.ask("POST", f"/indexes/{on_double.make()}/search", {"q": "x", **asked})
    assert (answer.status_code, next(iter(asked)) in answer.text) == (501, True)
