"""A random life of one mirror, told step by step by Hypothesis: writes, rounds, deaths, faults, and what operators do.

Whatever happens, these hold after every step:

    of a clean document a copy holds what its ledger says, and that is what the register says unless a touch waits
    a search finds nothing that was taken back
    no copy has two open batches, and nothing is sent over a write that may still arrive

and in the end, when the faults are over and some time has passed, every document of every copy is what the register says.
Where somebody tampered with the engine, or a write arrived late, the first two hold again from the next calm on.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import text

from service.database import Database
from service.mirror import copies, ledger, status
from service.mirror.asking import Search
from service.mirror.audit import Audit
from service.mirror.contents import contents
from service.mirror.freshness import Watch
from service.mirror.keeper import Keeper
from service.mirror.lease import HostLock, Lease, LeaseLost
from service.mirror.patience import Patience
from service.mirror.rebuild import ROLLBACK
from service.register.audience import OFFICE
from service.search.engine import EngineDown, EngineRefused, IndexLost, OutcomeUnknown
from service.search.question import Question
from service.settings import MirrorSettings
from tests.mirror.clocks import Clocks
from tests.mirror.instances import Instance
from tests.mirror.writes import WRITES, people, write

PATIENCE = Patience(settle=5, drain=45, retry=60, verify=(120.0, 1800.0), probe=60, audit=1e9, keep=7200)
"""As it is by default, but that nothing is audited by the clock: an audit would mend what a hole let through."""

_CLEAN = text("SELECT document_id, present, indexed_hash FROM ledger WHERE copy_id = :copy AND state = 'clean'")

NUMBERS = st.integers(0, 99)
ROUNDS_TO_REST = 150
"""So many rounds are enough for a rebuild and all that was written meanwhile."""


DEEDS: Final = Counter(
    {
        "write": 12,
        "rounds": 9,
        "die": 4,
        "another_host": 1,
        "requests_go_wrong": 6,
        "late_requests_arrive": 2,
        "server_goes": 1,
        "document_refused": 1,
        "time_passes": 4,
        "clock_set_back": 1,
        "rebuild": 2,
        "audit": 1,
        "backup_made": 2,
        "backup_put_back": 2,
        "engine_wiped": 1,
        "document_removed": 1,
        "calm": 1,
    }
)
"""What may happen, and how often compared with the others."""


class Killed(BaseException):
    """The process dies here."""


@dataclass
class Place:
    """Where a machine lives: how it gets a database, what its engine is an instance of, and the clocks of both."""

    new_database: Callable[[], AbstractContextManager[Database]]
    instance: Instance
    mirror: MirrorSettings
    clocks: Clocks
    folder: Path
    counts: Counter[str] = field(default_factory=Counter)


class Worker:
    """One process: a keeper with its engine and its lease, which die together."""

    def __init__(self, database: Database, place: Place, host: str) -> None:
        self.lease = Lease(database, place.mirror.name, 300, HostLock(place.folder / f"{host}.lock"))
        self.keeper = Keeper(database, place.instance.engine(), self.lease, PATIENCE, lambda _seconds: False)

    def round(self) -> bool:
        self.keeper.retry_at = 0.0
        try:
            return self.keeper.cycle()
        except LeaseLost:
            self.keeper.let_go()
            return False

    def die(self) -> None:
        self.lease._ended.set()
        self.lease.lock.release()
        self.keeper.let_go()


class Death:
    """Kills whoever writes to the database, at the transaction with this number, before or after its commit."""

    def __init__(self, database: Database) -> None:
        self.left: float = float("inf")
        self.after_commit = False
        database.before_commit.append(lambda _connection: self._strike(now=not self.after_commit))
        database.on_commit.append(lambda: self._strike(now=self.after_commit, counted=True))

    def _strike(self, *, now: bool, counted: bool = False) -> None:
        if now and self.left <= 0:
            raise Killed
        self.left -= counted


def expect(wanted: dict[str, str], there: dict[str, str]) -> None:
    """Fails with what is not as it should be, and only that."""
    wrong = {key: (wanted.get(key), there.get(key)) for key in {*wanted, *there} if wanted.get(key) != there.get(key)}
    assert not wrong, wrong


class Machine(RuleBasedStateMachine):
    """The life of one mirror."""

    place: Place

    def __init__(self) -> None:
        super().__init__()
        place = self.place
        self.clocks, self.instance = place.clocks, place.instance
        self.clocks.reset()
        self.instance.reset()
        self.stack = ExitStack()
        self.database = self.stack.enter_context(place.new_database())
        self.loop = self.stack.enter_context(asyncio.Runner())
        self.words = itertools.count(1)
        people(self.database, 4)
        ledger.enroll(self.database, (place.mirror,))
        self.death = Death(self.database)
        self.worker = Worker(self.database, place, "here")
        self.elsewhere: Worker | None = None
        watch = Watch(self.database, 60)
        self.search = Search([place.mirror], place.folder, self.database.url.render_as_string(hide_password=False), watch)
        self.tampered = False
        self.disbelieved: set[str] = set()
        self.backed_up_at = -1
        self.place.counts["lives"] += 1

    @initialize(settled=st.booleans(), meetings=st.integers(0, 4))
    def begin(self, settled: bool, meetings: int) -> None:
        for number in range(meetings):
            write(self.database, "record", number, number, f"zero {number}")
        if settled:
            self.until_at_rest()

    @rule(deed=st.sampled_from(list(DEEDS.elements())), one=NUMBERS, other=NUMBERS)
    def step(self, deed: str, one: int, other: int) -> None:
        """What happens next; the numbers say to what, how often and how."""
        self.place.counts[deed] += 1
        getattr(self, deed)(one, other)

    # What may happen.

    def write(self, one: int, other: int) -> None:
        kinds = [*sorted(WRITES), *("record", "revise") * 4, "withdraw", "rename a person"]
        for number in range(1 + other % 3):
            kind = kinds[(one + number * 5) % len(kinds)]
            self.place.counts[f"write: {kind}"] += write(self.database, kind, one + number, other, str(next(self.words)))

    def rounds(self, one: int, other: int) -> None:
        for _ in range((1, 1, 2, 3, 20)[one % 5]):
            if not self.worker.round():
                break

    def die(self, one: int, other: int) -> None:
        """The process is killed at one of its transactions, or where it would have rested, and another one is started."""
        self.death.left, self.death.after_commit = one % 10, bool(other % 2)
        try:
            for _ in range(1 + other % 4):
                self.worker.round()
        except Killed:
            self.place.counts["died while writing"] += 1
        self.death.left = float("inf")
        self.worker.die()
        self.worker = Worker(self.database, self.place, "here")

    def another_host(self, one: int, other: int) -> None:
        """A worker on another host does what it may, which is nothing while the lease of the first one lasts."""
        if self.instance.remote:
            self.elsewhere = self.elsewhere or Worker(self.database, self.place, "elsewhere")
            for _ in range(1 + one % 3):
                self.elsewhere.round()

    def time_passes(self, one: int, other: int) -> None:
        self.pass_by((2, 20, 50, 70, 400)[one % 5])

    def clock_set_back(self, one: int, other: int) -> None:
        """The database's alone."""
        self.clocks.ahead -= 90

    def rebuild(self, one: int, other: int) -> None:
        ledger.want_rebuild(self.database, self.place.mirror.name, ROLLBACK if one % 3 == 0 else "the machine asked for it")

    def audit(self, one: int, other: int) -> None:
        live = self.standing().live
        if live is not None:
            engine = self.instance.engine()
            with suppress(EngineDown, EngineRefused, OutcomeUnknown, IndexLost):
                Audit(self.database, engine, live, repair=True).run()
            engine.close()

    def requests_go_wrong(self, one: int, other: int) -> None:
        self.instance.plan(one, 1 + other % 2)

    def late_requests_arrive(self, one: int, other: int) -> None:
        self.deliver_late()

    def server_goes(self, one: int, other: int) -> None:
        self.instance.up(bool(one % 2))

    def document_refused(self, one: int, other: int) -> None:
        with self.database.reading() as connection:
            ids = connection.execute(text("SELECT id FROM engagement ORDER BY id")).scalars().all()
        self.instance.poison({ids[one % len(ids)]} if ids else set())

    def backup_made(self, one: int, other: int) -> None:
        self.instance.back_up()
        self.backed_up_at = self.standing().row["watermark"]

    def backup_put_back(self, one: int, other: int) -> None:
        if self.backed_up_at >= 0:
            self.tamper(self.instance.restore)

    def engine_wiped(self, one: int, other: int) -> None:
        self.tamper(self.instance.wipe)

    def document_removed(self, one: int, other: int) -> None:
        """By somebody else, in the engine."""
        self.tamper(lambda: self.instance.remove_one(one))

    def calm(self, one: int, other: int) -> None:
        """Nothing goes wrong for a while."""
        self.be_at_rest()

    # What always holds.

    @invariant()
    def clean_is_as_noted_and_as_registered(self) -> None:
        self.place.counts["steps"] += 1
        if self.tampered:
            return
        for copy in self.standing().copies:
            held = None if copy.id in self.disbelieved else self.instance.held(copy.identity)
            if held is not None:
                self.compare(copy.id, held)

    @invariant()
    def nothing_taken_back_is_found(self) -> None:
        if self.tampered or not self.instance.is_up:
            return
        with self.database.reading() as connection:
            gone = "withdrawn_at IS NOT NULL OR merged_into IS NOT NULL"
            there = set(connection.execute(text(f"SELECT id FROM engagement WHERE NOT ({gone})")).scalars())
        try:
            answered = self.loop.run(self.search.ask(Question(limit=100), OFFICE))
        except (EngineDown, EngineRefused):
            return
        found = {card["id"] for card in answered.answer.cards}
        assert found <= there, found - there

    @invariant()
    def nothing_is_sent_over_what_is_unknown(self) -> None:
        with self.database.reading() as connection:
            question = "SELECT copy_id FROM batch WHERE state IN ('prepared', 'sent', 'unknown') GROUP BY 1 HAVING count(*) > 1"
            two_open = connection.execute(text(question)).all()
        assert two_open == [], two_open
        overtaken = self.instance.overtaken(self.clocks.passed, PATIENCE.drain)
        assert overtaken == [], overtaken

    def compare(self, copy_id: str, held: dict[str, str]) -> None:
        """The clean documents of a copy with its ledger, and with the register where no touch waits."""
        with self.database.reading() as connection:
            rows = connection.execute(_CLEAN, {"copy": copy_id}).all()
            touched = connection.execute(text("SELECT 1 FROM touch LIMIT 1")).first()
        noted = {document_id: indexed for document_id, present, indexed in rows if present}
        clean = [document_id for document_id, _, _ in rows]
        expect(noted, {key: mark for key, mark in held.items() if key in clean})
        if not touched:
            wanted, _ = contents(self.database, clean)
            expect({key: document["sync_hash"] for key, document in wanted.items()}, noted)

    # How it ends.

    def teardown(self) -> None:
        try:
            self.be_at_rest()
            self.verdict()
        finally:
            for worker in filter(None, (self.worker, self.elsewhere)):
                worker.die()
            with suppress(Exception):
                self.loop.run(self.search.close())
            self.stack.close()

    def be_at_rest(self) -> None:
        """The faults are over, what was late arrives, and as long passes as something may have to be looked for."""
        self.instance.end_faults()
        self.deliver_late()
        self.until_at_rest()
        ledger.retry(self.database)
        for seconds in (*PATIENCE.verify, 100.0, PATIENCE.probe + 10):
            self.pass_by(seconds)
            self.until_at_rest()
        if self.tampered:
            # An index that was replaced is mended when it is gone back to, and not before.
            self.disbelieved |= {copy.id for copy in self.standing().copies if copy.role == "retired"}
        self.tampered = False

    def until_at_rest(self) -> None:
        for _ in range(12):
            for _ in range(ROUNDS_TO_REST):
                if not self.worker.round() and self.is_at_rest():
                    return
            # A rebuild that failed is tried again after a pause.
            self.pass_by(3700)
        raise AssertionError(f"not at rest: {self.state()}")

    def is_at_rest(self) -> bool:
        seen = self.state()
        return seen.in_step and seen.build.state == "idle" and not seen.build.wanted

    def verdict(self) -> None:
        """Every document of the live index, and of the other copies what they owe nothing of."""
        standing, state = self.standing(), self.state()
        assert state.dead == 0, status.dead(self.database)
        with self.database.reading() as connection:
            ids = list(connection.execute(text("SELECT id FROM engagement")).scalars())
        wanted, _ = contents(self.database, ids)
        assert standing.live is not None
        expect({key: each["sync_hash"] for key, each in wanted.items()}, self.instance.held(standing.live.identity) or {})
        self.clean_is_as_noted_and_as_registered()

    # What it takes.

    def pass_by(self, seconds: float) -> None:
        """Time passes; what was late for half an hour has arrived, for nothing is looked for later than that."""
        self.nothing_is_sent_over_what_is_unknown()
        if self.instance.late_since() + PATIENCE.verify[-1] < self.clocks.passed + seconds:
            self.deliver_late()
        self.clocks.pass_by(seconds)

    def deliver_late(self) -> None:
        self.nothing_is_sent_over_what_is_unknown()
        self.tampered |= self.instance.deliver_late() > 0

    def tamper(self, deed: Callable[[], None]) -> None:
        """What an operator does behind everybody's back.

        A backup that is put back is noticed by the number in the marker or by the newest write in it. Where neither tells any
        more, because no marker was left since and a write came before the next look, it is not: so that look comes first.
        """
        self.tampered = True
        workers = [worker for worker in (self.worker, self.elsewhere) if worker]
        if self.instance.remote:
            deed()
        else:
            self.worker.die()
            deed()
            self.worker = Worker(self.database, self.place, "here")
        if self.standing().row["watermark"] <= self.backed_up_at:
            for worker in workers:
                worker.keeper._look_at = 0.0

    def standing(self) -> copies.Standing:
        with self.database.reading() as connection:
            return copies.standing(connection, self.place.mirror.name)

    def state(self) -> status.MirrorStatus:
        return status.read(self.database)[0]
