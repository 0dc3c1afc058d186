"""Topics: a small thesaurus in two languages. Synonyms are what people say for the same thing."""

from typing import Self

from pydantic import model_validator
from sqlalchemy import JSON, Column
from sqlmodel import Field

from service.register.table import Kept, filled
from service.register.text import ExternalId, Line, Prose, Shape, need_one


class TopicShape(Shape):
    """A topic, as it is recorded. At least one of the two labels is given."""

    label_en: Line | None = None
    label_ko: Line | None = None
    synonyms: list[Line] = []
    note: Prose | None = None
    external_ids: list[ExternalId] = []

    @model_validator(mode="after")
    def _is_labelled(self) -> Self:
        return need_one(self, "label_en", "label_ko")


class Topic(Kept, table=True):
    __tablename__ = "topic"
    __table_args__ = (filled("labelled", "label_en", "label_ko"),)

    label_en: str | None = Field(default=None, unique=True)
    label_ko: str | None = Field(default=None, index=True)
    synonyms: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    note: str | None = None
