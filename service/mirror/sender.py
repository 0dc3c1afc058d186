"""The sender of one copy: it brings an index in step with the register and keeps it so.

    resolve     what is open from before: nothing else is sent until each open batch is known to be in, or given up
    work        choose and build; what is unchanged is clean without sending;
                for the puts, then the drops: prepare → send; then for each that was sent: settle → acknowledge.
                Where there is much to send, a few batches are on their way at once, no two of them with the same document.
                None is when it returns, and none when a batch that failed is looked into

What may go wrong at each step, and what follows:

    nothing was sent (EngineDown)          the batch is given up, the mirror is tried again later, longer each time
    the answer was lost (OutcomeUnknown)   the batch is unknown: looked for, and given up only after `drain` seconds; then its
                                           documents are sent anew, and looked at again after each of the `verify` times
    the index is gone (IndexLost)          nothing is sent any more; it has to be built anew
    refused, or failed as a task           a document's fault: halves are sent alone until the culprit is alone, twice, then
                                           set aside as dead; an engine's fault: tried again later
    the lease is gone (LeaseLost)          nothing more is written; the next round asks for it anew
"""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import structlog

from service.database import Database
from service.mirror import batch as batches
from service.mirror import choosing, ledger
from service.mirror.batch import Batch, Operation
from service.mirror.choosing import Choice, Chosen
from service.mirror.copies import Copy
from service.mirror.items import Item
from service.mirror.lease import Lease
from service.mirror.patience import Patience
from service.search.engine import Engine, EngineDown, EngineRefused, IndexLost, OutcomeUnknown, Ticket, Verdict

log = structlog.get_logger()

ENGINE_FAULTS: Final = frozenset(
    {
        *("internal", "no_space_left_on_device", "io_error", "too_many_open_files", "database_size_limit_reached"),
        *("canceled", "index_not_found", "must_restart", "unretrievable_document", "count"),
        *("index_primary_key_already_exists", "index_primary_key_multiple_candidates_found"),
        *("index_primary_key_no_candidate_found", "invalid_api_key", "missing_authorization_header"),
    }
)
"""Codes by which an engine blames itself or how it is set up; every other one may be a document's fault."""

IN_FLIGHT: Final = 4
"""How many full batches an engine with a queue is given to hold, so that it need not wait for the next one."""

GENTLE_DOCUMENTS: Final = 150
"""How many documents are sent at once to an index that is built beside one from which searches are answered."""

TRIES_ALONE: Final = 2
TRY_AGAIN_SECONDS: Final = 1.0

LATE: Final = 0.1
"""By which share of the time that a batch takes its final word may be heard too late."""


class ManyRefused(EngineDown):
    """So many documents were refused that the fault must be the index's or the server's."""


class Waiting(Exception):
    """An open batch is not resolved yet; nothing may be sent to its index before it is."""


class Sender:
    """Sends to one copy; `gently` where another one of the same engine waits meanwhile. `stopping` is asked at every pause."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        lease: Lease,
        copy: Copy,
        patience: Patience,
        stopping: Callable[[float], bool],
        *,
        gently: bool = False,
    ) -> None:
        self.database = database
        self.engine = engine
        self.lease = lease
        self.copy = copy
        self.patience = patience
        self.stopping = stopping
        self._choice = Choice(database, copy, min(choosing.MAX_DOCUMENTS, GENTLE_DOCUMENTS) if gently else choosing.MAX_DOCUMENTS)
        self._at_once = IN_FLIGHT if engine.lingers and not gently else 1
        self._flying: deque[tuple[Batch, Ticket]] = deque()
        self._seen_open: dict[str, float] = {}
        engine.expect(copy.identity)

    def work(self, goes_on: Callable[[], bool] = lambda: False) -> bool:
        """Send what is due: one batch of each kind, and more while there is more and `goes_on`; true when there was something."""
        try:
            while True:
                chosen = self._choice.take(self._in_flight())
                self._choice.look_ahead(chosen, self._in_flight())
                more = chosen.full and goes_on()
                self._work_off(chosen, self._at_once - 1 if more else 0)
                if not more:
                    return bool(chosen)
        except BaseException:
            # What is on its way is open in the ledger, where `resolve` finds it.
            self._flying.clear()
            self._choice.forget()
            raise

    def _in_flight(self) -> set[str]:
        return {item.document_id for batch, _ in self._flying for item in batch.items}

    def _work_off(self, chosen: Chosen, most: int) -> None:
        for item, reason in chosen.refused:
            ledger.bury(self.database, self.lease, self.copy, item.document_id, item.generation, reason.code, reason.message)
        if chosen.same:
            batches.already_indexed(self.database, self.lease, self.copy, chosen.same)
        if chosen.put:
            self._launch("put", chosen.put, chosen.bytes)
            self._land(most)
        if chosen.drop:
            self._launch("drop", chosen.drop)
        self._land(most)

    def _launch(self, operation: Operation, items: Sequence[Item], size: int = 0, parent: str | None = None) -> None:
        batch = batches.prepare(self.database, self.lease, self.copy, operation, items, size, parent)
        try:
            self._flying.append((batch, self._send(batch)))
        except (EngineDown, IndexLost):
            batches.supersede(self.database, self.lease, self.copy, batch.id, None)
            raise
        except EngineRefused as error:
            self._failed(batch, Verdict(succeeded=False, code=error.code, message=error.message))

    def _land(self, most: int = 0) -> None:
        """Wait until so many batches at most are on their way."""
        while len(self._flying) > most:
            batch, ticket = self._flying.popleft()
            verdict = self._await(ticket)
            if verdict.succeeded and batch.operation == "put" and verdict.documents not in (None, len(batch.items)):
                message = f"The engine took in {verdict.documents} of {len(batch.items)} documents"
                verdict = Verdict(succeeded=False, code="count", message=message)
            if not verdict.succeeded:
                self._failed(batch, verdict)
                continue
            batches.acknowledge(self.database, self.lease, self.copy, batch)
            about = {"batch": batch.id, "operation": batch.operation, "documents": len(batch.items)}
            log.debug("batch indexed", mirror=self.copy.mirror, **about)

    def _send(self, batch: Batch) -> Ticket:
        self.lease.hold()
        try:
            if batch.operation == "put":
                ticket = self.engine.put(batch.id, [item.content for item in batch.items if item.content is not None])
            else:
                ticket = self.engine.drop(batch.id, [item.document_id for item in batch.items])
        except OutcomeUnknown as error:
            batches.note(self.database, self.lease, batch.id, state="unknown")
            log.warning("outcome unknown", mirror=self.copy.mirror, batch=batch.id, error=str(error))
            raise
        if self.engine.lingers:
            batches.note(self.database, self.lease, batch.id, state="sent", task_uid=ticket.uid, accepted_at=ticket.accepted_at)
        return ticket

    def _await(self, ticket: Ticket) -> Verdict:
        """Ask for the final word until it comes; after `patience.settle` seconds the outcome is unknown for now."""
        begun = time.monotonic()
        while (verdict := self.engine.settle(ticket)) is None:
            waited = time.monotonic() - begun
            if waited > self.patience.settle or self.stopping(min(max(0.005, waited * LATE), 0.25)):
                raise OutcomeUnknown(f"The batch {ticket.batch} is still queued")
        return verdict

    def _failed(self, batch: Batch, verdict: Verdict) -> None:
        ledger.failed(self.database, self.lease, self.copy, batch.id, verdict.code, verdict.message)
        log.warning(
            "batch failed",
            mirror=self.copy.mirror,
            batch=batch.id,
            code=verdict.code,
            message=verdict.message,
            documents=len(batch.items),
        )
        # A failure without a word of reason, as a status that only a later version knows, is no document's either.
        if verdict.code in ENGINE_FAULTS or not verdict.message:
            raise EngineDown(f"{verdict.code}: {verdict.message}")
        self._land()
        if len(batch.items) > 1:
            half = len(batch.items) // 2
            for items in (batch.items[:half], batch.items[half:]):
                self._launch(batch.operation, items, parent=batch.id)
                self._land()
            return
        self._blame(batch.items[0], verdict)

    def _blame(self, item: Item, verdict: Verdict) -> None:
        """A document was refused when it was sent alone: once more, and it is set aside."""
        tries = ledger.refused(
            self.database, self.lease, self.copy, item.document_id, verdict.code, verdict.message, TRY_AGAIN_SECONDS
        )
        if tries < TRIES_ALONE:
            return
        if ledger.too_many_dead(self.database, self.copy):
            raise ManyRefused(
                f"So many documents are refused that it is not their fault; the last one {item.document_id}"
                f" with {verdict.code}: {verdict.message}",
                retry_after=self.patience.retry,
            )
        ledger.bury(self.database, self.lease, self.copy, item.document_id, item.generation, verdict.code, verdict.message)

    def resolve(self) -> None:
        """Find out what became of every batch that is open from before; raises `Waiting` while one cannot be known."""
        waiting = False
        for row in batches.open_batches(self.database, self.copy):
            ticket = self._trace(row)
            if ticket is None:
                waiting |= not self._given_up(row)
                continue
            verdict = self._await(ticket)
            self._seen_open.pop(row["id"], None)
            if verdict.succeeded and (row["operation"] == "drop" or verdict.documents in (None, row["documents"])):
                batches.acknowledge(self.database, self.lease, self.copy, batches.remembered(self.database, row))
                ledger.count(self.database, self.copy.mirror, "unknown", "adopted")
            else:
                ledger.failed(self.database, self.lease, self.copy, row["id"], verdict.code, verdict.message)
        if waiting:
            raise Waiting

    def _trace(self, row: Mapping[str, Any]) -> Ticket | None:
        if not self.engine.lingers:
            return None
        if row["task_uid"] is not None:
            try:
                ticket = Ticket(row["task_uid"], row["id"], row["accepted_at"])
                self.engine.settle(ticket)
            except OutcomeUnknown:
                pass  # The number is another task's by now, or nobody's: only the batch's own mark can tell.
            else:
                return ticket
        return self.engine.trace(row["id"], row["prepared_at"])

    def _given_up(self, row: Mapping[str, Any]) -> bool:
        """The engine does not know the batch. Once no request of it can be on its way any more, its documents are sent anew."""
        if not self.engine.lingers:
            batches.supersede(self.database, self.lease, self.copy, row["id"], None)
            return True
        # By the clock of this process as well, in case the database's is set back.
        waited = time.monotonic() - self._seen_open.setdefault(row["id"], time.monotonic())
        if row["age"] < self.patience.drain and waited < self.patience.drain:
            return False
        self._seen_open.pop(row["id"])
        after = self.patience.verify[0] if self.patience.verify else None
        batches.supersede(self.database, self.lease, self.copy, row["id"], after)
        log.warning("batch given up", mirror=self.copy.mirror, batch=row["id"], documents=row["documents"])
        return True
