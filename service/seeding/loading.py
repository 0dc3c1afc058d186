"""Loading the seed: everything in one transaction through the register's verbs, nothing twice.

Records are found again by their external ids. The article, as a source, carries the fingerprint of the files that were
loaded last, so that a load of unchanged files is one question to the database.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlalchemy import Connection, String, bindparam, text

from service.database import Database
from service.errors import Invalid
from service.register.external_id import split
from service.register.reading import records
from service.register.reading.records import Noun
from service.register.table import new_id
from service.register.verbs import merging, recording, revising
from service.register.verbs.journal import Actor, Record
from service.seeding import assertions, changes, directory, engagements, organizations, people, sources, topics
from service.seeding.files.folder import Seed, contents, fingerprint, parse
from service.seeding.participations import Materials
from service.seeding.report import PLURAL, Report

Progress = Callable[[str, int, int], None]

_BATCH = 50


class _Ids(dict[str, str]):
    """The id in the register for each external id; made here for one that is not recorded yet."""

    def __missing__(self, external_id: str) -> str:
        self[external_id] = made = new_id()
        return made


def load(database: Database, folder: Path, *, progress: Progress | None = None) -> Report:
    """Load the seed files of a folder into the register, where they are not there yet.

    Raises `Invalid` for files that cannot be loaded and `Conflict` for an external id that another record has; then
    nothing is kept.
    """
    files = contents(folder)
    mark = fingerprint(files)
    with database.reading() as connection:
        if _is_loaded(connection, mark):
            return Report(mark, unchanged=True)
    started = perf_counter()
    seed = parse(files)
    with database.writing() as connection:
        _wait_for_turn(connection)
        # Another process may have loaded the same files while this one waited.
        if _is_loaded(connection, mark):
            return Report(mark, unchanged=True)
        report = _load(connection, seed, Report(mark), progress or (lambda _step, _done, _total: None))
    report.seconds = perf_counter() - started
    return report


def _load(connection: Connection, seed: Seed, report: Report, progress: Progress) -> Report:
    by = Actor(changes.ACTOR, f"Seed files {report.fingerprint}")
    before = changes.recorded_before(connection)
    ids = _Ids({external_id: record["id"] for external_id, record in before.items()})
    shapes = _shapes(seed, report.fingerprint, ids)
    _refuse_unknown(set(ids).difference(before, *shapes.values()))
    if others := _recorded_by_others(connection, shapes, before):
        ids.update(others)
        shapes = _shapes(seed, report.fingerprint, ids)
    there: dict[str, Record | None] = {**before, **dict.fromkeys(others)}
    for noun in PLURAL:
        known = {external_id: there[external_id] for external_id in shapes[noun] if external_id in there}
        new = {external_id: shape for external_id, shape in shapes[noun].items() if external_id not in there}
        _record(connection, noun, new, ids, report, by, progress)
        report.found[noun] = len(known)
        report.differences += changes.differences(connection, noun, shapes[noun], known, ids)
        if noun == "engagement":
            _merge(connection, seed, new, ids, report, progress)
    if sources.ARTICLE in there and not report.differences:
        _say_loaded(connection, ids[sources.ARTICLE], report.fingerprint, by)
    return report


def _shapes(seed: Seed, mark: str, ids: Mapping[str, str]) -> dict[Noun, dict[str, Any]]:
    """Everything that the files hold, in the order in which it can be recorded, by noun and external id."""
    known = directory.of(seed)
    said = assertions.collected(seed, ids)
    persons = people.shapes(seed, known, said)
    materials = Materials(seed, known, persons, sources.titles(seed), assertions.quotes(seed), ids)
    return {
        "topic": dict(topics.shapes(seed)),
        "source": dict(sources.shapes(seed, mark)),
        "person": dict(persons),
        "organization": dict(organizations.shapes(seed, said)),
        "engagement": dict(engagements.shapes(materials, said)),
    }


def _refuse_unknown(unknown: set[str]) -> None:
    if unknown:
        raise Invalid(f"The seed files refer to {', '.join(map(repr, sorted(unknown)))}, which none of them has.")


def _record(
    connection: Connection,
    noun: Noun,
    new: Mapping[str, Any],
    ids: Mapping[str, str],
    report: Report,
    by: Actor,
    progress: Progress,
) -> None:
    wanted = list(new)
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        recording.record(connection, noun, [new[external_id] for external_id in batch], by=by, ids=[ids[each] for each in batch])
        progress(PLURAL[noun], start + len(batch), len(wanted))
    report.recorded[noun] = len(wanted)
    for shape in new.values():
        report.parts.update({part: len(getattr(shape, part)) for part in revising.PARTS if hasattr(shape, part)})


def _merge(
    connection: Connection, seed: Seed, new: Mapping[str, Any], ids: Mapping[str, str], report: Report, progress: Progress
) -> None:
    """Merge the marked duplicates that were recorded just now; what somebody took apart again later stays apart."""
    pairs = [pair for pair in seed.decisions.duplicates if pair.merged in new]
    for n, pair in enumerate(pairs, start=1):
        merging.merge(connection, "engagement", ids[pair.merged], ids[pair.survivor], by=Actor(changes.ACTOR, pair.reason))
        progress("duplicates", n, len(pairs))
    report.merged = len(pairs)


def _recorded_by_others(
    connection: Connection, shapes: Mapping[Noun, Mapping[str, Any]], before: Mapping[str, Record]
) -> dict[str, str]:
    """External ids of the seed under which somebody else recorded something, and the ids of those records."""
    found: dict[str, str] = {}
    for noun, wanted in shapes.items():
        keys = {split(external_id): external_id for external_id in wanted if external_id not in before}
        question = f"SELECT system, key, {noun}_id FROM external_id WHERE {noun}_id IS NOT NULL AND key IN :keys"  # noqa: S608
        # Without the type PostgreSQL would be asked to compare text with an empty list of numbers.
        bound = text(question).bindparams(bindparam("keys", expanding=True, type_=String))
        rows = connection.execute(bound, {"keys": [key for _, key in keys]})
        found |= {keys[system, key]: owner for system, key, owner in rows if (system, key) in keys}
    return found


def _is_loaded(connection: Connection, mark: str) -> bool:
    system, key = split(sources.loaded(mark))
    question = text("SELECT 1 FROM external_id WHERE system = :system AND key = :key")
    return connection.execute(question, {"system": system, "key": key}).first() is not None


def _say_loaded(connection: Connection, article_id: str, mark: str, by: Actor) -> None:
    """Let the article say that these files are the ones that were loaded last."""
    article = records.load(connection, "source", [article_id])[article_id]
    others = [written for written in article["external_ids"] if split(written)[0] != sources.LOADED]
    patch = {"external_ids": [*others, sources.loaded(mark)]}
    revising.revise(connection, "source", {article_id: patch}, by=by)


def _wait_for_turn(connection: Connection) -> None:
    # SQLite lets one transaction write at a time anyway; PostgreSQL is told to, for this one purpose.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('seeding'))"))
