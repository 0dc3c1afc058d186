"""The keeper of one mirror: what is done for it in one round, and what follows when it cannot be done.

    round:
        hold the lease, or leave the mirror to who holds it
        fold all touches
        look who is there, at first, after every trouble and every `probe` seconds   instance
            and whether every trigger is there that tells of changes                 capture
        live copy:  resolve what is open, then send what is due                      sender
        building:   the next step of a rebuild, if one is wanted                     rebuild
        at rest:    look again at what a late write may have changed                 verify
                    audit, when the copy is in doubt or it is time                   audit
                    forget retractions that are taken in, leave the marker, collect garbage

An engine that cannot be written to is tried again after a pause that doubles with every failure, with jitter; Retry-After
is heeded. After five failures in a row the breaker is said to be open. The first thing that a round does after a failure is
to look, which writes nothing, so a sick engine is never tried with a batch.
"""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from service.database import Database
from service.mirror import capture, copies, ledger, retraction, verify
from service.mirror.audit import Audit
from service.mirror.capture import TriggersMissing
from service.mirror.copies import Copy, Standing
from service.mirror.fold import fold
from service.mirror.instance import Look
from service.mirror.lease import Lease
from service.mirror.patience import Patience
from service.mirror.rebuild import Rebuild
from service.mirror.sender import Sender, Waiting
from service.mirror.turn import Turn
from service.search.engine import Engine, EngineDown, EngineRefused, IndexLost, OutcomeUnknown
from service.search.schema import SCHEMA

log = structlog.get_logger()


class Keeper:
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
        self.rebuild = Rebuild(database, engine, lease, patience, stopping)
        # One until proven well, so that a trouble which a former keeper left behind is taken back too.
        self.failures = 1
        self.retry_at = 0.0
        self._sender: Sender | None = None
        self._audit: Audit | None = None
        self._look_at = 0.0
        self._tidied_at = float("-inf")

    def cycle(self) -> bool:
        """One round; true when there may be more to do at once."""
        if time.monotonic() < self.retry_at:
            fold(self.database)
            return False
        try:
            if not self.lease.acquire():
                return False
            more = self._round()
        except EngineDown as error:
            self._back_off(error.detail, error.retry_after, asked=error.asked)
            return False
        except IndexLost as error:
            self._want_rebuild(str(error))
            return True
        except TriggersMissing as error:
            self._back_off(error.detail, 0)
            return False
        except (EngineRefused, OutcomeUnknown) as error:
            self._back_off(str(error))
            return False
        if self.failures:
            self.failures = 0
            ledger.recovered(self.database, self.lease)
        return more

    def let_go(self) -> None:
        """Stop using the engine, because somebody else holds the lease now."""
        self._at_rest_again()
        self.rebuild.close()
        self.engine.close()

    def _round(self) -> bool:
        more = fold(self.database) > 0
        standing = self._standing()
        if self._look(standing):
            standing = self._standing()
        more |= self._send(standing)
        if standing.build_state != "idle" or standing.row["build_wanted"]:
            more |= self._build(standing)
        elif not more and standing.live is not None:
            more = self._at_rest(standing, standing.live)
        return more

    def _standing(self) -> Standing:
        with self.database.reading() as connection:
            return copies.standing(connection, self.mirror)

    def _look(self, standing: Standing) -> bool:
        """Look who is there, when it is time; true when something was noted that changes how the mirror stands."""
        is_due = time.monotonic() >= self._look_at or bool(self.failures)
        if is_due:
            capture.check(self.database)
        if standing.live is None:
            self._want_rebuild("there is no index yet", standing)
            return True
        if not is_due:
            return False
        if standing.build_state in ("swapping", "verifying"):
            return False
        if standing.live.schema_hash != SCHEMA:
            self._want_rebuild("the search document has changed", standing)
        elif reason := Look(self.database, self.engine, self.lease, standing, standing.live).take():
            self._want_rebuild(reason, standing)
        elif self.engine.differences():
            # Settings that somebody changed are put back in place: the engine goes on answering meanwhile.
            log.warning("settings put back", mirror=self.mirror, settings=self.engine.differences())
            self.engine.prepare()
            ledger.count(self.database, self.mirror, "settings_repairs")
        self._look_at = time.monotonic() + self.patience.probe
        return True

    def _want_rebuild(self, reason: str, standing: Standing | None = None) -> None:
        standing = standing or self._standing()
        if standing.build_state == "idle" and not standing.row["build_wanted"]:
            tell = log.info if standing.live is None else log.warning
            tell("rebuild wanted", mirror=self.mirror, reason=reason)
            ledger.change(self.database, self.mirror, build_wanted=reason)
        self._look_at = time.monotonic() + self.patience.probe

    def _send(self, standing: Standing) -> bool:
        """Bring the live copy further; at rest while names are exchanged, and while its documents are another version's."""
        live = standing.live
        if live is None or standing.build_state in ("swapping", "verifying"):
            return False
        if live.schema_hash != SCHEMA:
            return False
        try:
            sender = self._sending(live)
            sender.resolve()
            return sender.work(Turn(self.database).goes_on)
        except Waiting:
            return False
        except IndexLost:
            if standing.build_state == "idle" and not standing.row["build_wanted"]:
                raise
            return False  # Another index is being built already, or will be.

    def _sending(self, copy: Copy) -> Sender:
        if self._sender is None or self._sender.copy.id != copy.id or self._sender.copy.identity != copy.identity:
            self._sender = Sender(self.database, self.engine, self.lease, copy, self.patience, self.stopping)
        return self._sender

    def _build(self, standing: Standing) -> bool:
        self._audit = None
        try:
            return self.rebuild.step(standing)
        except Waiting:
            return False

    def _at_rest(self, standing: Standing, live: Copy) -> bool:
        """What is done when nothing waits to be sent."""
        if verify.step(self.database, self.engine, self.lease, live, self.patience):
            return True
        retraction.settle(self.database)
        if self._audit is not None or standing.row["doubt"] or self._audit_is_due(standing):
            return self._audited(live)
        if self._tidied_at + self.patience.probe < time.monotonic():
            self._tidied_at = time.monotonic()
            Look(self.database, self.engine, self.lease, standing, live).leave_marker()
            self.rebuild.collect_garbage(standing)
        return False

    def _audit_is_due(self, standing: Standing) -> bool:
        last = standing.row["last_audit"]
        at = datetime.fromisoformat(last["ended_at"]) if last else standing.row["build_started_at"]
        return at is None or (datetime.now(UTC) - at).total_seconds() > self.patience.audit

    def _audited(self, live: Copy) -> bool:
        if self._audit is None:
            self._audit = Audit(self.database, self.engine, live, repair=True)
        if self._audit.step():
            return True
        report, self._audit = self._audit.finish(), None
        if report.wrong:
            log.warning("audit mended", mirror=self.mirror, missing=report.missing, extra=report.extra, stale=report.stale)
        ledger.change(self.database, self.mirror, doubt=None)
        return bool(report.wrong)

    def _at_rest_again(self) -> None:
        self._sender = self._audit = None
        self._look_at = 0.0

    def _back_off(self, message: str, retry_after: float = 0, *, asked: bool = False) -> None:
        """Full jitter between half and all of a pause that doubles with every failure, never shorter than the engine asks.

        A pause that the engine did not ask for is thought of for an outage; the first two tries may come sooner.
        """
        self.failures += 1
        self._audit = None
        pause = min(self.patience.retry, 0.125 * 2 ** min(self.failures, 20)) * random.uniform(0.5, 1.0)  # noqa: S311
        pause = min(self.patience.retry, max(pause, retry_after if asked or self.failures > 2 else 0))
        self.retry_at = time.monotonic() + pause
        retry_at = datetime.now(UTC) + timedelta(seconds=pause)
        ledger.trouble(self.database, self.mirror, message, retry_at, self.failures)
        log.warning("mirror in trouble", mirror=self.mirror, error=message, retry_seconds=round(pause, 1))
