"""One server, as the engines of all its indexes share it: the client with its pool of connections, and waiting for a task.

The client is loaded when it is first needed, because it and what it needs cost half a second and 20 MB, and a process that
only searches never writes.
"""

import time
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from service.search.engine import EngineDown, EngineRefused
from service.search.meilisearch import tasks
from service.search.meilisearch.address import Address
from service.search.meilisearch.answers import SICK, KeyRefused, member

if TYPE_CHECKING:
    from meilisearch._httprequests import HttpRequests

    from service.search.meilisearch.transport import PooledClient


class Server:
    """Who makes one is its first user; the connections are kept until the last user has left.

    `timeouts` are those of `PooledClient`; `patience` is how many seconds a task of administration may take.
    """

    def __init__(self, address: Address, key: str | None, *, timeouts: tuple[float, float, float], patience: float) -> None:
        self.address = address
        self._key = key
        self._timeouts = timeouts
        self._patience = patience
        self._users = 1

    @cached_property
    def client(self) -> "PooledClient":
        from service.search.meilisearch.transport import PooledClient

        return PooledClient(self.address, self._key, timeouts=self._timeouts)

    @property
    def http(self) -> "HttpRequests":
        return self.client.http

    def joined(self) -> Self:
        self._users += 1
        return self

    def leave(self) -> None:
        self._users -= 1
        if self._users == 0 and "client" in self.__dict__:
            self.client.close()

    def version(self) -> str:
        """The server's version, or `unknown` to a key that may not ask."""
        try:
            return str(self.http.get("version").get("pkgVersion", "unknown"))
        except KeyRefused:
            return "unknown"

    def wait(self, summary: Mapping[str, Any], *, harmless: str | None = None) -> None:
        """Wait until a task of administration has ended well; `harmless` is the code of a failure that is none to us."""
        uid, deadline, pause = member(summary, "taskUid"), time.monotonic() + self._patience, 0.01
        while (verdict := tasks.verdict(self.http.get(f"tasks/{uid}"))) is None:
            if time.monotonic() > deadline:
                raise EngineDown(f"Meilisearch is still busy with task {uid} after {self._patience:g} s")
            time.sleep(pause)
            pause = min(pause * 1.5, 1.0)
        if verdict.code in SICK:
            raise EngineDown(f"Meilisearch could not do task {uid} ({verdict.code}): {verdict.message}", retry_after=30)
        if not verdict.succeeded and verdict.code != harmless:
            raise EngineRefused(verdict.code, verdict.message)
