"""An engine that lives in a dictionary, for the sync protocol and its faults only; it cannot search.

It queues writes as a server does: `put` and `drop` give a ticket, and nothing happens before `settle` is asked. What goes
wrong is planned beforehand, one fault for each request. Engines that are made `beside` each other share one instance.
"""

import copy
import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

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

Fault = Literal["down", "lost request", "lost answer", "late"]

_IDENTITIES = itertools.count(1)


@dataclass
class Content:
    """What one index holds."""

    identity: str = field(default_factory=lambda: f"content-{next(_IDENTITIES)}")
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    newest: str | None = None


@dataclass
class Instance:
    """What engines beside each other share. `before_settling` is called just before a queued write takes effect."""

    indexes: dict[str, Content] = field(default_factory=dict)
    marker: Marker | None = None
    faults: list[Fault | None] = field(default_factory=list)
    swap_faults: list[Fault | None] = field(default_factory=list)
    poison: set[str] = field(default_factory=set)
    poison_code: str = "invalid_document_fields"
    task_errors: list[str] = field(default_factory=list)
    before_settling: Callable[[], None] | None = None
    requests: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    tasks: dict[int, tuple[str, Callable[[], Verdict]]] = field(default_factory=dict)
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    late: list[Callable[[], object]] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)

    def deliver_late(self) -> None:
        """Let the requests that are still on their way arrive."""
        arrived, self.late = self.late, []
        for effect in arrived:
            effect()


class MemoryEngine:
    """One index of an instance."""

    kind: Literal["embedded", "meilisearch"] = "meilisearch"
    lingers: bool = True

    def __init__(self, instance: Instance | None = None, index: str = "engagements") -> None:
        self.instance = instance or Instance()
        self.index = index
        self._expected: str | None = None

    @property
    def documents(self) -> dict[str, dict[str, Any]]:
        """What the index holds; nothing where there is none."""
        return self.instance.indexes[self.index].documents if self.index in self.instance.indexes else {}

    def backup(self) -> Instance:
        """A copy of what the instance holds now, to be put back by `restore`."""
        return copy.deepcopy(Instance(indexes=self.instance.indexes, marker=self.instance.marker))

    def restore(self, kept: Instance) -> None:
        """Put an older copy back."""
        self.instance.indexes, self.instance.marker = copy.deepcopy(kept.indexes), kept.marker
        self.instance.tasks.clear()
        self.instance.verdicts.clear()

    def prepare(self) -> IndexState:
        created = self.index not in self.instance.indexes
        self.instance.indexes.setdefault(self.index, Content())
        self.instance.settings.clear()
        return self._state(created=created)

    def look(self) -> IndexState | None:
        return self._state(created=False) if self.index in self.instance.indexes else None

    def _state(self, *, created: bool) -> IndexState:
        content = self.instance.indexes[self.index]
        return IndexState(created, len(content.documents), "memory", content.identity, content.newest)

    def differences(self) -> list[str]:
        return sorted(self.instance.settings)

    def expect(self, identity: str | None) -> None:
        self._expected = identity

    def put(self, batch: str, documents: Sequence[SearchDocument]) -> Ticket:
        def take_in() -> Verdict:
            if culprits := [document["id"] for document in documents if document["id"] in self.instance.poison]:
                message = f"poison in {culprits[0]}"
                return Verdict(succeeded=False, code=self.instance.poison_code, message=message)
            self.documents.update({document["id"]: dict(document) for document in documents})
            return Verdict(succeeded=True, documents=len(documents))

        return self._request("put", batch, tuple(document["id"] for document in documents), take_in)

    def drop(self, batch: str, ids: Sequence[str]) -> Ticket:
        def take_out() -> Verdict:
            for document_id in ids:
                self.documents.pop(document_id, None)
            return Verdict(succeeded=True)

        return self._request("drop", batch, tuple(ids), take_out)

    def _request(self, operation: str, batch: str, ids: tuple[str, ...], effect: Callable[[], Verdict]) -> Ticket:
        instance = self.instance
        content = instance.indexes.get(self.index)
        if content is None or self._expected not in (None, content.identity):
            raise IndexLost(f"the index {self.index} is not the one that was expected")
        fault = instance.faults.pop(0) if instance.faults else None
        instance.requests.append((operation, batch, ids))
        if fault == "down":
            raise EngineDown("connection refused", retry_after=0)
        if fault == "lost request":
            raise OutcomeUnknown("no answer")
        uid = len(instance.tasks) + 1

        def queue() -> Verdict:
            if self.index in instance.indexes:
                instance.indexes[self.index].newest = batch
            return effect()

        if fault == "late":
            instance.late.append(queue)
            raise OutcomeUnknown("no answer")
        content.newest = batch
        instance.tasks[uid] = (batch, effect)
        if fault == "lost answer":
            raise OutcomeUnknown("answer cut off")
        return Ticket(uid, batch, datetime.now(UTC))

    def settle(self, ticket: Ticket) -> Verdict | None:
        instance = self.instance
        batch, effect = instance.tasks.get(ticket.uid, ("", None))
        if effect is None or batch != ticket.batch:
            raise OutcomeUnknown(f"task {ticket.uid} is not ours")
        if ticket.uid not in instance.verdicts:
            if instance.before_settling:
                instance.before_settling()
            code = instance.task_errors.pop(0) if instance.task_errors else ""
            verdict = Verdict(succeeded=False, code=code, message="as planned") if code else effect()
            instance.verdicts[ticket.uid] = verdict
        return instance.verdicts[ticket.uid]

    def waiting(self) -> list[tuple[str, ...]]:
        """The documents of each request that was taken in and is not settled yet, oldest first."""
        unsettled = {batch for uid, (batch, _) in self.instance.tasks.items() if uid not in self.instance.verdicts}
        return [ids for _, batch, ids in self.instance.requests if batch in unsettled]

    def trace(self, batch: str, since: datetime) -> Ticket | None:
        return next((Ticket(uid, batch) for uid, (known, _) in self.instance.tasks.items() if known == batch), None)

    def count(self) -> int:
        return len(self.documents)

    def fetch(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {document_id: self.documents[document_id] for document_id in ids if document_id in self.documents}

    def counts(self) -> dict[int, int]:
        return dict(Counter(document["sync_bucket"] for document in self.documents.values()))

    def marks(self, bucket: int) -> dict[str, dict[str, Any]]:
        return {key: document for key, document in self.documents.items() if document["sync_bucket"] == bucket}

    def clear(self) -> None:
        self.instance.indexes.pop(self.index, None)

    def beside(self, index: str) -> "MemoryEngine":
        return MemoryEngine(self.instance, index)

    def others(self) -> list[str]:
        return sorted(name for name in self.instance.indexes if is_beside(self.index, name))

    def exchange(self, other: str) -> None:
        def effect() -> None:
            indexes = self.instance.indexes
            if other not in indexes:
                raise EngineRefused("index_not_found", f"there is no index {other}")
            mine, indexes[self.index] = indexes.get(self.index), indexes.pop(other)
            if mine is not None:
                indexes[other] = mine

        fault = self.instance.swap_faults.pop(0) if self.instance.swap_faults else None
        self.instance.requests.append(("exchange", "", (self.index, other)))
        if fault == "down":
            raise EngineDown("connection refused", retry_after=0)
        if fault == "late":
            self.instance.late.append(effect)
        elif fault != "lost request":
            effect()
        if fault:
            raise OutcomeUnknown("no answer")

    def read_marker(self) -> Marker | None:
        return self.instance.marker

    def write_marker(self, marker: Marker) -> None:
        self.instance.marker = marker

    def searcher(self) -> Searcher:
        raise NotImplementedError("this engine cannot search")

    def close(self) -> None:
        """Nothing to close."""

    def titles(self) -> set[str]:
        """The English titles that the index holds."""
        return {title for document in self.documents.values() for title in document["titles"]}
