"""Engagements: one contact or event each, who took part in it, and the trip or delegation it belongs to."""

from datetime import date
from typing import Annotated, Self

from pydantic import Field as ShapeField
from pydantic import model_validator
from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from service.register import when
from service.register.assertion import AssertionShape
from service.register.codes import Confidence, Direction, Kind, Mode, OfficeType, Role, Side, Status, Visibility
from service.register.outcome import OutcomeShape
from service.register.places import CountryCode, SubdivisionCode
from service.register.source import CitationShape
from service.register.table import Kept, Part, coded, filled, one_of, refers
from service.register.text import ExternalId, Line, Prose, Reference, Shape, need_one
from service.register.when import Edtf


class PlaceShape(Shape):
    """Where it happened. The date of an engagement is the local date of this place."""

    venue: Line | None = None
    city: Line | None = None
    country: CountryCode | None = None
    subdivision: SubdivisionCode | None = None


class ParticipationShape(Shape):
    """Somebody's part in an engagement: a person, an organization, or a group that only has a printed name or a head count.

    Country, subdivision and office are those at the time; `office_as_titled` is the source's title, `office` the right one.
    """

    side: Side
    role: Role = "principal"
    person: Reference | None = None
    organization: Reference | None = None
    name_as_printed: Line | None = None
    name_basis: Line | None = None
    office_as_titled: Line | None = None
    office: Line | None = None
    office_type: OfficeType | None = None
    former: bool = False
    country: CountryCode | None = None
    subdivision: SubdivisionCode | None = None
    headcount: Annotated[int, ShapeField(ge=1, le=1_000_000)] | None = None
    note: Prose | None = None

    @model_validator(mode="after")
    def _is_somebody(self) -> Self:
        return need_one(self, "person", "organization", "name_as_printed", "headcount")


class EngagementHeader(Shape):
    """What an engagement says of itself. At least one of the two titles is given; without `when` it is undated."""

    kind: Kind
    kind_as_stated: Line | None = None
    mode: Mode | None = None
    direction: Direction = "unknown"
    status: Status = "held"
    title_en: Line | None = None
    title_ko: Line | None = None
    summary_en: Prose | None = None
    summary_ko: Prose | None = None
    when: Edtf | None = None
    place: PlaceShape | None = None
    countries: list[CountryCode] = []
    topics: list[Reference] = []
    parent: Reference | None = None
    visibility: Visibility = "public"
    confidence: Confidence | None = None
    confidence_as_stated: Line | None = None
    in_scope: bool = True
    note: Prose | None = None
    external_ids: list[ExternalId] = []

    @model_validator(mode="after")
    def _is_titled(self) -> Self:
        return need_one(self, "title_en", "title_ko")


class EngagementShape(EngagementHeader):
    """An engagement, as it is recorded: with who took part, what came of it, and the sources that say so."""

    participations: list[ParticipationShape] = []
    outcomes: list[OutcomeShape] = []
    citations: list[CitationShape] = []
    assertions: list[AssertionShape] = []


class Engagement(Kept, table=True):
    __tablename__ = "engagement"
    __table_args__ = (
        filled("titled", "title_en", "title_ko"),
        CheckConstraint("when_start <= when_end", name="dates_in_order"),
        CheckConstraint("parent_id <> id", name="not_its_own_parent"),
        coded("kind", "kind"),
        coded("mode", "mode"),
        coded("direction", "direction"),
        coded("status", "status"),
        coded("visibility", "visibility"),
        coded("confidence", "confidence"),
        one_of("when_precision", when.PRECISIONS),
        one_of("when_qualifier", when.QUALIFIERS),
        refers("parent_id", "engagement"),
        refers("merged_into", "engagement"),
        Index("ix_engagement_newest_first", "sort_day", "id"),
    )

    kind: str
    kind_as_stated: str | None = None
    mode: str | None = None
    direction: str = "unknown"
    status: str = "held"
    title_en: str | None = None
    title_ko: str | None = None
    summary_en: str | None = None
    summary_ko: str | None = None
    when_edtf: str | None = None
    when_start: date | None = None
    when_end: date | None = None
    when_precision: str = "undated"
    when_qualifier: str = "none"
    sort_day: int = Field(
        default=0, description="The first day as YYYYMMDD, 0 without one: lists are newest first, undated last."
    )
    place_venue: str | None = None
    place_city: str | None = None
    place_country: str | None = None
    place_subdivision: str | None = None
    parent_id: str | None = Field(default=None, index=True)
    visibility: str = "public"
    confidence: str | None = None
    confidence_as_stated: str | None = None
    in_scope: bool = True
    note: str | None = None
    merged_into: str | None = Field(default=None, index=True)


class EngagementCountry(SQLModel, table=True):
    """A country that the engagement was with."""

    __tablename__ = "engagement_country"
    __table_args__ = (refers("engagement_id", "engagement", "CASCADE"),)

    engagement_id: str = Field(primary_key=True)
    country: str = Field(primary_key=True, index=True)
    position: int = 0


class EngagementTopic(SQLModel, table=True):
    """A topic that the engagement was about."""

    __tablename__ = "engagement_topic"
    __table_args__ = (refers("engagement_id", "engagement", "CASCADE"), refers("topic_id", "topic"))

    engagement_id: str = Field(primary_key=True)
    topic_id: str = Field(primary_key=True, index=True)
    position: int = 0


class Participation(Part, table=True):
    __tablename__ = "participation"
    __table_args__ = (
        CheckConstraint(
            "person_id IS NOT NULL OR organization_id IS NOT NULL OR name_as_printed IS NOT NULL OR headcount IS NOT NULL",
            name="somebody",
        ),
        CheckConstraint("headcount > 0", name="headcount_positive"),
        coded("side", "side"),
        coded("role", "role"),
        coded("office_type", "office_type"),
        refers("engagement_id", "engagement", "CASCADE"),
        refers("person_id", "person"),
        refers("organization_id", "organization"),
    )

    engagement_id: str = Field(index=True)
    side: str
    role: str = "principal"
    person_id: str | None = Field(default=None, index=True)
    organization_id: str | None = Field(default=None, index=True)
    name_as_printed: str | None = None
    name_basis: str | None = None
    office_as_titled: str | None = None
    office: str | None = None
    office_type: str | None = Field(default=None, index=True)
    former: bool = False
    country: str | None = None
    subdivision: str | None = None
    headcount: int | None = None
    note: str | None = None
