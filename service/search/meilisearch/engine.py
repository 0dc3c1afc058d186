"""The writing half on a Meilisearch server, for the one sender that holds the mirror's lease.

Every change of documents carries the batch's id as `customMetadata`, and only a task that shows it again is believed to be
ours. Rights that the key needs, on the indexes `engagements*` (or how they are called):

    documents.add documents.delete documents.get  search  stats.get  tasks.get
    indexes.get indexes.create indexes.delete indexes.swap  settings.get settings.update

`version` is a right of the whole server that such a key cannot have, so the version may remain unknown. The task of an
exchange is not shown to such a key either; what became of it is seen from the indexes.
"""

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlencode

from service.search.beside import is_beside
from service.search.engine import (
    EngineDown,
    EngineRefused,
    IndexLost,
    IndexState,
    Marker,
    OutcomeUnknown,
    SearchDocument,
    Searcher,
    Ticket,
    Verdict,
)
from service.search.meilisearch import exchange, index_settings, looking, tasks
from service.search.meilisearch import marker as markers
from service.search.meilisearch.address import Address
from service.search.meilisearch.looking import KEY_FIELD
from service.search.meilisearch.server import Server

if TYPE_CHECKING:
    from meilisearch._httprequests import HttpRequests

CLOCKS_APART: Final = timedelta(minutes=5)
"""How far the server's clock may differ from the one that a batch was noted by."""


class MeilisearchEngine:
    """One index on one server. `search_key` is for the asking half, which needs no more than the right to search."""

    kind: Literal["embedded", "meilisearch"] = "meilisearch"
    lingers = True

    def __init__(
        self,
        url: str,
        key: str | None,
        index: str,
        *,
        search_key: str | None = None,
        connect_seconds: float = 2.0,
        read_seconds: float = 15.0,
        total_seconds: float = 20.0,
        settings_seconds: float = 600.0,
        exchange_seconds: float = 30.0,
        search_connect_seconds: float = 0.5,
        search_seconds: float = 2.0,
        search_connections: int = 32,
    ) -> None:
        if search_seconds * 1000 >= index_settings.CUTOFF_MS:
            raise ValueError(f"a search is given up in less than {index_settings.CUTOFF_MS} ms, or its counts may be partial")
        self.index = _checked(index)
        timeouts = (connect_seconds, read_seconds, total_seconds)
        self._server = Server(Address.parse(url), key, timeouts=timeouts, patience=settings_seconds)
        self._exchange_seconds = exchange_seconds
        self._search_key = key if search_key is None else search_key
        self._search = (search_connect_seconds, search_seconds, search_connections)
        self._marker_index = markers.index_name(index)
        self._expected: str | None = None
        self._closed = False

    @property
    def _http(self) -> "HttpRequests":
        return self._server.http

    @property
    def _route(self) -> str:
        return f"indexes/{self.index}"

    def prepare(self) -> IndexState:
        """As the protocol says. An answer that was lost is `EngineDown` here: preparing may be repeated at will."""
        try:
            created = self._create_if_missing()
            if changed := self._changes():
                self._server.wait(self._http.patch(f"{self._route}/settings", changed))
        except OutcomeUnknown as lost:
            raise EngineDown(f"the index may be half prepared: {lost}") from lost
        if (state := self.look()) is None:
            raise EngineDown(f"index {self.index} was removed while it was prepared")
        return replace(state, created=created)

    def look(self) -> IndexState | None:
        try:
            identity = looking.identity(looking.our_index(self._http, self.index))
            with looking.index_lost(self.index):
                documents = self.count()
        except IndexLost:
            return None
        newest = tasks.newest(self._http, self.index)
        return IndexState(False, documents, self._server.version(), identity=identity, newest=newest)

    def differences(self) -> list[str]:
        return sorted(self._changes())

    def expect(self, identity: str | None) -> None:
        self._expected = identity

    def put(self, batch: str, documents: Sequence[SearchDocument]) -> Ticket:
        about = urlencode({"primaryKey": KEY_FIELD, "customMetadata": batch})
        with self._as_expected():
            return _accepted(self._http.post(f"{self._route}/documents?{about}", list(documents)), batch)

    def drop(self, batch: str, ids: Sequence[str]) -> Ticket:
        about = urlencode({"customMetadata": batch})
        with self._as_expected():
            return _accepted(self._http.post(f"{self._route}/documents/delete-batch?{about}", list(ids)), batch)

    def settle(self, ticket: Ticket) -> Verdict | None:
        try:
            task = self._http.get(f"tasks/{ticket.uid}")
        except EngineRefused as no:
            raise OutcomeUnknown(f"Meilisearch does not know task {ticket.uid} ({no})") from no
        if not tasks.is_ours(task, self.index, ticket.batch):
            raise OutcomeUnknown(f"task {ticket.uid} is not batch {ticket.batch}: its number was used again")
        return tasks.verdict(task)

    def trace(self, batch: str, since: datetime) -> Ticket | None:
        for task in tasks.newest_first(self._http, self.index, since - CLOCKS_APART):
            if tasks.is_ours(task, self.index, batch):
                return tasks.found(task, batch)
        return None

    def count(self) -> int:
        return looking.count(self._http, self.index)

    def fetch(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        return dict(looking.marks_of(self._http, self.index, ids))

    def counts(self) -> dict[int, int]:
        return looking.counts(self._http, self.index)

    def marks(self, bucket: int) -> dict[str, dict[str, Any]]:
        return dict(looking.marks_in(self._http, self.index, bucket))

    def clear(self) -> None:
        """As the protocol says; an answer that was lost is `OutcomeUnknown`, for a late clearing would undo a new index."""
        self._server.wait(self._http.delete(self._route), harmless="index_not_found")

    def beside(self, index: str) -> "MeilisearchEngine":
        """As the protocol says; it shares the connections, and reads and writes the same marker."""
        other = copy.copy(self)
        other.index, other._expected, other._closed = _checked(index), None, False
        other._server = self._server.joined()
        return other

    def others(self) -> list[str]:
        return [name for name in looking.names(self._http) if is_beside(self.index, name)]

    def exchange(self, other: str) -> None:
        exchange.exchange(self._http, self.index, other, patience=self._exchange_seconds)

    def read_marker(self) -> Marker | None:
        return markers.read(self._server, self._marker_index)

    def write_marker(self, marker: Marker) -> None:
        markers.write(self._server, self._marker_index, marker)

    def searcher(self) -> Searcher:
        from service.search.meilisearch.hop import Hop
        from service.search.meilisearch.searcher import MeilisearchSearcher

        connecting, total, connections = self._search
        hop = Hop(
            self._server.address, self._search_key, connect_seconds=connecting, total_seconds=total, connections=connections
        )
        return MeilisearchSearcher(hop, self.index)

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._server.leave()

    def _create_if_missing(self) -> bool:
        try:
            looking.our_index(self._http, self.index)
        except IndexLost:
            made = self._http.post("indexes", {"uid": self.index, "primaryKey": KEY_FIELD})
            self._server.wait(made, harmless="index_already_exists")
            return True
        return False

    def _changes(self) -> dict[str, Any]:
        return index_settings.differences(self._http.get(f"{self._route}/settings"))

    @contextmanager
    def _as_expected(self) -> Iterator[None]:
        """For a change: raises `IndexLost` unless the index is there and has the content that is expected.

        A server would make a lost index anew, with settings of its own, for any key that may create one.
        """
        identity = looking.identity(looking.index(self._http, self.index))
        if self._expected not in (None, identity):
            raise IndexLost(f"index {self.index} was made at {identity}, and the one that was expected at {self._expected}")
        with looking.index_lost(self.index):
            yield


def _checked(index: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,400}", index):
        raise ValueError(f"an index is named with ASCII letters, digits, - and _, not {index!r}")
    return index


def _accepted(summary: Mapping[str, Any], batch: str) -> Ticket:
    try:
        return tasks.ticket(dict(summary), batch)
    except (KeyError, TypeError, ValueError) as error:
        raise OutcomeUnknown(f"the write was answered, but not with a task: {error!r}") from error
