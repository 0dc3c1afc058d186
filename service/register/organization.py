"""Organizations: provinces, embassies, companies, international bodies. One whose name is withheld has an id of its own."""

from typing import Self

from pydantic import model_validator
from sqlmodel import Field

from service.register.assertion import AssertionShape
from service.register.codes import Level, OrganizationKind
from service.register.name import NameColumns, NameShape
from service.register.places import CountryCode, SubdivisionCode
from service.register.table import Kept, coded, filled, refers
from service.register.text import ExternalId, Line, Prose, Shape, need_one


class OrganizationHeader(Shape):
    """What is said of an organization. An international body has no country."""

    name_en: Line | None = None
    name_ko: Line | None = None
    kind: OrganizationKind = "government"
    kind_as_stated: Line | None = None
    level: Level | None = None
    country: CountryCode | None = None
    subdivision: SubdivisionCode | None = None
    withheld: bool = False
    note: Prose | None = None
    external_ids: list[ExternalId] = []
    names: list[NameShape] = []

    @model_validator(mode="after")
    def _is_named(self) -> Self:
        return need_one(self, "name_en", "name_ko")


class OrganizationShape(OrganizationHeader):
    """An organization, as it is recorded, with what sources say otherwise."""

    assertions: list[AssertionShape] = []


class Organization(Kept, table=True):
    __tablename__ = "organization"
    __table_args__ = (
        filled("named", "name_en", "name_ko"),
        coded("kind", "organization_kind"),
        coded("level", "level"),
        refers("merged_into", "organization"),
    )

    name_en: str | None = Field(default=None, index=True)
    name_ko: str | None = Field(default=None, index=True)
    kind: str = "government"
    kind_as_stated: str | None = None
    level: str | None = None
    country: str | None = None
    subdivision: str | None = None
    withheld: bool = False
    note: str | None = None
    merged_into: str | None = Field(default=None, index=True)


class OrganizationName(NameColumns, table=True):
    __tablename__ = "organization_name"
    __table_args__ = (coded("kind", "name_kind"), refers("organization_id", "organization", "CASCADE"))

    organization_id: str = Field(index=True)
