"""Assertions: what a source says of a field and we did not prefer, with the reason.

This is how contradictions stay visible: the preferred value stands in the record, the other one here, each with its
source. An assertion concerns one engagement, person or organization.
"""

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from service.register.table import Part, refers
from service.register.text import Line, Prose, Reference, Shape


class AssertionShape(Shape):
    """An assertion, as it is recorded: `field` names what it is about, `value` is what the source says."""

    field: Line
    value: Prose
    reason: Prose | None = None
    source: Reference | None = None
    locator: Line | None = None
    quote: Line | None = None


class Assertion(Part, table=True):
    __tablename__ = "assertion"
    __table_args__ = (
        CheckConstraint(
            "(engagement_id IS NOT NULL AND person_id IS NULL AND organization_id IS NULL)"
            " OR (engagement_id IS NULL AND person_id IS NOT NULL AND organization_id IS NULL)"
            " OR (engagement_id IS NULL AND person_id IS NULL AND organization_id IS NOT NULL)",
            name="one_subject",
        ),
        refers("engagement_id", "engagement", "CASCADE"),
        refers("person_id", "person", "CASCADE"),
        refers("organization_id", "organization", "CASCADE"),
        refers("source_id", "source"),
    )

    engagement_id: str | None = Field(default=None, index=True)
    person_id: str | None = Field(default=None, index=True)
    organization_id: str | None = Field(default=None, index=True)
    source_id: str | None = Field(default=None, index=True)
    field: str
    value: str
    reason: str | None = None
    locator: str | None = None
    quote: str | None = None
