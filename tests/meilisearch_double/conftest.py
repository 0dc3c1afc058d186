"""The double, and the double beside a real server where the environment names a disposable one."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.meilisearch_double import MeilisearchDouble
from tests.meilisearch_double.speaking import Speaker
from tests.meilisearch_double.wire import Reply, Request
from tests.search.meilisearch.openapi import ANSWERS_DIFFER, Document


@pytest.fixture(scope="session")
def openapi() -> Document | None:
    """Meilisearch's own OpenAPI document, where `MEILISEARCH_OPENAPI` names it."""
    path = os.environ.get("MEILISEARCH_OPENAPI")
    return Document(json.loads(Path(path).read_text())) if path else None


@pytest.fixture
def double() -> Iterator[MeilisearchDouble]:
    with MeilisearchDouble() as double:
        yield double


@pytest.fixture
def on_double(double: MeilisearchDouble, openapi: Document | None) -> Iterator[Speaker]:
    """Speaks with the double of the same test; every answer that it gives is held to the document."""
    with client(double.url, double.master_key) as http:
        yield Speaker(http, double, lambda answer: _hold(openapi, answer))


@pytest.fixture(params=["double", "real"])
def speaker(request: pytest.FixtureRequest) -> Iterator[Speaker]:
    """What is said of the double's behaviour is said of a real server's too."""
    if request.param == "double":
        yield request.getfixturevalue("on_double")
        return
    url = os.environ.get("MEILISEARCH_URL")
    if not url or not os.environ.get("MEILISEARCH_DISPOSABLE"):
        pytest.skip("no MEILISEARCH_URL of a real server with MEILISEARCH_DISPOSABLE=1")
    with client(url, os.environ.get("MEILISEARCH_KEY")) as http:
        speaker = Speaker(http, None, lambda answer: None)
        yield speaker
        speaker.clean_up()


def client(url: str, key: str | None) -> httpx.Client:
    """A client of its own for each server; the environment's proxies are none of its business."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)


def _hold(openapi: Document | None, answer: httpx.Response) -> None:
    if openapi is None or not answer.headers["content-type"].startswith("application/json"):
        return
    asked = Request(answer.request.method, answer.url.path, dict(answer.url.params), {}, b"", 1)
    said = Reply(answer.status_code, answer.content)
    assert set(openapi.faults_of_answer(asked, said)) - ANSWERS_DIFFER.keys() == set()
