"""Plain HTTP with a server, the double or a real one, for tests that say what holds on both."""

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.meilisearch_double import MeilisearchDouble

Json = Any
Heard = Callable[[httpx.Response], None]


@dataclass(frozen=True)
class Asked:
    """A request that waits to be sent; `key` is for one who is not the master."""

    method: str
    path: str
    body: Json = None
    key: str | None = None


class Speaker:
    """Speaks with one server. `double` is None where it is a real one, which others use too: names are this test's own."""

    def __init__(self, http: httpx.Client, double: MeilisearchDouble | None, heard: Heard) -> None:
        self.double = double
        self.prefix = f"test-{uuid.uuid4().hex[:12]}"
        self._http = http
        self._heard = heard

    def name(self, name: str = "main") -> str:
        """The name of an index that nobody else has."""
        return f"{self.prefix}-{name}"

    def ask(self, method: str, path: str, body: Json = None, *, key: str | None = None, **further: Any) -> httpx.Response:
        """One request; a body goes as JSON, and `further` is handed on to the client."""
        headers = {**further.pop("headers", {}), **({"Authorization": f"Bearer {key}"} if key is not None else {})}
        content = {"json": body} if body is not None else {}
        answer = self._http.request(method, path, headers=headers, **content, **further)
        self._heard(answer)
        return answer

    def send(self, asked: Asked) -> httpx.Response:
        return self.ask(asked.method, asked.path, asked.body, key=asked.key)

    def task(self, uid: int) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", f"/tasks/{uid}").json()
        return found

    def ended(self, answer: httpx.Response) -> dict[str, Any]:
        """The task that an answer promises, when it has ended."""
        assert answer.is_success, answer.text
        uid, deadline = answer.json()["taskUid"], time.monotonic() + 60
        if self.double is not None:
            self.double.run()
        while (task := self.task(uid))["finishedAt"] is None:
            assert time.monotonic() < deadline, task
            time.sleep(0.01)
        return task

    def do(self, method: str, path: str, body: Json = None, *, key: str | None = None) -> dict[str, Any]:
        """Ask, and wait for the task."""
        return self.ended(self.ask(method, path, body, key=key))

    def together(self, requests: Sequence[Asked]) -> list[dict[str, Any]]:
        """Ask for all while nothing is done, and then wait for all: what can be done together is."""
        if self.double is not None:
            self.double.auto = False
        else:
            words = [{"id": number, "text": f"word{number} and{number * 7} again{number * 13}"} for number in range(8000)]
            self.ask("POST", f"/indexes/{self.name('slow')}/documents?primaryKey=id", words)
        answers = [self.send(each) for each in requests]
        return [self.ended(each) for each in answers]

    def make(self, name: str = "main", **settings: Any) -> str:
        """An index known by `id`, with these settings."""
        uid = self.name(name)
        assert self.do("POST", "/indexes", {"uid": uid, "primaryKey": "id"})["status"] == "succeeded"
        if settings:
            assert self.do("PATCH", f"/indexes/{uid}/settings", settings)["status"] == "succeeded"
        return uid

    def put(self, uid: str, *documents: Json) -> dict[str, Any]:
        return self.do("POST", f"/indexes/{uid}/documents", list(documents))

    def held(self, uid: str) -> dict[Any, Json]:
        """The documents of an index by id."""
        found = self.ask("POST", f"/indexes/{uid}/documents/fetch", {"limit": 1000}).json()["results"]
        return {each["id"]: each for each in found}

    def key(self, actions: list[str], indexes: list[str]) -> str:
        value: str = self.ask("POST", "/keys", {"actions": actions, "indexes": indexes, "expiresAt": None}).json()["key"]
        return value

    def ask_as_nobody(self, path: str) -> httpx.Response:
        """Look, without saying who is looking."""
        return httpx.get(self._http.base_url.join(path), trust_env=False)

    def clean_up(self) -> None:
        """Remove what was made on a server that stays."""
        if self.double is not None:
            return
        offset = 0
        names = []
        while found := self._http.get(f"/indexes?limit=500&offset={offset}").json()["results"]:
            names += [each["uid"] for each in found if each["uid"].startswith(self.prefix)]
            offset += len(found)
        for each in names:
            self._http.delete(f"/indexes/{each}")
        for key in self._http.get("/keys?limit=500").json()["results"]:
            if any(each.startswith(self.prefix) for each in key["indexes"]):
                self._http.delete(f"/keys/{key['uid']}")
