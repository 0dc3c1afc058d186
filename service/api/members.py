"""What records are made of, as the OpenAPI document describes it: references, places, dates, the parts of an engagement."""

from typing import Annotated

from pydantic import BaseModel, Field, WithJsonSchema

from service.register.codes import (
    Kind,
    Level,
    NameKind,
    OfficeType,
    OrganizationKind,
    OutcomeKind,
    OutcomeStatus,
    Role,
    Side,
    SourceGrade,
)
from service.register.money import Currency
from service.register.when import Precision, Qualifier

Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-23T06:00:00.000Z"]})]
Day = Annotated[str, WithJsonSchema({"type": "string", "format": "date", "examples": ["2024-05-06"]})]
EdtfText = Annotated[str, WithJsonSchema({"type": "string", "description": "EDTF level 1", "examples": ["2024-05~"]})]
RecordId = Annotated[str, WithJsonSchema({"type": "string", "format": "uuid", "description": "UUIDv7 (RFC 9562)"})]
Country = Annotated[str, WithJsonSchema({"type": "string", "description": "ISO 3166-1 alpha-2", "examples": ["KR"]})]
Subdivision = Annotated[str, WithJsonSchema({"type": "string", "description": "ISO 3166-2", "examples": ["KR-41"]})]


class PersonReference(BaseModel):
    """A person where it is named."""

    id: RecordId
    name_en: str | None
    name_ko: str | None


class OrganizationReference(BaseModel):
    """An organization where it is named."""

    id: RecordId
    name_en: str | None
    name_ko: str | None


class ParticipatingOrganization(OrganizationReference):
    """An organization that took part."""

    kind: OrganizationKind
    level: Level | None


class TopicReference(BaseModel):
    """A topic where it is named."""

    id: RecordId
    label_en: str | None
    label_ko: str | None


class EngagementReference(BaseModel):
    """An engagement where it is named."""

    id: RecordId
    kind: Kind
    title_en: str | None
    title_ko: str | None


class CitedSource(BaseModel):
    """What is shown of a source where it is cited."""

    id: RecordId
    url: str | None
    title: str | None
    publisher: str | None
    published: EdtfText | None
    language: str | None
    grade: SourceGrade | None


class Place(BaseModel):
    """Where it happened."""

    venue: str | None
    city: str | None
    country: Country | None
    subdivision: Subdivision | None


class Dated(BaseModel):
    """When it happened: the EDTF string, and the inclusive days derived from it; null is an open or unknown end."""

    when: EdtfText | None
    when_start: Day | None
    when_end: Day | None
    when_precision: Precision
    when_qualifier: Qualifier


class Participation(BaseModel):
    """Somebody's part in an engagement."""

    id: RecordId
    side: Side
    role: Role
    name_as_printed: str | None
    name_basis: str | None
    office_as_titled: str | None
    office: str | None
    office_type: OfficeType | None
    former: bool
    person: PersonReference | None
    organization: ParticipatingOrganization | None
    country: Country | None
    subdivision: Subdivision | None
    headcount: int | None
    note: str | None


class Money(BaseModel):
    """An amount in a currency (ISO 4217)."""

    currency: Currency
    amount: Annotated[str, Field(description="A decimal number as a string.", examples=["5300000000000"])]


class Outcome(BaseModel):
    """What an engagement led to."""

    id: RecordId
    kind: OutcomeKind
    kind_as_stated: str | None
    title_en: str | None
    title_ko: str | None
    status: OutcomeStatus | None
    status_as_stated: str | None
    when: EdtfText | None
    signed_on: EdtfText | None
    due_on: EdtfText | None
    expires_on: EdtfText | None
    term: str | None
    amount: Money | None
    quantity: int | None
    unit: str | None
    parties: list[OrganizationReference]
    closed_by: Annotated[RecordId | None, Field(description="The engagement that closed it.")]
    note: str | None


class DatedEngagement(EngagementReference):
    """An engagement where it is named, with when it happened."""

    when: EdtfText | None
    when_start: Day | None
    when_end: Day | None


class EngagementOutcome(Outcome):
    """An outcome with the engagement that it came of."""

    engagement: DatedEngagement


class Citation(BaseModel):
    """Where a source tells of the engagement."""

    id: RecordId
    source: CitedSource
    locator: str | None
    quote: str | None
    note: str | None


class Assertion(BaseModel):
    """What a source says of a field and we did not prefer."""

    id: RecordId
    field: str
    value: str
    reason: str | None
    source: CitedSource | None
    locator: str | None
    quote: str | None


class Name(BaseModel):
    """A further name."""

    id: RecordId
    text: str
    kind: NameKind
    language: str | None
    since: EdtfText | None
    until: EdtfText | None
    note: str | None


class ParticipatingPerson(PersonReference):
    """A person who took part: as what, and on which side."""

    office: str | None
    side: Side
