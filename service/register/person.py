"""People: who was met and who met them. An office belongs to a participation, because people change offices."""

from typing import Self

from pydantic import model_validator
from sqlmodel import Field

from service.register.assertion import AssertionShape
from service.register.name import NameColumns, NameShape
from service.register.places import CountryCode
from service.register.table import Kept, coded, filled, refers
from service.register.text import ExternalId, Line, Prose, Shape, need_one


class PersonHeader(Shape):
    """What is said of a person. At least one of the two names is given."""

    name_en: Line | None = None
    name_ko: Line | None = None
    nationality: CountryCode | None = None
    note: Prose | None = None
    external_ids: list[ExternalId] = []
    names: list[NameShape] = []

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        return need_one(self, "name_en", "name_ko")


class PersonShape(PersonHeader):
    """A person, as she is recorded, with what sources say otherwise."""

    assertions: list[AssertionShape] = []


class Person(Kept, table=True):
    __tablename__ = "person"
    __table_args__ = (
        filled("named", "name_en", "name_ko"),
        refers("merged_into", "person"),
    )

    name_en: str | None = Field(default=None, index=True)
    name_ko: str | None = Field(default=None, index=True)
    nationality: str | None = None
    note: str | None = None
    merged_into: str | None = Field(default=None, index=True)


class PersonName(NameColumns, table=True):
    __tablename__ = "person_name"
    __table_args__ = (coded("kind", "name_kind"), refers("person_id", "person", "CASCADE"))

    person_id: str = Field(index=True)
