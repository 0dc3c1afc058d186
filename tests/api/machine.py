"""A random life of the register over its API, beside a model that says what has to come of each step."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from service.access.keyring import Keyring
from service.api.bell import Bell
from service.app import create_app
from service.database import Database
from service.mirror.tokens import Tokens
from service.register.seal import seal_of
from service.settings import Settings
from tests.api.expectations import Json

MERGE = {"Content-Type": "application/merge-patch+json"}
NOUNS = {"engagement": "engagements", "person": "people"}


@dataclass
class Record:
    """What the model knows of a record: its state, its version, and what it said when it was last acknowledged."""

    noun: str
    id: str
    said: Json
    version: int = 1
    state: str = "live"
    into: str | None = None
    parts: set[str] = field(default_factory=set)

    @property
    def path(self) -> str:
        """Where it is read."""
        return f"/v1/{NOUNS[self.noun]}/{self.id}"


@dataclass
class Sent:
    """A POST with an Idempotency-Key, and its answer."""

    path: str
    body: Json
    key: str
    status: int
    content: bytes


class Machine(RuleBasedStateMachine):
    """Steps of several clients, and what has to hold after each of them."""

    new_database: Callable[[], AbstractContextManager[Database]]
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.opened = type(self).new_database()
        self.database = self.opened.__enter__()
        app = create_app(Settings(data_dir=type(self).folder, worker="outside"))
        app.state.database = self.database
        app.state.tokens = Tokens(self.database)
        url = self.database.url.render_as_string(hide_password=False)
        app.state.keyring = self.keyring = Keyring(url, on_loopback=True, open_reading=False)
        self.database.before_commit.append(app.state.tokens.note)
        app.state.bell = self.runner.run(self._bell())
        app.state.seal = seal_of(self.database)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://register.test")
        self.records: dict[str, Record] = {}
        self.sent: list[Sent] = []
        self.external: dict[str, str] = {}
        self.told: dict[str, int] = {}
        self.cursor: str | None = None
        self.rippled = False
        self.number = 0

    async def _bell(self) -> Bell:
        return Bell(self.database, 0.05)

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        """One request; nothing may ever fail on the side of the service."""
        answer: httpx.Response = self.runner.run(self.client.request(method, path, **given))
        assert answer.status_code < 500, (method, path, given, answer.text)
        return answer

    def word(self) -> str:
        """A word that was not used before, so that a revision changes something."""
        self.number += 1
        return f"word {self.number}"

    def chosen(self, data: some.DataObject, noun: str | None = None, state: str | None = None) -> Record | None:
        """One of the records of this kind, if there is one."""
        found = [each for each in self.records.values() if noun in (None, each.noun) and state in (None, each.state)]
        return data.draw(some.sampled_from(found)) if found else None

    def refusal(self, record: Record) -> int | None:
        """How a change of the record is refused because of its state."""
        return {"live": None, "withdrawn": 410, "merged": 308}[record.state]

    @rule(noun=some.sampled_from(list(NOUNS)), keyed=some.booleans())
    def record(self, noun: str, keyed: bool) -> None:
        name = self.word()
        body = {"name_en": name} if noun == "person" else {"kind": "meeting", "title_en": name}
        key = f"key-{self.number}"
        answer = self.ask("POST", f"/v1/{NOUNS[noun]}", json=body, headers={"Idempotency-Key": key} if keyed else {})
        assert answer.status_code == 201, answer.text
        said = answer.json()
        assert said["version"] == 1
        assert said["id"] not in self.records
        self.records[said["id"]] = Record(noun, said["id"], said)
        if keyed:
            self.sent.append(Sent(f"/v1/{NOUNS[noun]}", body, key, 201, answer.content))

    @precondition(lambda self: self.sent)
    @rule(data=some.data(), other=some.booleans())
    def send_again(self, data: some.DataObject, other: bool) -> None:
        sent = data.draw(some.sampled_from(self.sent))
        body = {**sent.body, "note": "another"} if other else sent.body
        answer = self.ask("POST", sent.path, json=body, headers={"Idempotency-Key": sent.key})
        if other:
            assert answer.status_code == 422, answer.text
        else:
            assert (answer.status_code, answer.content) == (sent.status, sent.content)
            assert answer.headers["idempotency-replayed"] == "true"

    @precondition(lambda self: self.records)
    @rule(data=some.data(), condition=some.sampled_from(["fresh", "fresh", "fresh", "stale", "none"]))
    def revise(self, data: some.DataObject, condition: str) -> None:
        record = self.chosen(data)
        assert record is not None
        headers = dict(MERGE)
        if condition != "none":
            headers["If-Match"] = f'"{record.version + (condition == "stale")}"'
        note = self.word()
        answer = self.ask("PATCH", record.path, json={"note": note}, headers=headers)
        expected = self.refusal(record) or {"fresh": 200, "stale": 412, "none": 428}[condition]
        assert answer.status_code == expected, answer.text
        if answer.status_code == 200:
            self.acknowledged(record, answer)
            assert record.said["note"] == note

    def acknowledged(self, record: Record, answer: httpx.Response, rises: int = 1) -> None:
        """The record is as the answer says, so many versions on."""
        said = answer.json()
        assert (said["id"], said["version"]) == (record.id, record.version + rises)
        record.version, record.said = said["version"], said
        record.parts = {part["id"] for part in said.get("participations", [])}
        if record.noun == "person":
            others = {name: owner for name, owner in self.external.items() if owner != record.id}
            self.external = others | dict.fromkeys(said["external_ids"], record.id)

    @precondition(lambda self: self.records)
    @rule(data=some.data(), by_delete=some.booleans())
    def withdraw(self, data: some.DataObject, by_delete: bool) -> None:
        record = self.chosen(data)
        assert record is not None
        if by_delete:
            answer = self.ask("DELETE", record.path, headers={"If-Match": f'"{record.version}"'})
        else:
            answer = self.ask("POST", f"{record.path}/withdraw")
        if refused := self.refusal(record):
            assert answer.status_code == refused, answer.text
        elif answer.status_code == 409:
            # A person whom an engagement names stays.
            assert record.noun == "person", answer.text
        else:
            assert answer.status_code == (204 if by_delete else 200), answer.text
            record.version += 1
            record.state = "withdrawn"

    @precondition(lambda self: any(each.state == "withdrawn" for each in self.records.values()))
    @rule(data=some.data())
    def restore(self, data: some.DataObject) -> None:
        record = self.chosen(data, state="withdrawn")
        assert record is not None
        answer = self.ask("POST", f"{record.path}/restore", headers={"If-Match": f'"{record.version}"'})
        if answer.status_code == 409:
            # It names somebody who is withdrawn as well.
            assert record.parts, answer.text
            assert any(each.noun == "person" and each.state == "withdrawn" for each in self.records.values()), answer.text
            return
        assert answer.status_code == 200, answer.text
        self.acknowledged(record, answer)
        record.state = "live"

    @precondition(lambda self: self.records)
    @rule(data=some.data(), noun=some.sampled_from(list(NOUNS)))
    def merge(self, data: some.DataObject, noun: str) -> None:
        merged, survivor = self.chosen(data, noun), self.chosen(data, noun, "live")
        if merged is None or survivor is None:
            return
        answer = self.ask("POST", f"{merged.path}/merge", json={"into": survivor.id})
        if merged is survivor:
            assert answer.status_code == 409, answer.text
        elif refused := self.refusal(merged):
            assert answer.status_code == refused, answer.text
        else:
            assert answer.status_code == 200, answer.text
            self.acknowledged(survivor, answer)
            merged.version += 1
            merged.state, merged.into = "merged", survivor.id
            self.rippled = True

    @precondition(lambda self: self.records)
    @rule(data=some.data())
    def unmerge(self, data: some.DataObject) -> None:
        record = self.chosen(data)
        assert record is not None
        answer = self.ask("POST", f"{record.path}/unmerge")
        if record.into is None:
            assert answer.status_code == 404, answer.text
        elif answer.status_code == 200:
            survivor = self.records[record.into]
            self.acknowledged(record, answer)
            record.state, record.into = "live", None
            survivor.version += 1
            self.rippled = True
        else:
            # Only what was done to the survivor since may stand in the way.
            assert answer.status_code in (409, 410), answer.text
            assert self.records[record.into].version > 2

    @precondition(lambda self: self.records)
    @rule(data=some.data())
    def revert(self, data: some.DataObject) -> None:
        record = self.chosen(data)
        assert record is not None
        version = data.draw(some.integers(1, record.version))
        then = self.ask("GET", f"{record.path}/revisions/{version}").json()["record"]
        answer = self.ask("POST", f"{record.path}/revert", json={"version": version})
        if refused := self.refusal(record):
            assert answer.status_code == refused, answer.text
        elif answer.status_code == 200:
            self.acknowledged(record, answer, rises=answer.json()["version"] - record.version)
            assert record.said["note"] == then["note"]
        else:
            # A version may name a person who is not there any more.
            assert answer.status_code in (409, 410, 422), answer.text

    @rule(data=some.data())
    def add_participation(self, data: some.DataObject) -> None:
        engagement, person = self.chosen(data, "engagement"), self.chosen(data, "person", "live")
        if engagement is None or person is None:
            return
        body = {"side": "counterpart", "person": person.id, "note": self.word()}
        answer = self.ask("POST", f"{engagement.path}/participations", json=body)
        if refused := self.refusal(engagement):
            assert answer.status_code == refused, answer.text
            return
        assert answer.status_code == 201, answer.text
        engagement.version += 1
        engagement.parts.add(answer.json()["id"])
        assert self.ask("GET", answer.headers["location"]).json()["person"]["id"] == person.id

    @rule(data=some.data(), stale=some.booleans())
    def remove_participation(self, data: some.DataObject, stale: bool) -> None:
        engagement = self.chosen(data, "engagement", "live")
        if engagement is None or not engagement.parts:
            return
        part = data.draw(some.sampled_from(sorted(engagement.parts)))
        headers = {"If-Match": f'"{engagement.version + stale}"'}
        answer = self.ask("DELETE", f"{engagement.path}/participations/{part}", headers=headers)
        assert answer.status_code == (412 if stale else 204), answer.text
        if not stale:
            engagement.version += 1
            engagement.parts.remove(part)

    @rule(names=some.lists(some.sampled_from(["feed:1", "feed:2", "feed:3"]), min_size=1, unique=True))
    def upsert(self, names: list[str]) -> None:
        note = self.word()
        items = [{"do": "upsert", "record": {"name_en": each, "note": note, "external_ids": [each]}} for each in names]
        answer = self.ask("POST", "/v1/bulk/people", json={"items": items})
        owners = {each: self.records[self.external[each]] for each in names if each in self.external}
        if answer.status_code != 200:
            assert answer.status_code == 422, answer.text
            assert any(owner.state == "withdrawn" for owner in owners.values()), answer.text
            return
        for name, result in zip(names, answer.json()["items"], strict=True):
            assert result["what"] == ("revised" if name in owners else "recorded"), result
            if name not in owners:
                self.records[result["id"]] = Record("person", result["id"], {})
                self.external[name] = result["id"]
            else:
                assert result["id"] == owners[name].id
                owners[name].version += 1
            assert result["version"] == self.records[result["id"]].version
            said = self.ask("GET", f"/v1/people/{result['id']}").json()
            self.records[result["id"]].said = said
            assert said["note"] == note

    @invariant()
    def the_feed_and_the_lists_are_right(self) -> None:
        self.the_feed_has_every_version_once()
        self.lists_have_exactly_what_is_live()

    def the_feed_has_every_version_once(self) -> None:
        """What is new in the feed is what the model knows of; of a merger's doings it learns from the feed."""
        before = dict(self.told)
        while True:
            asked = {"limit": "1000"} | ({"after": self.cursor} if self.cursor else {})
            page = self.ask("GET", "/v1/changes", params=asked).json()
            for change in page["items"]:
                assert change["version"] == self.told.get(change["id"], 0) + 1, change
                self.told[change["id"]] = change["version"]
            self.cursor = page["next_cursor"]
            if not page["more"]:
                break
        for record in self.records.values():
            if self.rippled and record.noun == "engagement" and self.told[record.id] == record.version + 1:
                # A person that it names was merged or unmerged: it shows another one now.
                record.version = before[record.id] + 1
                record.said = {}
        self.rippled = False
        assert self.told == {each.id: each.version for each in self.records.values()}

    def lists_have_exactly_what_is_live(self) -> None:
        """Each list has what is live, in its newest version."""
        for noun, plural in NOUNS.items():
            listed = self.ask("GET", f"/v1/{plural}", params={"limit": "200"}).json()["items"]
            live = {each.id: each.version for each in self.records.values() if each.noun == noun and each.state == "live"}
            found = {each["id"]: each["version"] for each in listed}
            assert found == live

    def teardown(self) -> None:
        try:
            for record in self.records.values():
                self.read(record)
                self.look_back(record)
        finally:
            self.runner.run(self.client.aclose())
            self.runner.close()
            self.keyring.close()
            self.opened.__exit__(None, None, None)

    def read(self, record: Record) -> None:
        """Every acknowledged write is there; a withdrawn record says so, and a merged one says where it went."""
        answer = self.ask("GET", record.path)
        assert answer.status_code == {"live": 200, "withdrawn": 410, "merged": 308}[record.state], answer.text
        if record.state == "live":
            said = answer.json()
            assert said["version"] == record.version
            if record.said.get("version") == record.version:
                assert said["note"] == record.said["note"]
        if record.state == "merged":
            assert answer.headers["location"].rpartition("/")[2] in self.survivors(record)

    def survivors(self, record: Record) -> set[str]:
        """The records that a merged one leads to, one after the other."""
        found: set[str] = set()
        while record.into is not None:
            found.add(record.into)
            record = self.records[record.into]
        return found

    def look_back(self, record: Record) -> None:
        """The history has every version once, and the record as of a moment is the version of that time."""
        items = self.ask("GET", f"{record.path}/revisions", params={"limit": "200"}).json()["items"]
        assert [each["version"] for each in items] == list(range(record.version, 0, -1))
        moments = {each["version"]: each["at"] for each in items}
        for version, at in moments.items():
            if at == moments.get(version + 1):
                continue
            then = self.ask("GET", record.path, params={"as_of": at})
            assert then.status_code in (200, 308, 410), then.text
            if then.status_code == 200:
                assert then.json()["version"] == version, (at, moments, then.json()["version"])
                shown = self.ask("GET", f"{record.path}/revisions/{version}").json()["record"]
                assert then.json() == shown, (then.json(), shown)
