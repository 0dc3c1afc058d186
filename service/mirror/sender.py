"""The sender of one mirror: the loop that brings an engine in step and keeps it so.

    cycle:
        hold the lease, or leave it to who holds it
        prepare the index once, and after every trouble
        resolve what is open from before: nothing else is sent until each open batch is known to be in, or given up
        fold all touches
        choose and build; what is unchanged is clean without sending
        for the puts, then the drops: prepare → send → settle → acknowledge

What may go wrong at each step, and what follows:

    nothing was sent (EngineDown)          the batch is given up, the mirror is tried again later, longer each time
    the answer was lost (OutcomeUnknown)   the batch is unknown: looked for, and given up only after `drain_seconds`
    refused, or failed as a task           a document's fault: halves are sent alone until the culprit is alone, twice, then
                                           set aside as dead; an engine's fault: tried again later
    the lease is gone (LeaseLost)          nothing more is written; the next cycle asks for it anew
"""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from service.database import Database
from service.mirror import batch as batches
from service.mirror import ledger, status
from service.mirror.batch import Batch, Item, Operation
from service.mirror.fold import fold
from service.mirror.lease import Lease
from service.search.engine import Engine, EngineDown, EngineRefused, OutcomeUnknown, Ticket, Verdict

log = structlog.get_logger()

DOCUMENT_FAULTS: Final = frozenset(
    {
        *("missing_document_id", "invalid_document_id", "invalid_document_fields", "invalid_document_geo_field"),
        *("invalid_vectors_type", "invalid_vector_dimensions", "too_many_vectors", "max_fields_limit_exceeded"),
        *("malformed_payload", "payload_too_large", "bad_request"),
    }
)
"""Codes by which an engine blames a document; every other one blames the engine or how it is set up."""

TRIES_ALONE: Final = 2
CLOCK_SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the sender waits for what, in seconds; each is a setting."""

    settle: float = 60.0
    drain: float = 45.0
    retry: float = 60.0


class Waiting(Exception):
    """An open batch is not resolved yet; nothing may be sent before it is."""


class Sender:
    """Keeps one mirror in step. `stopping` is asked at every pause."""

    def __init__(
        self, database: Database, engine: Engine, lease: Lease, patience: Patience, stopping: Callable[[float], bool]
    ) -> None:
        self.database = database
        self.engine = engine
        self.lease = lease
        self.mirror = lease.mirror
        self.patience = patience
        self.stopping = stopping
        self.prepared = False
        # One until proven well, so that a trouble which a former sender left behind is taken back too.
        self.failures = 1
        self.retry_at = 0.0

    def cycle(self) -> bool:
        """One round; true when there may be more to do at once."""
        if time.monotonic() < self.retry_at:
            fold(self.database)
            return False
        try:
            if not self.lease.acquire():
                return False
            self._prepare()
            self._resolve()
            more = self._work()
        except EngineDown as error:
            self._back_off(error.detail, error.retry_after)
            return False
        except (EngineRefused, OutcomeUnknown) as error:
            self._back_off(str(error), 0)
            return False
        except Waiting:
            return False
        if self.failures:
            self.failures = 0
            ledger.recovered(self.database, self.lease)
        return more

    def _prepare(self) -> None:
        if not self.prepared:
            state = self.engine.prepare()
            ledger.index_prepared(self.database, self.lease, created=state.created, found=state.documents)
            self.prepared = True

    def _work(self) -> bool:
        folded = fold(self.database)
        chosen = batches.choose(self.database, self.mirror)
        if chosen.same:
            batches.already_indexed(self.database, self.lease, chosen.same)
        if chosen.put:
            self._deliver("put", chosen.put, chosen.bytes)
        if chosen.drop:
            self._deliver("drop", chosen.drop)
        return bool(folded or chosen)

    def _deliver(self, operation: Operation, items: Sequence[Item], size: int = 0) -> None:
        batch = batches.prepare(self.database, self.lease, operation, items, size)
        try:
            verdict = self._await(self._send(batch))
        except EngineDown:
            batches.note(self.database, self.lease, batch.id, state="superseded", finished_at=datetime.now(UTC))
            raise
        except EngineRefused as error:
            verdict = Verdict(succeeded=False, code=error.code, message=error.message)
        if verdict.succeeded and operation == "put" and verdict.documents not in (None, len(items)):
            verdict = Verdict(
                succeeded=False, code="count", message=f"The engine took in {verdict.documents} of {len(items)} documents"
            )
        if verdict.succeeded:
            batches.acknowledge(self.database, self.lease, batch.id)
            log.debug("batch indexed", mirror=self.mirror, batch=batch.id, operation=operation, documents=len(items))
        else:
            self._failed(batch, verdict)

    def _send(self, batch: Batch) -> Ticket:
        try:
            if batch.operation == "put":
                ticket = self.engine.put(batch.id, [item.content for item in batch.items if item.content is not None])
            else:
                ticket = self.engine.drop(batch.id, [item.document_id for item in batch.items])
        except OutcomeUnknown:
            batches.note(self.database, self.lease, batch.id, state="unknown", sent_at=datetime.now(UTC))
            raise
        if self.engine.lingers:
            batches.note(self.database, self.lease, batch.id, state="sent", task_uid=ticket.uid, accepted_at=datetime.now(UTC))
        return ticket

    def _await(self, ticket: Ticket) -> Verdict:
        """Ask for the final word until it comes; after `patience.settle` seconds the outcome is unknown for now."""
        pause, until = 0.005, time.monotonic() + self.patience.settle
        while (verdict := self.engine.settle(ticket)) is None:
            if time.monotonic() > until or self.stopping(pause):
                raise OutcomeUnknown(f"The batch {ticket.batch} is still queued")
            pause = min(pause * 1.5, 0.25)
        return verdict

    def _failed(self, batch: Batch, verdict: Verdict) -> None:
        batches.note(
            self.database,
            self.lease,
            batch.id,
            state="failed",
            finished_at=datetime.now(UTC),
            error_code=verdict.code,
            error=verdict.message[:1000],
        )
        log.warning(
            "batch failed",
            mirror=self.mirror,
            batch=batch.id,
            code=verdict.code,
            message=verdict.message,
            documents=len(batch.items),
        )
        if verdict.code not in DOCUMENT_FAULTS:
            self.prepared = False
            raise EngineDown(f"{verdict.code}: {verdict.message}")
        if len(batch.items) > 1:
            half = len(batch.items) // 2
            self._deliver(batch.operation, batch.items[:half])
            self._deliver(batch.operation, batch.items[half:])
            return
        self._blame(batch.items[0].document_id, verdict)

    def _blame(self, document_id: str, verdict: Verdict) -> None:
        tries = status.attempts(self.database, self.mirror, document_id) + 1
        due_at = datetime.now(UTC) + timedelta(seconds=1)
        dead = tries >= TRIES_ALONE
        ledger.failed(self.database, self.lease, document_id, verdict.code, verdict.message, due_at=due_at, dead=dead)

    def _resolve(self) -> None:
        """Find out what became of every batch that is open from before; raises `Waiting` while one cannot be known."""
        for row in batches.open_batches(self.database, self.mirror):
            ticket = self._trace(row)
            if ticket is None:
                self._give_up(row)
                continue
            verdict = self._await(ticket)
            if verdict.succeeded:
                batches.acknowledge(self.database, self.lease, row["id"])
            else:
                batches.note(
                    self.database, self.lease, row["id"], state="failed", error_code=verdict.code, error=verdict.message[:1000]
                )

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
        return self.engine.trace(row["id"], row["prepared_at"] - CLOCK_SKEW)

    def _give_up(self, row: Mapping[str, Any]) -> None:
        """The engine does not know the batch. Once no request of it can be on its way any more, its documents are sent anew."""
        age = (datetime.now(UTC) - row["prepared_at"]).total_seconds()
        if self.engine.lingers and age < self.patience.drain:
            raise Waiting
        batches.note(self.database, self.lease, row["id"], state="superseded", finished_at=datetime.now(UTC))

    def _back_off(self, message: str, retry_after: float) -> None:
        """Full jitter between half and all of a pause that doubles with every failure, never shorter than the engine asks."""
        self.failures += 1
        self.prepared = False
        pause = min(self.patience.retry, 0.125 * 2 ** min(self.failures, 20)) * random.uniform(0.5, 1.0)  # noqa: S311
        pause = min(self.patience.retry, max(pause, retry_after if self.failures > 2 else 0))
        self.retry_at = time.monotonic() + pause
        ledger.trouble(self.database, self.mirror, message, datetime.now(UTC) + timedelta(seconds=pause))
        log.warning("mirror in trouble", mirror=self.mirror, error=message, retry_seconds=round(pause, 1))
