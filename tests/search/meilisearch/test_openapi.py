"""What we send, and what the double answers, is what Meilisearch's own OpenAPI document says.

The document is an asset of the server's releases, `meilisearch-openapi.json`; `MEILISEARCH_OPENAPI` names a copy of it.
Where document and server are known to differ the place is listed with the reason, and a difference that is not seen any
more has to leave the list.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.search.meilisearch import MeilisearchEngine
from tests.meilisearch_double import MeilisearchDouble, routes
from tests.meilisearch_double.wire import Reply, Request
from tests.search.meilisearch.everything import everything
from tests.search.meilisearch.openapi import ANSWERS_DIFFER, Document
from tests.search.meilisearch.test_transcripts import replay

if not os.environ.get("MEILISEARCH_OPENAPI"):
    pytest.skip("no MEILISEARCH_OPENAPI, which names Meilisearch's own OpenAPI document", allow_module_level=True)

REQUESTS_DIFFER = {
    "POST /indexes/{index_uid}/search asks .facets: oneOf": "described as an object; the server takes a list, and only it",
}


@pytest.fixture(scope="module")
def document() -> Document:
    return Document(json.loads(Path(os.environ["MEILISEARCH_OPENAPI"]).read_text()))


@pytest.fixture(scope="module")
def said() -> list[tuple[Request, Reply]]:
    """All that is said while the adapter goes once through everything."""
    with _listening() as heard, MeilisearchDouble() as double:
        engine = MeilisearchEngine(double.url, double.master_key, "engagements")
        everything(engine)
        engine.close()
        assert [request for request, _ in heard] == double.requests
    return heard


@pytest.fixture(scope="module")
def answered() -> list[tuple[Request, Reply]]:
    """All that the double says while the recorded exchanges are replayed, and then of a task that waits and of all indexes."""
    with _listening() as heard, MeilisearchDouble(auto=False) as double:
        replay(double)
        with httpx.Client(base_url=double.url, headers={"Authorization": f"Bearer {double.master_key}"}, trust_env=False) as http:
            waiting = http.post("/indexes", json={"uid": "waiting"}).json()["taskUid"]
            http.get(f"/tasks/{waiting}")
            http.get("/tasks?limit=1")
            http.get("/stats")
    return heard


@contextmanager
def _listening() -> Iterator[list[tuple[Request, Reply]]]:
    heard: list[tuple[Request, Reply]] = []
    answer = routes.answer

    def listening(world: Any, request: Request, *further: Any) -> Reply:
        heard.append((request, answer(world, request, *further)))
        return heard[-1][1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routes, "answer", listening)
        yield heard


def test_every_request_is_one_that_the_document_describes(document: Document, said: list[tuple[Request, Reply]]) -> None:
    assert {fault for request, _ in said for fault in document.faults_of_request(request)} - REQUESTS_DIFFER.keys() == set()


def test_every_answer_of_the_double_is_one_that_the_document_describes(
    document: Document, said: list[tuple[Request, Reply]], answered: list[tuple[Request, Reply]]
) -> None:
    faults = {fault for request, reply in said + answered for fault in document.faults_of_answer(request, reply)}
    assert faults - ANSWERS_DIFFER.keys() == set()


def test_the_differences_that_are_listed_are_there(
    document: Document, said: list[tuple[Request, Reply]], answered: list[tuple[Request, Reply]]
) -> None:
    assert {fault for request, _ in said for fault in document.faults_of_request(request)} >= REQUESTS_DIFFER.keys()
    assert {
        fault for request, reply in said + answered for fault in document.faults_of_answer(request, reply)
    } >= ANSWERS_DIFFER.keys()


def test_every_route_of_the_adapter_is_among_what_was_said(said: list[tuple[Request, Reply]]) -> None:
    routes_used = {(request.method, request.path.replace("engagements", "…", 1).partition("__2")[0]) for request, _ in said}
    assert routes_used >= {
        ("GET", "/indexes"),
        ("POST", "/indexes"),
        ("GET", "/indexes/…"),
        ("DELETE", "/indexes/…"),
        ("GET", "/indexes/…/stats"),
        ("GET", "/indexes/…/settings"),
        ("PATCH", "/indexes/…/settings"),
        ("POST", "/indexes/…/documents"),
        ("POST", "/indexes/…/documents/delete-batch"),
        ("POST", "/indexes/…/documents/fetch"),
        ("POST", "/indexes/…/search"),
        ("POST", "/indexes/…__marker/documents"),
        ("GET", "/indexes/…__marker/documents/marker"),
        ("POST", "/swap-indexes"),
        ("GET", "/tasks"),
        ("GET", "/version"),
    }


JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("request_", "fault"),
    [
        (Request("POST", "/indexes/a/enrich", {}, JSON, b"{}", 1), "POST /indexes/a/enrich: no such operation"),
        (Request("PUT", "/swap-indexes", {}, JSON, b"[]", 1), "PUT /swap-indexes: no such operation"),
        (Request("GET", "/tasks", {"customMetadata": "b"}, {}, b"", 1), "GET /tasks asks ?customMetadata: unknown"),
        (Request("POST", "/swap-indexes", {}, JSON, b"", 1), "POST /swap-indexes asks without its body"),
        (Request("POST", "/swap-indexes", {}, {}, b"[]", 1), "POST /swap-indexes asks with a body of type None"),
        (Request("POST", "/swap-indexes", {}, JSON, b'[{"indexes":"a"}]', 1), "POST /swap-indexes asks [0].indexes: type"),
        (Request("POST", "/swap-indexes", {}, JSON, b"[{}]", 1), "POST /swap-indexes asks [0].indexes: required"),
        (
            Request("POST", "/swap-indexes", {}, JSON, b'[{"indexes":["a","b"],"force":true}]', 1),
            "POST /swap-indexes asks [0].force: unknown",
        ),
        (
            Request("PATCH", "/indexes/a/settings", {}, JSON, b'{"faceting":{"most":1}}', 1),
            "PATCH /indexes/{index_uid}/settings asks .faceting.most: unknown",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_the_document_does_not_describe_is_noticed(document: Document, request_: Request, fault: str) -> None:
    assert fault in list(document.faults_of_request(request_))
