"""Sources, and where in them an engagement is told. Several sources for one engagement is the normal case."""

from typing import Self

from pydantic import model_validator
from sqlmodel import Field

from service.register.codes import SourceGrade
from service.register.table import Kept, Part, coded, filled, refers
from service.register.text import ExternalId, Language, Line, Prose, Reference, Shape, Url, need_one
from service.register.when import Edtf


class SourceShape(Shape):
    """A source, as it is recorded. `title_is_descriptive` says that the title is ours, because the source has none."""

    url: Url | None = None
    title: Line | None = None
    title_is_descriptive: bool = False
    publisher: Line | None = None
    published: Edtf | None = None
    accessed: Edtf | None = None
    language: Language | None = None
    grade: SourceGrade | None = None
    note: Prose | None = None
    external_ids: list[ExternalId] = []

    @model_validator(mode="after")
    def _can_be_found(self) -> Self:
        return need_one(self, "url", "title")


class Source(Kept, table=True):
    __tablename__ = "source"
    __table_args__ = (filled("findable", "url", "title"), coded("grade", "grade"))

    url: str | None = Field(default=None, index=True)
    title: str | None = None
    title_is_descriptive: bool = False
    publisher: str | None = Field(default=None, index=True)
    published: str | None = None
    accessed: str | None = None
    language: str | None = None
    grade: str | None = None
    note: str | None = None


class CitationShape(Shape):
    """Where a source tells of an engagement: a locator (a sentence, a page) and a few quoted words."""

    source: Reference
    locator: Line | None = None
    quote: Line | None = None
    note: Prose | None = None


class Citation(Part, table=True):
    __tablename__ = "citation"
    __table_args__ = (refers("engagement_id", "engagement", "CASCADE"), refers("source_id", "source"))

    engagement_id: str = Field(index=True)
    source_id: str = Field(index=True)
    locator: str | None = None
    quote: str | None = None
    note: str | None = None
