"""The road of the official client to the server: one pool of connections, fit for threads, and errors that say what happened.

The client's own transport opens a connection for every call, keeps the headers of all threads in one dictionary and
loses what a failed request may have done. This one takes its place. It rests on two private things of
`meilisearch` 0.43, the class and its `send_request`, which is why that version is pinned and why the tests compare the two.

It never sends anything twice: what may be repeated is known to the sender, not to the road.
"""

import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any, cast

import requests
from meilisearch import Client
from meilisearch._httprequests import HttpRequests
from meilisearch.config import Config
from meilisearch.index import Index
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, MaxRetryError

from service.search.engine import EngineDown, EngineRefused
from service.search.meilisearch.address import Address
from service.search.meilisearch.answers import doubtful, meaning

MAX_REQUEST_BYTES = 50_000_000
"""Half of what a server takes by default; past its limit it hangs up while we still send, and the reason is lost."""

MAX_ANSWER_BYTES = 100_000_000

_QUESTIONS = ("/search", "/fetch")
"""Routes that are asked with POST and change nothing."""

_NEVER_SPOKE = frozenset({"CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "TLSV1_ALERT_PROTOCOL_VERSION"})
"""OpenSSL's reasons for a handshake that failed before any request could be sent."""


class PooledClient(Client):
    """The official client on our road, and every index that it hands out as well.

    `timeouts` are for connecting, for the head of an answer and each read of its body, and for an answer as a whole.
    """

    def __init__(self, address: Address, key: str | None, *, timeouts: tuple[float, float, float], connections: int = 8) -> None:
        super().__init__(address.url, key)
        self._road = PooledRequests(self.config, timeouts=timeouts, connections=connections)
        self.http = self.task_handler.http = self._road

    def index(self, uid: str) -> Index:
        index = super().index(uid)
        index.http = index.task_handler.http = self._road
        return index

    def close(self) -> None:
        self._road.close()


class PooledRequests(HttpRequests):
    """The client's transport with its signature and our manners; one object serves any number of threads."""

    def __init__(self, config: Config, *, timeouts: tuple[float, float, float], connections: int) -> None:
        super().__init__(config)
        if config.api_key is None:
            self.headers.pop("Authorization")
        self._timeouts = timeouts[:2]
        self._total = timeouts[2]
        self._session = _session(connections)

    def send_request(
        self,
        http_method: Callable[..., Any],
        path: str,
        body: Mapping[str, Any] | Sequence[Mapping[str, Any]] | list[str] | bool | bytes | str | int | None = None,
        content_type: str | None = None,
        *,
        serializer: type[json.JSONEncoder] | None = None,
    ) -> Any:
        verb = http_method.__name__.upper()
        changes = verb != "GET" and not path.partition("?")[0].endswith(_QUESTIONS)
        headers = {**self.headers, **({"Content-Type": content_type} if content_type else {})}
        content = _encoded(body, serializer) if content_type else None
        return self._exchange(verb, f"{self.config.url}/{path}", headers, content, changes=changes)

    def close(self) -> None:
        self._session.close()

    def _exchange(self, verb: str, url: str, headers: dict[str, str], content: bytes | None, *, changes: bool) -> dict[str, Any]:
        deadline = time.monotonic() + self._total
        try:
            with self._session.request(
                verb, url, headers=headers, data=content, timeout=self._timeouts, stream=True, allow_redirects=False
            ) as response:
                received = b"".join(_read(response, deadline))
        except (requests.RequestException, HTTPError) as error:
            raise _lost(error, len(content or b""), changes=changes) from error
        return meaning(response.status_code, received, response.headers.get("Retry-After"), changes=changes)


class _Connection(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        with _heard_within(self):
            return super().getresponse()


class _SecureConnection(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]
        with _heard_within(self):
            return super().getresponse()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


@contextmanager
def _heard_within(connection: HTTPConnection) -> Iterator[None]:
    """End the connection when the head of an answer is not there in time.

    A timeout of the socket begins anew with every byte, so a head that drips would keep whoever asked for hours.
    """
    taken = connection.sock

    def end() -> None:
        with suppress(OSError):  # It has ended already.
            taken.shutdown(socket.SHUT_RDWR)

    watch = Timer(cast(float, connection.timeout), end)
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _session(connections: int) -> requests.Session:
    session = requests.Session()
    # The environment's proxies and .netrc would send our requests, or somebody else's password, elsewhere.
    session.trust_env = False
    system = ssl.get_default_verify_paths()
    session.verify = system.cafile or system.capath or True
    adapter = HTTPAdapter(pool_connections=1, pool_maxsize=connections, max_retries=0)
    adapter.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _encoded(body: Any, serializer: type[json.JSONEncoder] | None) -> bytes:
    """The body in UTF-8 as it is; what JSON cannot say is refused here, because the server would refuse all of it."""
    if isinstance(body, bytes):
        return body
    try:
        text = json.dumps(body, cls=serializer, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        content = text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise EngineRefused("malformed_payload", f"not JSON: {error}") from error
    if len(content) > MAX_REQUEST_BYTES:
        message = f"{len(content):,} bytes in one request; the most is {MAX_REQUEST_BYTES:,}"
        raise EngineRefused("payload_too_large", message, status=413)
    return content


def _read(response: requests.Response, deadline: float) -> Iterator[bytes]:
    """The body by pieces, within a time and a size: a server that drips is as good as one that is silent."""
    size = 0
    # `read1` gives what there is; `iter_content` would wait for a whole piece however slowly it comes.
    while piece := response.raw.read1(65536, decode_content=True):
        size += len(piece)
        if size > MAX_ANSWER_BYTES:
            raise requests.exceptions.ContentDecodingError("the answer is too long")
        if time.monotonic() > deadline:
            raise requests.exceptions.ReadTimeout("the answer took too long")
        yield piece


def _lost(error: Exception, sent: int, *, changes: bool) -> Exception:
    if _nothing_was_sent(error):
        return EngineDown(f"Meilisearch cannot be reached: {_root(error)}")
    return doubtful(f"no proper answer to a request of {sent:,} bytes ({type(error).__name__}): {_root(error)}", changes=changes)


def _nothing_was_sent(error: Exception) -> bool:
    if isinstance(error, (requests.ConnectTimeout, requests.exceptions.InvalidURL)):
        return True
    retries = error.args[0] if error.args else None
    reason = retries.reason if isinstance(retries, MaxRetryError) else None
    if isinstance(reason, ConnectTimeoutError):
        return True
    root = _root(error)
    return isinstance(root, ssl.SSLError) and root.reason in _NEVER_SPOKE


def _root(error: BaseException) -> BaseException:
    """The first of the errors that led to this one: the operating system's words, without addresses and object names."""
    while (earlier := error.__cause__ or error.__context__) is not None:
        error = earlier
    return error
