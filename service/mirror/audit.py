"""The audit: what an index holds is compared with the register itself, document by document, and mended.

    for each of the 64 buckets that a document's id falls into:
        what the index holds: the marks of every document in the bucket
        what it should hold:  every live engagement of the bucket, built anew from its rows, except the dead
        missing, extra, stale = the difference, without what is dirty or waits to be folded: that is known already
        what differs is compared once more, and only what differs twice is believed

The counts per bucket are compared first, so that a bucket that has lost or gained documents is named at once. Nothing of the
ledger is believed here: a change that no trigger saw, as one that another program made around them, is found as well.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select, text, update

from service.database import Database
from service.mirror import tally, verify
from service.mirror.contents import contents
from service.mirror.copies import Copy
from service.mirror.tables import LEDGER, MIRROR
from service.search.document import BUCKETS, bucket
from service.search.engine import Engine

NAMED: Final = 100
"""How many documents of each kind a report names; all are counted."""

_CHUNK: Final = 200


@dataclass
class Findings:
    """What an audit has found so far; ids of documents by kind of difference."""

    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    buckets: list[int] = field(default_factory=list)
    settings: list[str] = field(default_factory=list)
    documents: int = 0

    @property
    def wrong(self) -> int:
        return len(self.missing) + len(self.extra) + len(self.stale)


class Audit:
    """One audit of one copy, a bucket at a time."""

    def __init__(self, database: Database, engine: Engine, copy: Copy, *, repair: bool) -> None:
        self.database = database
        self.engine = engine
        self.copy = copy
        self.repair = repair
        self.begun_at = datetime.now(UTC)
        self.findings = Findings(settings=engine.differences())
        self._ids = self._by_bucket()
        self._left = list(range(BUCKETS))
        counted = engine.counts()
        self.findings.buckets = [n for n in range(BUCKETS) if counted.get(n, 0) != len(self._ids.get(n, ()))]

    def step(self) -> bool:
        """Compare the next bucket; false when there is none any more."""
        if self._left:
            self._compare(self._left.pop(0))
        return bool(self._left)

    def run(self, told: Callable[[int, int], None] | None = None) -> "Report":
        """Compare every bucket, and keep the report."""
        while self.step():
            if told:
                told(BUCKETS - len(self._left), BUCKETS)
        return self.finish()

    def finish(self) -> "Report":
        """Keep the report where the status reads it."""
        report = Report.of(self)
        with self.database.writing() as connection:
            if self.copy.role == "live":
                mine = update(MIRROR).where(MIRROR.c.name == self.copy.mirror)
                connection.execute(mine.values(last_audit=report.as_json()))
            counts = {("drift", kind): len(getattr(self.findings, kind)) for kind in ("missing", "extra", "stale")}
            tally.add(connection, self.copy.mirror, {**counts, ("audits", ""): 1, ("repairs", ""): report.repaired})
        return report

    def _by_bucket(self) -> dict[int, list[str]]:
        live = "SELECT id FROM engagement WHERE withdrawn_at IS NULL AND merged_into IS NULL"
        found: dict[int, list[str]] = {}
        with self.database.reading() as connection:
            for (document_id,) in connection.execute(text(live)):
                found.setdefault(bucket(document_id), []).append(document_id)
        return found

    def _compare(self, number: int) -> None:
        ids = self._ids.get(number, [])
        marks = self.engine.marks(number)
        doubted = self._differences({*ids, *marks}, marks)
        if not doubted:
            self.findings.documents += len(ids)
            return
        again = self.engine.fetch(sorted(doubted))
        wrong = self._differences(doubted, again)
        self.findings.documents += len(ids)
        for document_id, kind in sorted(wrong.items()):
            getattr(self.findings, kind).append(document_id)
        if self.repair:
            with self.database.writing() as connection:
                verify.repair(connection, self.copy, {document_id: document_id in again for document_id in wrong})

    def _differences(self, ids: Iterable[str], marks: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
        """Of these documents those that the index should hold otherwise, each with the kind of difference."""
        found: dict[str, str] = {}
        listed = sorted(ids)
        for start in range(0, len(listed), _CHUNK):
            some = listed[start : start + _CHUNK]
            built, unbuilt = contents(self.database, some)
            for document_id in some:
                wanted, there = built.get(document_id), marks.get(document_id)
                if kind := _kind(wanted["sync_hash"] if wanted else None, there.get("sync_hash") if there else None):
                    found[document_id] = kind
            for document_id in unbuilt:
                found.pop(document_id, None)
        return {document_id: kind for document_id, kind in found.items() if document_id not in self._known(list(found))}

    def _known(self, ids: Sequence[str]) -> set[str]:
        """Those of these documents of which it is known that the index is not up to date with them, or cannot be."""
        if not ids:
            return set()
        with self.database.reading() as connection:
            waiting = connection.execute(text("SELECT noun, key FROM touch")).all()
            if any(noun != "engagement" for noun, _ in waiting):
                return set(ids)  # What a person's change means is known once it is folded.
            mine = select(LEDGER.c.document_id).where(LEDGER.c.copy_id == self.copy.id, LEDGER.c.document_id.in_(ids))
            return {key for _, key in waiting} | set(connection.execute(mine.where(LEDGER.c.state != "clean")).scalars())


def _kind(wanted: str | None, there: str | None) -> str | None:
    if wanted == there:
        return None
    return "missing" if there is None else "extra" if wanted is None else "stale"


@dataclass(frozen=True)
class Report:
    """What an audit found; `repaired` documents were given to the worker to send anew."""

    mirror: str
    begun_at: datetime
    ended_at: datetime
    documents: int
    missing: int
    extra: int
    stale: int
    repaired: int
    buckets: int
    settings: list[str]
    named: dict[str, list[str]]

    @classmethod
    def of(cls, audit: Audit) -> "Report":
        found = audit.findings
        return cls(
            mirror=audit.copy.mirror,
            begun_at=audit.begun_at,
            ended_at=datetime.now(UTC),
            documents=found.documents,
            missing=len(found.missing),
            extra=len(found.extra),
            stale=len(found.stale),
            repaired=found.wrong if audit.repair else 0,
            buckets=len(found.buckets),
            settings=found.settings,
            named={kind: getattr(found, kind)[:NAMED] for kind in ("missing", "extra", "stale")},
        )

    @property
    def wrong(self) -> int:
        return self.missing + self.extra + self.stale

    def as_json(self) -> dict[str, Any]:
        """The report as it is kept and shown."""
        return {**vars(self), "begun_at": self.begun_at.isoformat(), "ended_at": self.ended_at.isoformat()}
