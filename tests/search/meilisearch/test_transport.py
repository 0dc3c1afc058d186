"""The official client on our road: fit for threads, few connections, plain bodies, errors that know what may have happened."""

import gzip
import json
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from meilisearch import Client

from service.search.engine import EngineDown, EngineRefused, OutcomeUnknown
from service.search.meilisearch import transport
from service.search.meilisearch.address import Address
from service.search.meilisearch.answers import KeyRefused
from service.search.meilisearch.transport import PooledClient
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
    MeilisearchDouble,
)

READ_SECONDS = 0.3


@pytest.fixture
def client(double: MeilisearchDouble) -> Iterator[PooledClient]:
    client = client_of(double.url, double.master_key)
    yield client
    client.close()


def client_of(url: str, key: str | None, total: float = 2.0) -> PooledClient:
    return PooledClient(Address.parse(url), key, timeouts=(0.5, READ_SECONDS, total))


def read(client: PooledClient) -> Any:
    return client.http.get("tasks")


def write(client: PooledClient) -> Any:
    return client.http.post("indexes/engagements/documents?primaryKey=id", [{"id": "a"}])


def test_five_threads_share_one_client_and_nothing_is_mislabelled(double: MeilisearchDouble, client: PooledClient) -> None:
    index = client.index("engagements")
    kinds: list[Callable[[], Any]] = [
        lambda: client.http.get("tasks?limit=1"),
        lambda: index.search("Newsom"),
        lambda: index.get_settings(),
        lambda: client.http.post("indexes/engagements/documents", b'{"id":1}\n', content_type="application/x-ndjson"),
        lambda: client.http.post("indexes/engagements/documents", [{"id": 1}]),
    ]

    def repeat(send: Callable[[], Any]) -> None:
        for _ in range(100):
            with suppress(EngineRefused):  # The double takes no NDJSON; what counts here is how it was labelled.
                send()

    with ThreadPoolExecutor(len(kinds)) as threads:
        list(threads.map(repeat, kinds))
    expected = {b"": None, b"\n": "application/x-ndjson", b"}": "application/json", b"]": "application/json"}
    mislabelled = [r for r in double.requests if r.headers.get("content-type") != expected[r.body[-1:]]]
    assert (len(double.requests), len(mislabelled)) == (500, 0)
    assert double.connections <= len(kinds)


@pytest.mark.parametrize(
    ("fault", "asked", "changed"),
    [
        (CutBefore(), EngineDown, OutcomeUnknown),
        (CutAfter(), EngineDown, OutcomeUnknown),
        (CutMidway(), EngineDown, OutcomeUnknown),
        (Delay(2 * READ_SECONDS), EngineDown, OutcomeUnknown),
        (BAD_GATEWAY_PAGE, EngineDown, OutcomeUnknown),
        (CAPTIVE_PAGE, EngineDown, OutcomeUnknown),
        (Canned(301, b"", headers={"Location": "/tasks"}), EngineDown, OutcomeUnknown),
        (OVERLOADED, EngineDown, EngineDown),
        (FORBIDDEN, KeyRefused, KeyRefused),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, type) else value.__name__,
)
def test_a_failed_request_says_whether_it_may_have_happened(
    double: MeilisearchDouble, client: PooledClient, fault: Fault, asked: type[Exception], changed: type[Exception]
) -> None:
    for send, expected in ((read, asked), (write, changed)):
        double.requests.clear()
        double.fail_next("*", fault)
        with pytest.raises(expected) as raised:
            send(client)
        assert type(raised.value) is expected
        assert len(double.requests) == 1, "nothing may be sent twice"


@pytest.mark.parametrize("send", [read, write])
def test_what_could_not_be_sent_was_not_sent(double: MeilisearchDouble, client: PooledClient, send: Callable[..., Any]) -> None:
    send(client)
    with double.down(), pytest.raises(EngineDown, match="cannot be reached"):
        send(client)
    send(client)


def test_a_name_that_is_not_known_is_a_server_that_is_down() -> None:
    with pytest.raises(EngineDown, match="cannot be reached"):
        write(client_of("http://meilisearch.invalid:7700", None))


def test_an_https_address_of_a_server_without_tls_is_sent_nothing() -> None:
    with answering(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url, pytest.raises(EngineDown, match="cannot be reached"):
        write(client_of(url.replace("http:", "https:"), None))


def test_an_overloaded_server_says_when_to_come_again(double: MeilisearchDouble, client: PooledClient) -> None:
    double.fail_next("*", OVERLOADED)
    with pytest.raises(EngineDown) as down:
        write(client)
    assert down.value.retry_after == 10


def test_bodies_are_plain_utf8_without_escapes(double: MeilisearchDouble, client: PooledClient) -> None:
    client.http.post("indexes/engagements/documents", [{"id": "a", "titles": ["김동연 경기도지사"]}])
    assert double.requests[-1].body == '[{"id":"a","titles":["김동연 경기도지사"]}]'.encode()


@pytest.mark.parametrize("value", [math.nan, math.inf, "lone \ud800 surrogate", object()])
def test_what_json_cannot_say_is_refused_and_not_sent(double: MeilisearchDouble, client: PooledClient, value: Any) -> None:
    with pytest.raises(EngineRefused, match="malformed_payload"):
        client.http.post("indexes/engagements/documents", [{"id": "a", "value": value}])
    assert double.requests == []


def test_a_body_that_is_too_large_is_refused_and_not_sent(
    double: MeilisearchDouble, client: PooledClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "MAX_REQUEST_BYTES", 1000)
    with pytest.raises(EngineRefused, match="payload_too_large") as refused:
        client.http.post("indexes/engagements/documents", [{"id": "a", "note": "x" * 1000}])
    assert refused.value.status == 413
    assert double.requests == []


def test_without_a_key_no_key_is_sent() -> None:
    with MeilisearchDouble(master_key=None) as double:
        client = client_of(double.url, None)
        client.get_version()
        client.close()
        assert "authorization" not in double.requests[-1].headers


def test_the_environments_proxies_are_not_used(client: PooledClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "")
    assert client.get_version()["pkgVersion"] == "1.50.0"


def test_a_server_that_drips_is_given_up() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", drips=True) as url:
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="took too long"):
            write(client_of(url, None, total=0.5))
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nServer: "], ids=["status", "headers"])
def test_a_server_that_drips_its_headers_is_given_up(begun: bytes) -> None:
    with answering(begun, drips=True) as url:
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            write(client_of(url, None))
        assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("coded", "coding"),
    [(b'{"a":1}', "identity"), (gzip.compress(b'{"a":1}'), "gzip")],
    ids=["identity", "gzip"],
)
def test_an_answer_in_pieces_is_put_together_and_one_without_its_end_is_none(coded: bytes, coding: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Encoding: {coding}\r\n\r\n".encode()
    pieces = head + b"3\r\n%b\r\n%x\r\n%b\r\n" % (coded[:3], len(coded) - 3, coded[3:])
    with answering(pieces + b"0\r\n\r\n") as url:
        assert write(client_of(url, None)) == {"a": 1}
    with answering(pieces) as url, pytest.raises(OutcomeUnknown):
        write(client_of(url, None))


def test_the_official_client_says_the_same_on_our_road(double: MeilisearchDouble, client: PooledClient) -> None:
    theirs = Client(double.url, double.master_key)

    def everything(on: Client) -> list[tuple[Any, ...]]:
        double.requests.clear()
        index = on.index("engagements")
        for send in (
            lambda: on.http.post("indexes", {"uid": "engagements", "primaryKey": "id"}),
            lambda: index.update_settings({"searchableAttributes": ["titles"]}),
            lambda: index.add_documents([{"id": "a", "titles": ["이비"]}], "id", metadata="batch 1/ü"),
            lambda: index.get_documents({"ids": ["a"], "fields": ["id"]}),
            lambda: index.search("이비", {"hitsPerPage": 1}),
            lambda: index.get_stats(),
            lambda: on.get_tasks({"limit": "2"}),
            lambda: on.swap_indexes([{"indexes": ["engagements", "other"]}]),
            lambda: index.delete(),
        ):
            send()
        return [
            (
                each.method,
                each.path,
                each.query,
                each.headers.get("content-type"),
                each.headers.get("authorization"),
                _json(each.body),
            )
            for each in double.requests
        ]

    assert everything(client) == everything(theirs)


def _json(body: bytes) -> Any:
    # The official client sends the word null as the body of a DELETE; ours sends none. The server reads neither.
    return json.loads(body or b"null")


@contextmanager
def answering(first: bytes, *, drips: bool = False) -> Iterator[str]:
    """A server that says the same to whoever connects, and may then go on with a byte every twentieth of a second."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, suppress(OSError):
                connection.recv(65536)
                connection.sendall(first)
                while drips and not over.wait(0.05):
                    connection.sendall(b" ")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            over.set()
            thread.join(10)
