"""The list of outcomes across all engagements: what was promised, with whom, and what runs out when."""

# ruff: noqa: S608  only names from this package are put into SQL

from functools import cache
from typing import Annotated, Final

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from service.database import Database
from service.register import when
from service.register.audience import Audience
from service.register.codes import OutcomeKind, OutcomeStatus
from service.register.reading import records
from service.register.reading.json_sql import JsonSql, same
from service.register.reading.question import Listing, Order, Page, Question, Window, live, page, standing_for
from service.register.text import RecordId, Shape

SORTS: Final = ("-recorded_at", "recorded_at", "expires_on", "due_on")
_NO_DAY: Final = "9999-99-99"


def _day(text: str) -> str:
    try:
        known = when.parse(text)
    except ValueError:
        known = when.UNDATED
    if (known.precision, known.qualifier) != ("day", "none"):
        raise PydanticCustomError("day", "{hint}", {"hint": f"{text!r} is no day of the calendar, such as 2026-12-31"})
    return text


Day = Annotated[str, AfterValidator(_day), WithJsonSchema({"type": "string", "format": "date"})]


class OutcomeFilters(Shape):
    """What a list of outcomes can be narrowed down by."""

    kind: tuple[OutcomeKind, ...] = ()
    status: tuple[OutcomeStatus, ...] = ()
    organization: Annotated[tuple[RecordId, ...], Field(description="A party of the outcome.")] = ()
    expires_before: Annotated[Day | None, Field(description="A day; outcomes that may expire before it.")] = None
    due_before: Annotated[Day | None, Field(description="A day; outcomes that may be due before it.")] = None


def list_outcomes(register: Database, filters: OutcomeFilters, window: Window, *, audience: Audience) -> Page:
    """A page of the outcomes that pass the filters, each with the engagement that it came of."""
    question = Question(register.is_sqlite)
    question.hold(live("engagement", audience))
    question.one_of("u.kind", filters.kind)
    question.one_of("u.status", filters.status)
    if parties := standing_for(register, "organization", filters.organization, "organization", audience):
        question.hold(f"u.id IN (SELECT outcome_id FROM outcome_party WHERE organization_id IN {question.listed(parties)})")
    for column, day in (("expires_on", filters.expires_before), ("due_on", filters.due_before)):
        if day is not None:
            question.hold(f"{earliest(f'u.{column}', sqlite=question.sqlite)} < {question.value(day)}")
    return page(register, listing(question.sqlite, audience), question, _order(window.sort, question.sqlite), window)


def _order(sort: str, sqlite: bool) -> Order:
    if sort.endswith("recorded_at"):
        return Order("u.id", descending=sort.startswith("-"))
    return Order(f"coalesce({earliest(f'u.{sort}', sqlite=sqlite)}, '{_NO_DAY}')" + ("" if sqlite else ' COLLATE "C"'))


def earliest(column: str, *, sqlite: bool) -> str:
    """The first day, as YYYY-MM-DD text, that the EDTF string in the column can mean; empty when it is open at the start.

    Outcomes are few and their days are rarely asked for, so that no derived columns are kept for them.
    """
    position, percent = ("instr", "%") if sqlite else ("strpos", "%%")
    day = f"substr({column}, 1, {position}({column} || '/', '/') - 1)"
    for unknown, known in (("?", ""), ("~", ""), (percent, ""), ("..", ""), ("-XX", ""), ("X", "0")):
        day = f"replace({day}, '{unknown}', '{known}')"
    return f"CASE WHEN {day} = '' THEN '' ELSE substr({day} || substr('0000-01-01', length({day}) + 1), 1, 10) END"


@cache
def listing(sqlite: bool, audience: Audience) -> Listing:
    """Outcomes in the row `u`, each with its engagement in the row `r`."""
    j = JsonSql(sqlite, audience)
    engagement = {**same("r", "id", "kind", "title_en", "title_ko"), "when": "r.when_edtf", **same("r", "when_start", "when_end")}
    item = {**records.outcome(j), "engagement": j.object(engagement)}
    return Listing("outcome u JOIN engagement r ON r.id = u.engagement_id", "u.id", j.object(item))
