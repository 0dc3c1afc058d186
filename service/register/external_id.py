"""Ids that other systems gave to records: `system:key`, or a bare key. One id names one record of the whole register."""

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

from service.register.table import refers

OWNERS = ("engagement", "person", "organization", "topic", "source")


class ExternalId(SQLModel, table=True):
    """`system` is empty for a bare key."""

    __tablename__ = "external_id"
    __table_args__ = (
        CheckConstraint(
            " + ".join(f"(CASE WHEN {noun}_id IS NULL THEN 0 ELSE 1 END)" for noun in OWNERS) + " = 1", name="one_owner"
        ),
        *(refers(f"{noun}_id", noun, "CASCADE") for noun in OWNERS),
    )

    system: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    position: int = 0
    engagement_id: str | None = Field(default=None, index=True)
    person_id: str | None = Field(default=None, index=True)
    organization_id: str | None = Field(default=None, index=True)
    topic_id: str | None = Field(default=None, index=True)
    source_id: str | None = Field(default=None, index=True)


def split(text: str) -> tuple[str, str]:
    """System and key of an external id as it is written."""
    system, colon, key = text.partition(":")
    return (system, key) if colon and system and key else ("", text)
