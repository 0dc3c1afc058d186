"""The rebuild: a new index is filled beside the live one while writes go on, is proven, and takes its place at once.

The index that is being built is a copy of the mirror like the live one. It has a ledger of its own, in which every fold
makes documents dirty, and a sender of its own that brings it in step. So an edit during a rebuild is never lost, and what
can go wrong with a write is dealt with in the same way.

    idle         → wanted, and not tried too lately
    creating       the copy's row is committed, the index made, its identity noted; then everything is owed to it
    filling        its sender sends what is due, in turn with the live one's
    catching-up    until there is a moment in which nothing is owed, or for ten seconds where little is: writes never cease
                   in some registers
    checking       the gates: settings, counts and every document are compared with the register; what differs is sent again,
                   and after three rounds the build is abandoned. Few dead documents pass, many do not
    swapping       the live copy's sender rests, and where there is something to be found already, the other draws level;
                   the moment is committed, the exchange asked for once only
    verifying      the live name shows the new identity; the copies change their roles in one transaction; the marker is left
    → idle         the index that was replaced is kept for a while, then removed with every stray

Each step may be repeated after a crash: it looks where things stand before it does anything. What became of an exchange
whose answer was lost is seen by which identity goes by the live name. If it has not happened after `drain` seconds, the
build is abandoned and its index removed, so that an exchange that arrives late finds nothing to exchange with.

Going back is the same thing with the index that was replaced: it is caught up with what has changed since, proven, and
exchanged again.
"""

import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from sqlalchemy import func, select, update

from service.database import Database
from service.mirror import clock, copies, garbage, ledger, verify
from service.mirror.audit import Audit
from service.mirror.copies import Copy, Standing
from service.mirror.fold import mark_everything
from service.mirror.instance import under_our_name
from service.mirror.lease import Lease
from service.mirror.patience import Patience
from service.mirror.sender import ManyRefused, Sender
from service.mirror.tables import COPY, LEDGER, MIRROR
from service.mirror.turn import Turn
from service.search.beside import beside_name
from service.search.engine import Engine, EngineDown, EngineRefused, IndexLost, OutcomeUnknown
from service.search.schema import SCHEMA

log = structlog.get_logger()

LITTLE: Final = 500
CATCH_UP_SECONDS: Final = 10.0
ROUNDS: Final = 3

ROLLBACK: Final = "rollback"


class Abandoned(Exception):
    """The index that was built cannot take the place of the live one, for this reason."""


class Rebuild:
    """The rebuild of one mirror, a step at a time."""

    def __init__(
        self, database: Database, engine: Engine, lease: Lease, patience: Patience, stopping: Callable[[float], bool]
    ) -> None:
        self.database = database
        self.engine = engine
        self.lease = lease
        self.patience = patience
        self.stopping = stopping
        self._sender: Sender | None = None
        self._audit: Audit | None = None
        self._catching_up: float | None = None
        self._seen: dict[datetime, float] = {}

    def step(self, standing: Standing) -> bool:
        """Do the next thing, if there is one to do; true when there may be more to do at once."""
        steps = {
            "idle": self._begin,
            "creating": self._create,
            "filling": self._fill,
            "catching-up": self._catch_up,
            "checking": self._check,
            "swapping": self._swap,
            "verifying": self._verify,
        }
        try:
            return steps[standing.build_state](standing)
        except (Abandoned, EngineRefused, IndexLost, ManyRefused) as error:
            self._abandon(standing, str(error))
            return False

    def close(self) -> None:
        """Let go of the index that is being built."""
        if self._sender is not None:
            self._sender.engine.close()
        self._sender = self._audit = self._catching_up = None

    def _begin(self, standing: Standing) -> bool:
        row = standing.row
        if row["build_wanted"] is None or self._tried_lately(row):
            return False
        back = row["build_wanted"] == ROLLBACK
        former = standing.copy("retired") if back else None
        if back and (former is None or former.schema_hash != SCHEMA):
            self._move("idle", build_wanted=None, build_error="there is no index of this version to go back to")
            return False
        log.info("rebuild begins", mirror=self.lease.mirror, reason=row["build_wanted"])
        begun = {"build_reason": row["build_wanted"], "build_wanted": None, "build_sent_at": None, "build_round": 0}
        with self.lease.writing() as connection:
            if former is not None:
                copies.change(connection, former.id, role="building", retired_at=None)
            else:
                copies.add(connection, self.lease.mirror, beside_name(row["index"], datetime.now(UTC), secrets.token_hex(3)))
            begun["build_started_at"] = clock.read(connection)
            self._set(connection, "creating" if former is None else "catching-up", **begun)
        return True

    def _tried_lately(self, row: dict[str, Any]) -> bool:
        if not row["build_failures"] or row["build_started_at"] is None:
            return False
        pause = min(3600.0, self.patience.retry * 2 ** min(row["build_failures"], 10) / 2)
        return bool(self._since(row["build_started_at"]) < pause)

    def _create(self, standing: Standing) -> bool:
        copy = self._copy(standing)
        state = self.engine.beside(copy.index).prepare()
        with self.lease.writing() as connection:
            copies.change(connection, copy.id, identity=state.identity)
        # Only now, after the copy's row is committed: a fold that did not see it took touches of changes that are seen here.
        with self.lease.writing() as connection:
            mark_everything(connection, copy.id, clock.read(connection))
            self._set(connection, "filling")
        return True

    def _fill(self, standing: Standing) -> bool:
        sender = self._sending(self._copy(standing))
        sender.resolve()
        more = sender.work(Turn(self.database).goes_on)
        if not more or self._owed(sender.copy) <= LITTLE:
            self._move("catching-up")
        return True

    def _catch_up(self, standing: Standing) -> bool:
        sender = self._sending(self._copy(standing))
        sender.resolve()
        sent = sender.work()
        self._catching_up = self._catching_up or time.monotonic()
        owed = self._owed(sender.copy)
        if not owed or (owed <= LITTLE and time.monotonic() - self._catching_up > CATCH_UP_SECONDS):
            # What is owed from now on is sent when the index is in its place.
            self._catching_up = None
            self._move("checking")
            return True
        return sent  # Where nothing was sent, what is owed is not due yet.

    def _check(self, standing: Standing) -> bool:
        copy = self._copy(standing)
        sender = self._sending(copy)
        sender.resolve()
        if self._audit is None:
            state = sender.engine.look()
            if state is None or state.identity != copy.identity:
                raise Abandoned("the index that was being built is not there any more")
            self._audit = Audit(self.database, sender.engine, copy, repair=True)
        turn = Turn(self.database)
        while self._audit.step():
            if not turn.goes_on():
                return True
        found, self._audit = self._audit.findings, None
        if found.settings:
            raise Abandoned(f"its settings are not as they should be: {', '.join(found.settings)}")
        if ledger.too_many_dead(self.database, copy):
            raise Abandoned("a tenth of all documents was refused")
        if found.wrong and standing.row["build_round"] + 1 >= ROUNDS:
            raise Abandoned(f"{found.wrong} documents were still wrong after {ROUNDS} rounds")
        self._move("catching-up" if found.wrong else "swapping", build_round=standing.row["build_round"] + bool(found.wrong))
        return True

    def _swap(self, standing: Standing) -> bool:
        copy = self._copy(standing)
        if self._is_live(copy):
            self._trade_places(standing, copy)
            return True
        for each in filter(None, (standing.live, copy)):
            engine = self.engine if each is not copy else self._sending(copy).engine
            Sender(self.database, engine, self.lease, each, self.patience, self.stopping).resolve()
        sent_at = standing.row["build_sent_at"]
        if sent_at is None:
            if under_our_name(self.engine) is not None:
                self._draw_level(copy)
            with self.lease.writing() as connection:
                self._set(connection, "swapping", build_sent_at=clock.read(connection))
            self._exchange(copy)
        elif self._since(sent_at) > self.patience.drain:
            raise Abandoned("what became of the exchange of names cannot be known")
        if self._is_live(copy):
            self._trade_places(standing, copy)
            return True
        return False

    def _draw_level(self, copy: Copy) -> None:
        """Send what came while it was checked: nothing that could be found already may go out of sight with the exchange."""
        self._sending(copy).work(Turn(self.database).goes_on)

    def _exchange(self, copy: Copy) -> None:
        self.lease.hold()
        self.close()
        try:
            self.engine.exchange(copy.index)
        except EngineDown:
            # Nothing was sent, so it may be asked for again.
            self._move("swapping", build_sent_at=None)
            raise
        except OutcomeUnknown as error:
            log.warning("exchange unknown", mirror=self.lease.mirror, error=str(error))

    def _is_live(self, copy: Copy) -> bool:
        state = under_our_name(self.engine)
        return state is not None and state.identity == copy.identity

    def _trade_places(self, standing: Standing, copy: Copy) -> None:
        """The new index goes by the live name: its ledger is the mirror's from now on."""
        former = standing.live
        with self.lease.writing() as connection:
            mine = (COPY.c.mirror == self.lease.mirror) & (COPY.c.role == "live")
            away = {"role": "retired", "index": copy.index, "retired_at": clock.read(connection)}
            connection.execute(update(COPY).where(mine).values(**away))
            copies.change(connection, copy.id, role="live", index=standing.row["index"])
            verify.carry_over(connection, former, copy)
            self._set(connection, "verifying")
        self.close()
        log.info("rebuild in place", mirror=self.lease.mirror, index=copy.index, replaced=former is not None)

    def _verify(self, standing: Standing) -> bool:
        live = standing.live
        state = self.engine.look()
        if live is None or state is None or state.identity != live.identity:
            self._move("idle", build_wanted="the index that was built is not there any more")
            return True
        self._move("idle", build_failures=0, build_error=None, doubt=None)
        return True

    def _abandon(self, standing: Standing, reason: str) -> None:
        log.warning("rebuild abandoned", mirror=self.lease.mirror, reason=reason)
        self.close()
        copy = standing.building
        again = standing.row["build_wanted"] or standing.row["build_reason"]
        with self.lease.writing() as connection:
            if copy is not None:
                copies.forget(connection, copy.id)
            values = {"build_error": reason[:1000], "build_failures": standing.row["build_failures"] + 1}
            self._set(connection, "idle", **values, build_wanted=None if again == ROLLBACK else again)
        ledger.count(self.database, self.lease.mirror, "rebuilds", "abandoned")
        if copy is not None:
            self.engine.beside(copy.index).clear()

    def collect_garbage(self, standing: Standing) -> None:
        """Remove the index that was replaced, once it was kept long enough, and every stray beside the live one."""
        garbage.collect(self.database, self.engine, self.lease, standing, lambda at: self._since(at) >= self.patience.keep)

    def _copy(self, standing: Standing) -> Copy:
        if (copy := standing.building) is None:
            raise Abandoned("nothing is known of the index that was being built")
        if copy.schema_hash != SCHEMA:
            raise Abandoned("it was begun by another version")
        return copy

    def _sending(self, copy: Copy) -> Sender:
        if self._sender is None or self._sender.copy.id != copy.id:
            self.close()
            engine = self.engine.beside(copy.index)
            gently = under_our_name(self.engine) is not None
            self._sender = Sender(self.database, engine, self.lease, copy, self.patience, self.stopping, gently=gently)
        return self._sender

    def _since(self, at: datetime) -> float:
        """How many seconds have passed since then by the database's clock, which noted it; by ours, if that is set back."""
        seen = self._seen.setdefault(at, time.monotonic())
        with self.database.reading() as connection:
            return max((clock.read(connection) - at).total_seconds(), time.monotonic() - seen)

    def _owed(self, copy: Copy) -> int:
        with self.database.reading() as connection:
            owed = select(func.count()).select_from(LEDGER).where(LEDGER.c.copy_id == copy.id, LEDGER.c.state == "dirty")
            return connection.execute(owed).scalar_one()

    def _move(self, state: str, **columns: Any) -> None:
        with self.lease.writing() as connection:
            self._set(connection, state, **columns)

    def _set(self, connection: Any, state: str, **columns: Any) -> None:
        mine = MIRROR.c.name == self.lease.mirror
        connection.execute(update(MIRROR).where(mine).values(build_state=state, **columns))
