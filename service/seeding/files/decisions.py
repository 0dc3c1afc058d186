"""What was decided by hand where the files leave a question open, line by line."""

from pydantic import Field

from service.seeding.files.told import Row


class Duplicate(Row):
    merged: str
    survivor: str
    reason: str


class SameOutcome(Row):
    """An outcome of a statement that is one of the record's, worded differently."""

    statement: str
    title: str
    same_as: str = Field(alias="is")


class NamedPerson(Row):
    """Whom a name that names nobody means, in one record or everywhere."""

    name: str
    person: str
    record: str | None = None


class Headcount(Row):
    name: str
    headcount: int


class AbsentHost(Row):
    statement: str
    reason: str


class Parent(Row):
    statement: str
    parent: str


class Directed(Row):
    record: str
    direction: str
    reason: str


class Held(Row):
    record: str
    reason: str


class Parties(Row):
    record: str
    outcome: str
    parties: list[str]


class Unregistered(Row):
    """What a statement that is no engagement concerns."""

    statement: str
    concerns: str
    field: str


class Concern(Row):
    inconsistency: str
    record: str
    field: str


class Claim(Row):
    """What a source says otherwise, taken from the notes; with the number of a sentence the article is the source."""

    record: str
    field: str
    value: str
    reason: str
    locator: str | None = None
    sentence: int | None = None


class Decisions(Row):
    """What was decided by hand, line by line, each with its reason."""

    duplicates: list[Duplicate]
    same_outcomes: list[SameOutcome]
    people: list[NamedPerson]
    unnamed: list[str]
    headcounts: list[Headcount]
    no_organization: list[str]
    absent_hosts: list[AbsentHost]
    parents: list[Parent]
    directions: list[Directed]
    held: list[Held]
    parties: list[Parties]
    not_registered: list[Unregistered]
    concerns: list[Concern]
    claims: list[Claim]
