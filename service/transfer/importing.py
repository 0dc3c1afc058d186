"""Taking a file in: read once to be checked, and once more to be recorded, so that nothing of it has to be held.

    check     every row is read and checked; what is wrong with any is listed, nothing is written
    record    only then, in lots of some hundred: all in one transaction, or each lot in its own

A record is known again by its id or its external ids, so that the same file may be taken in again: what does not differ makes no
version. A row that has neither is recorded new, each time.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Final, Literal

from sqlalchemy import Connection

from service.database import Database
from service.errors import Problem
from service.register.reading.records import Noun
from service.register.verbs.carrying_out import Operation, Result, carry_out, faults_of
from service.register.verbs.journal import Actor
from service.transfer import finding, mapping, tables, unchanged
from service.transfer.item import Item, of_line
from service.transfer.mapping import Guess
from service.transfer.mapping import Mapping as ColumnMapping
from service.transfer.ordering import parents_first
from service.transfer.rows import Reader
from service.transfer.trouble import Language, Trouble, Unreadable

Format = Literal["csv", "xlsx", "jsonl"]

_LOT: Final = 500
_MOST_TOLD: Final = 1_000
_LONGEST_LINE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be taken in, and how."""

    noun: Noun
    format: Format
    mapping: ColumnMapping = field(default_factory=ColumnMapping)
    dry_run: bool = False
    atomic: bool = True


@dataclass(slots=True)
class Report:
    """What taking a file in came to, or would."""

    rows: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    recorded_beside: dict[str, int] = field(default_factory=dict)
    """People, organizations, topics and sources that rows named and that were not there yet, by noun."""
    guesses: list[Guess] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    troubles_total: int = 0

    def add(self, troubles: Iterable[Trouble]) -> None:
        """Keep what is wrong, as far as it is told, and count all of it."""
        for trouble in troubles:
            self.troubles_total += 1
            if len(self.troubles) < _MOST_TOLD:
                self.troubles.append(trouble)

    def count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1

    def as_json(self, plan: Plan, language: Language) -> dict[str, Any]:
        """The report as it is told."""
        return {
            "dry_run": plan.dry_run,
            "rows": self.rows,
            "counts": self.counts,
            "recorded_beside": self.recorded_beside,
            "columns": mapping.as_json(self.guesses),
            "problems": [trouble.told(language) for trouble in self.troubles],
            "problems_total": self.troubles_total,
        }


class ImportRefused(Problem):
    """Rows of the file are wrong, so nothing of it was recorded."""

    status = 422
    type = "import-refused"
    title = "Rows of the file cannot be taken in"

    def __init__(self, report: Report, plan: Plan, language: Language) -> None:
        first = report.troubles[0].told("en")
        wrong = "1 thing is" if report.troubles_total == 1 else f"{report.troubles_total} things are"
        detail = f"{wrong} wrong, so nothing was recorded: row {first['row']}: {first['detail']}"
        super().__init__(detail, report=report.as_json(plan, language))


def take_in(register: Database, file: BinaryIO, plan: Plan, *, by: Actor, language: Language = "en") -> Report:
    """Check the file, and record it unless it is a dry run. Raises `ImportRefused`, `Unreadable`, `TooMuch`."""
    rows: dict[str, int] = {}
    checked = check(register, file, plan, by, rows)
    if plan.dry_run:
        return checked
    if checked.troubles and plan.atomic:
        raise ImportRefused(checked, plan, language)
    if plan.atomic:
        with register.writing() as connection:
            return record_all(connection, file, plan, rows, by, language)
    report = Report(guesses=checked.guesses)
    for lot in _lots(parents_first(_items(file, plan, report), rows)):
        with register.writing() as connection:
            _record(connection, plan, lot, report, by)
    return report


def record_all(
    connection: Connection, file: BinaryIO, plan: Plan, rows: Mapping[str, int], by: Actor, language: Language = "en"
) -> Report:
    """Record all of a file that was checked, in the transaction of this connection. Raises `ImportRefused`.

    `rows` is what `check` found out: in which row each id and external id stands.
    """
    report = Report()
    for lot in _lots(parents_first(_items(file, plan, report), rows)):
        _record(connection, plan, lot, report, by)
        if report.troubles and plan.atomic:
            raise ImportRefused(report, plan, language)
    return report


def check(register: Database, file: BinaryIO, plan: Plan, by: Actor, seen: dict[str, int]) -> Report:
    """Read every row and say what is wrong, with the file and with what it names in the register; nothing is written.

    In which row each id and external id stands is noted in `seen`.
    """
    report = Report()
    for lot in _lots(_items(file, plan, report)):
        for item in lot:
            _refuse_repeated(item, seen)
        with register.reading() as connection:
            unchanged.leave(connection, plan.noun, lot, by.audience)
            found = finding.find(connection, [mention for item in lot for mention in item.named.values()], by.audience)
        finding.refuse_several(lot, found)
        for item in lot:
            report.add(item.troubles)
            report.count("refused" if item.troubles else "fit")
    return report


def _refuse_repeated(item: Item, seen: dict[str, int]) -> None:
    names = [*([item.id] if item.id else []), *(item.shape.external_ids if item.shape is not None else [])]
    for name in names:
        first = seen.setdefault(name, item.row)
        if first != item.row:
            item.trouble("external_ids", "repeated", f"{name!r} stands in row {first} already", name)


def _record(connection: Connection, plan: Plan, lot: Sequence[Item], report: Report, by: Actor) -> None:
    unchanged.leave(connection, plan.noun, lot, by.audience)
    found = finding.find(connection, [mention for item in lot for mention in item.named.values()], by.audience)
    finding.refuse_several(lot, found)
    good = [item for item in lot if not item.troubles]
    for noun, count in finding.record_new(connection, good, found, by).items():
        report.recorded_beside[noun] = report.recorded_beside.get(noun, 0) + count
    operations = [_operation(item, finding.linked(item, found)) for item in good]
    for item, operation, result in zip(good, operations, carry_out(connection, plan.noun, operations, by=by), strict=True):
        _settle(item, operation, result, report)
    for item in lot:
        report.add(item.troubles)
        if item.troubles:
            report.count("refused")


def _operation(item: Item, shape: Any) -> Operation:
    known = item.id is not None or bool(shape.external_ids)
    return Operation("upsert" if known else "record", f"#/{item.row}", shape=shape, id=item.id)


def _settle(item: Item, operation: Operation, result: Result, report: Report) -> None:
    if result.problem is None:
        report.count(result.what)
        return
    for fault in faults_of(operation, result.problem):
        steps = (fault.pointer or "").removeprefix(f"{operation.root}/record").strip("/").split("/")
        item.trouble(steps[0] or None, fault.code, fault.detail, fault.value)


def _lots(items: Iterable[Item]) -> Iterator[list[Item]]:
    lot: list[Item] = []
    for item in items:
        lot.append(item)
        if len(lot) == _LOT:
            yield lot
            lot = []
    if lot:
        yield lot


def _items(file: BinaryIO, plan: Plan, report: Report) -> Iterator[Item]:
    """The rows of the file, from its beginning; counted, and with the headings as they were understood, in the report."""
    file.seek(0)
    found = _lines(file, plan) if plan.format == "jsonl" else _table(file, plan, report)
    for item in found:
        report.rows += 1
        yield item
    if not report.rows:
        raise Unreadable("The file has no rows" + ("" if plan.format == "jsonl" else " below its header"))


def _lines(file: BinaryIO, plan: Plan) -> Iterator[Item]:
    number = 0
    while line := file.readline(_LONGEST_LINE + 1):
        number += 1
        if len(line) > _LONGEST_LINE:
            raise Unreadable(f"Line {number} is longer than {_LONGEST_LINE} bytes")
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.strip():
            yield of_line(plan.noun, number, line)


def _table(file: BinaryIO, plan: Plan, report: Report) -> Iterator[Item]:
    rows = tables.csv_rows(file) if plan.format == "csv" else tables.sheet_rows(file)
    header = next(rows, None)
    if header is None:
        raise Unreadable("The file is empty")
    report.guesses = mapping.guess(plan.noun, header.cells, plan.mapping)
    _refuse_header(header.cells, report.guesses)
    reader = Reader(plan.noun, report.guesses, plan.mapping)
    for row in rows:
        yield reader.read(row.number, row.cells)


def _refuse_header(headings: Sequence[str], guesses: Sequence[Guess]) -> None:
    named = [heading.strip() for heading in headings if heading.strip()]
    twice = next((heading for n, heading in enumerate(named) if heading in named[:n]), None)
    if twice:
        raise Unreadable(f"Two columns are headed {twice!r}; give each its own heading")
    if not any(guess.column for guess in guesses):
        raise Unreadable(f"No heading is understood: {', '.join(named)[:300]}; name the columns with a mapping")
