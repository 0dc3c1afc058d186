"""Which records and statements speak of the same meeting, and whether what was decided by hand still fits the files.

A statement of the article that names the records which verify it is the same engagement as the first of them. A record
that is marked as a duplicate is recorded too and then merged; statements go to the survivor at once.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from service.errors import Invalid
from service.seeding.files.decisions import Decisions
from service.seeding.files.folder import Seed
from service.seeding.files.told import Record, Statement


class Contact(NamedTuple):
    """One engagement as the files tell it: a record, statements of the article about it, or a statement alone."""

    record: Record | None
    statements: tuple[Statement, ...]

    @property
    def external_ids(self) -> list[str]:
        """The ids of all that tell of it, the record's first."""
        return [*([self.record.id] if self.record else []), *(statement.id for statement in self.statements)]


def contacts(seed: Seed) -> list[Contact]:
    """Every engagement of the files, trips and delegations before what belongs to them."""
    check(seed)
    told: dict[str, list[Statement]] = {record.id: [] for record in seed.records}
    alone = []
    for statement in seed.statements:
        if not statement.is_registered:
            continue
        if statement.verified_by:
            told[survivor(seed, statement.verified_by[0])].append(statement)
        else:
            alone.append(Contact(None, (statement,)))
    recorded = sorted(seed.records, key=lambda record: record.part_of is not None)
    return [*(Contact(record, tuple(told[record.id])) for record in recorded), *alone]


def survivor(seed: Seed, record_id: str) -> str:
    """The record itself, or the one that a duplicate is merged into."""
    return next((pair.survivor for pair in seed.decisions.duplicates if pair.merged == record_id), record_id)


def also_verified(seed: Seed) -> Iterator[tuple[Statement, str]]:
    """Statements with the further records that verify them: they may tell of these as well."""
    for statement in seed.statements:
        first = [survivor(seed, record_id) for record_id in statement.verified_by]
        for record_id in dict.fromkeys(first[1:]):
            if record_id != first[0]:
                yield statement, record_id


def check(seed: Seed) -> None:
    """Raise `Invalid` where the files refer to something that none of them has."""
    records, statements = {each.id for each in seed.records}, {each.id for each in seed.statements}
    _known("gyeonggi/engagements.json", "part_of", [each.part_of for each in seed.records if each.part_of], records)
    _known(
        "gyeonggi/engagements.json", "same_event_as", [other for each in seed.records for other in each.same_event_as], records
    )
    _known("article/engagements.json", "verified_by", [other for each in seed.statements for other in each.verified_by], records)
    _check_people(seed)
    for field, used in _decided(seed.decisions).items():
        _known("decisions.json", field, used, statements if field == "statement" else records)
    _check_subjects(seed, records | statements)


def _decided(by_hand: Decisions) -> dict[str, list[str]]:
    """The records and statements that the decisions name."""
    return {
        "merged": [line.merged for line in by_hand.duplicates],
        "survivor": [line.survivor for line in by_hand.duplicates],
        "parent": [line.parent for line in by_hand.parents],
        "record": [line.record for line in by_hand.directions] + [line.record for line in by_hand.held],
        "statement": [line.statement for line in by_hand.same_outcomes]
        + [line.statement for line in by_hand.absent_hosts]
        + [line.statement for line in by_hand.parents]
        + [line.statement for line in by_hand.not_registered],
    }


def _check_subjects(seed: Seed, told: set[str]) -> None:
    by_hand = seed.decisions
    organizations = {each.id for each in seed.article_organizations} | {each.id for each in seed.organizations}
    subjects = told | organizations | {each.id for each in seed.people}
    _known("decisions.json", "parties", [party for line in by_hand.parties for party in line.parties], organizations)
    _known(
        "decisions.json",
        "inconsistency",
        [line.inconsistency for line in by_hand.concerns],
        {each.id for each in seed.inconsistencies},
    )
    _known("decisions.json", "record", [line.record for line in by_hand.concerns], subjects)
    _known("decisions.json", "record", [line.record for line in by_hand.claims], subjects)
    _known("decisions.json", "concerns", [line.concerns for line in by_hand.not_registered], subjects)


def _check_people(seed: Seed) -> None:
    """Whom the statements name by id must be one of the people or organizations of the article."""
    there = {each.id for each in seed.people} | {each.id for each in seed.article_organizations}
    named = [who.person_id for each in seed.statements for who in (*each.counterparts, *each.hosts) if who.person_id]
    _known("article/engagements.json", "person_id", named, there)


def _known(file: str, field: str, used: Iterable[str], there: set[str]) -> None:
    for word in used:
        if word not in there:
            raise Invalid(f"The seed file {file} refers to {word!r} in {field}, which none of the files has.")
