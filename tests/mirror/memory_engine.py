"""An engine that lives in a dictionary, for the sync protocol and its faults only; it cannot search.

It queues writes as a server does: `put` and `drop` give a ticket, and nothing happens before `settle` is asked. What goes
wrong is planned beforehand, one fault for each request.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from service.search.engine import EngineDown, IndexState, OutcomeUnknown, SearchDocument, Searcher, Ticket, Verdict

Fault = Literal["down", "lost request", "lost answer"]


@dataclass
class MemoryEngine:
    """`before_settling` is called just before a queued write takes effect: the moment to change things in between."""

    kind: Literal["embedded", "meilisearch"] = "meilisearch"
    lingers: bool = True
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: list[Fault | None] = field(default_factory=list)
    poison: set[str] = field(default_factory=set)
    task_errors: list[str] = field(default_factory=list)
    before_settling: Callable[[], None] | None = None
    requests: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    created: bool = True
    tasks: dict[int, tuple[str, Callable[[], Verdict]]] = field(default_factory=dict)
    verdicts: dict[int, Verdict] = field(default_factory=dict)

    def prepare(self) -> IndexState:
        created, self.created = self.created, False
        return IndexState(created=created, documents=len(self.documents), version="memory")

    def put(self, batch: str, documents: Sequence[SearchDocument]) -> Ticket:
        def take_in() -> Verdict:
            if culprits := [document["id"] for document in documents if document["id"] in self.poison]:
                return Verdict(succeeded=False, code="invalid_document_fields", message=f"poison in {culprits[0]}")
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
        fault = self.faults.pop(0) if self.faults else None
        self.requests.append((operation, batch, ids))
        if fault == "down":
            raise EngineDown("connection refused", retry_after=0)
        if fault == "lost request":
            raise OutcomeUnknown("no answer")
        uid = len(self.tasks) + 1
        self.tasks[uid] = (batch, effect)
        if fault == "lost answer":
            raise OutcomeUnknown("answer cut off")
        return Ticket(uid, batch, datetime.now(UTC))

    def settle(self, ticket: Ticket) -> Verdict | None:
        batch, effect = self.tasks.get(ticket.uid, ("", None))
        if effect is None or batch != ticket.batch:
            raise OutcomeUnknown(f"task {ticket.uid} is not ours")
        if ticket.uid not in self.verdicts:
            if self.before_settling:
                self.before_settling()
            code = self.task_errors.pop(0) if self.task_errors else ""
            self.verdicts[ticket.uid] = Verdict(succeeded=False, code=code, message="as planned") if code else effect()
        return self.verdicts[ticket.uid]

    def trace(self, batch: str, since: datetime) -> Ticket | None:
        return next((Ticket(uid, batch) for uid, (known, _) in self.tasks.items() if known == batch), None)

    def count(self) -> int:
        return len(self.documents)

    def fetch(self, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        return {document_id: self.documents[document_id] for document_id in ids if document_id in self.documents}

    def clear(self) -> None:
        self.documents.clear()
        self.created = True

    def searcher(self) -> Searcher:
        raise NotImplementedError("this engine cannot search")

    def close(self) -> None:
        """Nothing to close."""

    def titles(self) -> set[str]:
        """The English titles that the index holds."""
        return {title for document in self.documents.values() for title in document["titles"]}
