"""The writing half on a Meilisearch server, for the one sender that holds the mirror's lease.

Every change carries the batch's id as `customMetadata`, and only a task that shows it again is believed to be ours.
Rights that the key needs, on the index: documents.add, documents.delete, documents.get, indexes.get, indexes.create,
indexes.delete, settings.get, settings.update, stats.get, tasks.get; for searching: search. `version` is a right of the
whole server that such a key cannot have, so the version may remain unknown.
"""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlencode

from service.search import schema
from service.search.engine import EngineDown, EngineRefused, IndexState, OutcomeUnknown, SearchDocument, Searcher, Ticket, Verdict
from service.search.meilisearch import index_settings, tasks
from service.search.meilisearch.address import Address
from service.search.meilisearch.answers import KeyRefused, member

if TYPE_CHECKING:
    from service.search.meilisearch.transport import PooledClient

KEY_FIELD: Final = "id"
FETCHED_AT_ONCE: Final = 1_000
CLOCKS_APART: Final = timedelta(minutes=5)
"""How far the server's clock may differ from the one that a batch was noted by."""


class MeilisearchEngine:
    """One index on one server."""

    kind: Literal["embedded", "meilisearch"] = "meilisearch"
    lingers = True

    def __init__(
        self,
        url: str,
        key: str | None,
        index: str,
        *,
        connect_seconds: float = 2.0,
        read_seconds: float = 15.0,
        total_seconds: float = 20.0,
        settings_seconds: float = 600.0,
        search_connect_seconds: float = 0.5,
        search_seconds: float = 2.0,
        search_connections: int = 32,
    ) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,400}", index):
            raise ValueError(f"an index is named with ASCII letters, digits, - and _, not {index!r}")
        if search_seconds * 1000 >= index_settings.CUTOFF_MS:
            raise ValueError(f"a search is given up in less than {index_settings.CUTOFF_MS} ms, or its counts may be partial")
        self._address = Address.parse(url)
        self._key = key
        self._index = index
        self._timeouts = (connect_seconds, read_seconds, total_seconds)
        self._settings_seconds = settings_seconds
        self._search = (search_connect_seconds, search_seconds, search_connections)

    @cached_property
    def _client(self) -> "PooledClient":
        # Loaded here because the client and what it needs cost half a second and 20 MB, and a process that only
        # searches never writes.
        from service.search.meilisearch.transport import PooledClient

        return PooledClient(self._address, self._key, timeouts=self._timeouts)

    @property
    def _route(self) -> str:
        return f"indexes/{self._index}"

    def prepare(self) -> IndexState:
        """As the protocol says. An answer that was lost is `EngineDown` here: preparing may be repeated at will."""
        try:
            created = self._create_if_missing()
            if changed := index_settings.differences(self._client.index(self._index).get_settings()):
                self._wait(self._client.http.patch(f"{self._route}/settings", changed))
            return IndexState(created, self.count(), self._version())
        except OutcomeUnknown as lost:
            raise EngineDown(f"the index may be half prepared: {lost}") from lost

    def put(self, batch: str, documents: Sequence[SearchDocument]) -> Ticket:
        # A server would make a lost index anew, with settings of its own, for any key that may create one.
        self._client.get_raw_index(self._index)
        about = urlencode({"primaryKey": KEY_FIELD, "customMetadata": batch})
        return _accepted(self._client.http.post(f"{self._route}/documents?{about}", list(documents)), batch)

    def drop(self, batch: str, ids: Sequence[str]) -> Ticket:
        about = urlencode({"customMetadata": batch})
        return _accepted(self._client.http.post(f"{self._route}/documents/delete-batch?{about}", list(ids)), batch)

    def settle(self, ticket: Ticket) -> Verdict | None:
        try:
            task = self._client.http.get(f"tasks/{ticket.uid}")
        except EngineRefused as no:
            raise OutcomeUnknown(f"Meilisearch does not know task {ticket.uid} ({no})") from no
        if not tasks.is_ours(task, self._index, ticket.batch):
            raise OutcomeUnknown(f"task {ticket.uid} is not batch {ticket.batch}: its number was used again")
        return tasks.verdict(task)

    def trace(self, batch: str, since: datetime) -> Ticket | None:
        for task in tasks.newest_first(self._client.http, self._index, since - CLOCKS_APART):
            if tasks.is_ours(task, self._index, batch):
                return tasks.found(task, batch)
        return None

    def count(self) -> int:
        return int(member(self._client.http.get(f"{self._route}/stats"), "numberOfDocuments"))

    def fetch(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        return dict(self._fetched(list(ids)))

    def clear(self) -> None:
        """As the protocol says; an answer that was lost is `OutcomeUnknown`, for a late clearing would undo a new index."""
        self._wait(self._client.http.delete(self._route), harmless="index_not_found")

    def searcher(self) -> Searcher:
        from service.search.meilisearch.hop import Hop
        from service.search.meilisearch.searcher import MeilisearchSearcher

        connecting, total, connections = self._search
        hop = Hop(self._address, self._key, connect_seconds=connecting, total_seconds=total, connections=connections)
        return MeilisearchSearcher(hop, self._index)

    def close(self) -> None:
        if "_client" in self.__dict__:
            self._client.close()

    def _create_if_missing(self) -> bool:
        try:
            index = self._client.get_raw_index(self._index)
        except EngineRefused as no:
            if no.code != "index_not_found":
                raise
            made = self._client.http.post("indexes", {"uid": self._index, "primaryKey": KEY_FIELD})
            self._wait(made, harmless="index_already_exists")
            return True
        # An index without a key of its own is empty, and takes the one that comes with the first documents.
        if (found := member(index, "primaryKey")) not in (None, KEY_FIELD):
            message = f"index {self._index} is somebody else's: its documents are known by {found!r}"
            raise EngineRefused("index_primary_key_already_exists", message)
        return False

    def _version(self) -> str:
        try:
            return str(self._client.get_version().get("pkgVersion", "unknown"))
        except KeyRefused:
            return "unknown"

    def _fetched(self, ids: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        for start in range(0, len(ids), FETCHED_AT_ONCE):
            some = ids[start : start + FETCHED_AT_ONCE]
            asked = {"ids": some, "fields": [KEY_FIELD, *schema.SYNC_FIELDS], "limit": len(some)}
            for document in member(self._client.http.post(f"{self._route}/documents/fetch", asked), "results"):
                yield str(document[KEY_FIELD]), {name: document[name] for name in schema.SYNC_FIELDS if name in document}

    def _wait(self, summary: Mapping[str, Any], *, harmless: str | None = None) -> None:
        """Wait until a task of administration has ended well; `harmless` is the code of a failure that is none to us."""
        uid, deadline, pause = member(summary, "taskUid"), time.monotonic() + self._settings_seconds, 0.01
        while (verdict := tasks.verdict(self._client.http.get(f"tasks/{uid}"))) is None:
            if time.monotonic() > deadline:
                raise EngineDown(f"Meilisearch is still busy with task {uid} after {self._settings_seconds:g} s")
            time.sleep(pause)
            pause = min(pause * 1.5, 1.0)
        if not verdict.succeeded and verdict.code != harmless:
            raise EngineRefused(verdict.code, verdict.message)


def _accepted(summary: Mapping[str, Any], batch: str) -> Ticket:
    try:
        return tasks.ticket(dict(summary), batch)
    except (KeyError, TypeError, ValueError) as error:
        raise OutcomeUnknown(f"the write was answered, but not with a task: {error!r}") from error
