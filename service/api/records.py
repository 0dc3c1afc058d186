"""The records that the API answers with, as the OpenAPI document describes them.

The database writes these answers (`service.register.reading`); nothing is built from these classes when it does. The tests
hold every answer to them, member by member.
"""

from typing import Annotated, Any

from pydantic import BaseModel, Field

from service.api.members import (
    Assertion,
    Citation,
    Country,
    Dated,
    EdtfText,
    EngagementReference,
    Instant,
    Name,
    OrganizationReference,
    Outcome,
    ParticipatingPerson,
    Participation,
    Place,
    RecordId,
    Subdivision,
    TopicReference,
)
from service.register.codes import (
    Confidence,
    Direction,
    Kind,
    Level,
    Mode,
    OrganizationKind,
    SourceGrade,
    Status,
    Visibility,
)


class Life(BaseModel):
    """What every record has."""

    version: Annotated[int, Field(description="Raised by one with every revision.")]
    recorded_at: Instant
    revised_at: Instant


class Engagement(Dated, Life):
    """An engagement with its people, organizations, outcomes, sources and assertions."""

    id: RecordId
    kind: Kind
    kind_as_stated: str | None
    mode: Mode | None
    direction: Direction
    status: Status
    title_en: str | None
    title_ko: str | None
    summary_en: str | None
    summary_ko: str | None
    place: Place | None
    countries: list[Country]
    topics: list[TopicReference]
    parent: EngagementReference | None
    visibility: Visibility
    confidence: Confidence | None
    confidence_as_stated: str | None
    in_scope: bool
    note: str | None
    external_ids: list[str]
    participations: list[Participation]
    outcomes: list[Outcome]
    citations: list[Citation]
    assertions: list[Assertion]


class EngagementSummary(Dated, Life):
    """What a list says of an engagement."""

    id: RecordId
    kind: Kind
    status: Status
    mode: Mode | None
    direction: Direction
    title_en: str | None
    title_ko: str | None
    place: Place | None
    countries: list[Country]
    parent_id: RecordId | None
    visibility: Visibility
    in_scope: bool
    external_ids: list[str]
    people: list[ParticipatingPerson]
    organizations: list[OrganizationReference]


class Person(Life):
    """A person, with all names, and what sources say otherwise."""

    id: RecordId
    name_en: str | None
    name_ko: str | None
    nationality: Country | None
    note: str | None
    names: list[Name]
    external_ids: list[str]
    assertions: list[Assertion]


class Organization(Life):
    """An organization, with all names, and what sources say otherwise."""

    id: RecordId
    name_en: str | None
    name_ko: str | None
    kind: OrganizationKind
    kind_as_stated: str | None
    level: Level | None
    country: Country | None
    subdivision: Subdivision | None
    withheld: bool
    note: str | None
    names: list[Name]
    external_ids: list[str]
    assertions: list[Assertion]


class Topic(Life):
    """A topic of the thesaurus, with its synonyms."""

    id: RecordId
    label_en: str | None
    label_ko: str | None
    synonyms: list[str]
    note: str | None
    external_ids: list[str]


class Source(Life):
    """A source that engagements are cited from."""

    id: RecordId
    url: str | None
    title: str | None
    title_is_descriptive: bool
    publisher: str | None
    published: EdtfText | None
    accessed: EdtfText | None
    language: str | None
    grade: SourceGrade | None
    note: str | None
    external_ids: list[str]


class Change(BaseModel):
    """A field that a revision changed."""

    field: str
    before: Any
    after: Any


class Revision(BaseModel):
    """What became of a record: by which verb, who did it, when and why, and which fields changed."""

    version: int
    verb: Annotated[str, Field(json_schema_extra={"enum": ["record", "revise", "withdraw", "restore", "merge", "unmerge"]})]
    actor: str
    reason: str | None
    at: Instant
    changes: list[Change]


class ChangedThing(BaseModel):
    """What differs of a thing that is in both lists."""

    id: RecordId
    changes: list[Change]


class Difference(BaseModel):
    """A field that differs: as it was and as it is; of a list of things with ids, what came, what went and what changed."""

    field: str
    before: Any = None
    after: Any = None
    added: list[dict[str, Any]] | None = None
    removed: list[dict[str, Any]] | None = None
    changed: list[ChangedThing] | None = None
    order: Annotated[list[RecordId] | None, Field(description="The ids in their order after.")] = None


class Comparison(BaseModel):
    """What differs between two versions of a record."""

    from_: Annotated[int, Field(alias="from")]
    to: int
    differences: list[Difference]


class RevisionWithRecord(Revision):
    """A revision, and the record as it was after it."""

    record: dict[str, Any]
