"""Outcomes: what an engagement led to, and how far it got on the ladder from proposed to executed."""

from typing import Annotated, Self

from pydantic import Field as ShapeField
from pydantic import StringConstraints, model_validator
from sqlalchemy import BigInteger, CheckConstraint
from sqlmodel import Field, SQLModel

from service.register.codes import OutcomeKind, OutcomeStatus
from service.register.money import Currency
from service.register.table import Part, coded, filled, refers
from service.register.text import Line, Prose, Reference, Shape, need_one
from service.register.when import Edtf

Amount = Annotated[
    str,
    StringConstraints(pattern=r"^(0|[1-9][0-9]{0,17})(\.[0-9]{1,4})?$"),
    ShapeField(description="A decimal number as a string, so that nothing is rounded on the way", examples=["5300000000000"]),
]


class MoneyShape(Shape):
    """An amount of money: a decimal string and an ISO 4217 currency."""

    currency: Currency
    amount: Amount


class OutcomeShape(Shape):
    """An outcome, as it is recorded. Without `expires_on` and `term` the source did not state a term."""

    kind: OutcomeKind
    kind_as_stated: Line | None = None
    title_en: Line | None = None
    title_ko: Line | None = None
    status: OutcomeStatus | None = None
    status_as_stated: Line | None = None
    when: Edtf | None = None
    signed_on: Edtf | None = None
    due_on: Edtf | None = None
    expires_on: Edtf | None = None
    term: Line | None = None
    amount: MoneyShape | None = None
    quantity: Annotated[int, ShapeField(ge=0, le=2**53)] | None = None
    unit: Line | None = None
    parties: list[Reference] = []
    closed_by: Reference | None = None
    note: Prose | None = None

    @model_validator(mode="after")
    def _is_titled(self) -> Self:
        return need_one(self, "title_en", "title_ko")


class Outcome(Part, table=True):
    __tablename__ = "outcome"
    __table_args__ = (
        filled("titled", "title_en", "title_ko"),
        CheckConstraint("(amount IS NULL) = (currency IS NULL)", name="amount_has_currency"),
        coded("kind", "outcome_kind"),
        coded("status", "outcome_status"),
        refers("engagement_id", "engagement", "CASCADE"),
        refers("closed_by_id", "engagement", "SET NULL"),
    )

    engagement_id: str = Field(index=True)
    kind: str
    kind_as_stated: str | None = None
    title_en: str | None = None
    title_ko: str | None = None
    status: str | None = None
    status_as_stated: str | None = None
    when_edtf: str | None = None
    signed_on: str | None = None
    due_on: str | None = None
    expires_on: str | None = None
    term: str | None = None
    amount: str | None = None
    currency: str | None = None
    quantity: int | None = Field(default=None, sa_type=BigInteger)
    unit: str | None = None
    closed_by_id: str | None = Field(default=None, index=True)
    note: str | None = None


class OutcomeParty(SQLModel, table=True):
    """An organization that an outcome binds."""

    __tablename__ = "outcome_party"
    __table_args__ = (refers("outcome_id", "outcome", "CASCADE"), refers("organization_id", "organization"))

    outcome_id: str = Field(primary_key=True)
    organization_id: str = Field(primary_key=True, index=True)
    position: int = 0
