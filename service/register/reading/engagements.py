"""The list of engagements: what it can be narrowed down by, how it is sorted, and what it says of each."""

# ruff: noqa: S608  only names from this package are put into SQL

from collections.abc import Iterable
from functools import cache
from typing import Annotated, Final

from pydantic import Field

from service.database import Database
from service.register import when
from service.register.audience import Audience
from service.register.codes import Kind, OfficeType, OutcomeKind, OutcomeStatus, Status, Visibility
from service.register.external_id import split
from service.register.places import CountryCode
from service.register.reading import records
from service.register.reading.json_sql import JsonSql, same
from service.register.reading.question import Listing, Order, Page, Question, Window, live, page, standing_for
from service.register.text import ExternalId, RecordId, Shape
from service.register.when import Edtf, When

SORTS: Final[dict[str, Order]] = {
    "-when": Order("r.sort_day", descending=True),
    # What has no first day comes last in both directions.
    "when": Order("CASE WHEN r.sort_day = 0 THEN 99999999 ELSE r.sort_day END"),
    # Ids are in the order of recording (UUIDv7).
    "-recorded_at": Order("r.id", descending=True),
    "recorded_at": Order("r.id"),
}

Year = Annotated[int, Field(ge=1, le=9999)]


class EngagementFilters(Shape):
    """What a list of engagements can be narrowed down by: either value of one field, and all of the fields together."""

    country: Annotated[tuple[CountryCode, ...], Field(description="A country that it was with.")] = ()
    kind: tuple[Kind, ...] = ()
    status: tuple[Status, ...] = ()
    person: Annotated[tuple[RecordId, ...], Field(description="Somebody who took part.")] = ()
    organization: Annotated[tuple[RecordId, ...], Field(description="One that took part, or that an outcome binds.")] = ()
    topic: tuple[RecordId, ...] = ()
    year: Annotated[tuple[Year, ...], Field(description="A year that its days touch.")] = ()
    when: Annotated[tuple[Edtf, ...], Field(description="A date or interval (EDTF) that overlaps its days.")] = ()
    outcome_kind: Annotated[
        tuple[OutcomeKind, ...], Field(description="Kind of an outcome; with `outcome_status` both hold of the same outcome.")
    ] = ()
    outcome_status: tuple[OutcomeStatus, ...] = ()
    office: Annotated[tuple[OfficeType, ...], Field(description="An office that somebody held then, such as governor.")] = ()
    external_id: tuple[ExternalId, ...] = ()
    visibility: tuple[Visibility, ...] = ()
    parent: Annotated[tuple[RecordId, ...], Field(description="The trip or delegation that the engagement belongs to.")] = ()
    in_scope: bool | None = None


def list_engagements(register: Database, filters: EngagementFilters, window: Window, *, audience: Audience) -> Page:
    """A page of the engagements that pass the filters, without withdrawn and merged ones."""
    return _list(register, _listing(register.is_sqlite, audience), filters, window, audience)


def list_whole(register: Database, filters: EngagementFilters, window: Window, *, audience: Audience) -> Page:
    """The same, each engagement with all that belongs to it."""
    return _list(register, _whole(register.is_sqlite, audience), filters, window, audience)


def _list(register: Database, listing: Listing, filters: EngagementFilters, window: Window, audience: Audience) -> Page:
    question = Question(register.is_sqlite)
    question.hold(live("engagement", audience))
    _narrow(question, filters)
    _narrow_by_ids(register, question, filters, audience)
    return page(register, listing, question, SORTS[window.sort], window)


def _narrow(question: Question, filters: EngagementFilters) -> None:
    for field in ("kind", "status", "visibility"):
        question.one_of(f"r.{field}", getattr(filters, field))
    if filters.in_scope is not None:
        question.hold("r.in_scope" if filters.in_scope else "NOT r.in_scope")
    _overlap(question, [when.parse(each) for each in filters.when])
    _overlap(question, [when.parse(f"{year:04}") for year in filters.year])
    if filters.country:
        _have(question, "engagement_country", f"country IN {question.listed(filters.country)}")
    if filters.office:
        _have(question, "participation", f"office_type IN {question.listed(filters.office)}")
    outcome = {"kind": filters.outcome_kind, "status": filters.outcome_status}
    if wanted := [f"{column} IN {question.listed(values)}" for column, values in outcome.items() if values]:
        _have(question, "outcome", " AND ".join(wanted))
    if filters.external_id:
        _has(question, "external_id", named(question, filters.external_id))


def _narrow_by_ids(register: Database, question: Question, filters: EngagementFilters, audience: Audience) -> None:
    if people := standing_for(register, "person", filters.person, "person", audience):
        _has(question, "participation", f"person_id IN {question.listed(people)}")
    if organizations := standing_for(register, "organization", filters.organization, "organization", audience):
        listed = question.listed(organizations)
        bound = f"SELECT outcome_id FROM outcome_party WHERE organization_id IN {listed}"
        question.hold(f"{_with('participation', f'organization_id IN {listed}')} OR {_with('outcome', f'id IN ({bound})')}")
    if topics := standing_for(register, "topic", filters.topic, "topic", audience):
        _has(question, "engagement_topic", f"topic_id IN {question.listed(topics)}")
    question.one_of("r.parent_id", standing_for(register, "engagement", filters.parent, "parent", audience))


def _have(question: Question, table: str, condition: str) -> None:
    """Many engagements have such a row: SQLite goes through them in the order of the list until the page is full."""
    question.hold(f"EXISTS (SELECT 1 FROM {table} x WHERE x.engagement_id = r.id AND {condition})")


def _has(question: Question, table: str, condition: str) -> None:
    """Few engagements have such a row: SQLite begins with them."""
    question.hold(_with(table, condition))


def _with(table: str, condition: str) -> str:
    return f"r.id IN (SELECT engagement_id FROM {table} WHERE {condition})"


def named(question: Question, external_ids: Iterable[str]) -> str:
    """That a row of `external_id` is one of these."""
    pairs = [split(written) for written in external_ids]
    return " OR ".join(f"system = {question.value(system)} AND key = {question.value(key)}" for system, key in pairs)


def _overlap(question: Question, spans: list[When]) -> None:
    """The days of the engagement overlap one of the spans. An open end reaches for ever; what is undated overlaps nothing."""
    if not spans:
        return
    question.hold("r.when_precision <> 'undated'")
    question.hold(" OR ".join(_touches(question, span) for span in spans))


def _touches(question: Question, span: When) -> str:
    # The day that lists are sorted by is the first one, or 0 when the start is open; it has the index.
    begun = f"r.sort_day <= {question.value(int(span.end.strftime('%Y%m%d')))}" if span.end else "TRUE"
    not_over = f"(r.when_end IS NULL OR r.when_end >= {question.value(span.start.isoformat())})" if span.start else "TRUE"
    return f"({begun} AND {not_over})"


@cache
def _listing(sqlite: bool, audience: Audience) -> Listing:
    return Listing("engagement r", "r.id", summary(JsonSql(sqlite, audience)))


@cache
def _whole(sqlite: bool, audience: Audience) -> Listing:
    return Listing("engagement r", "r.id", records.expression("engagement", JsonSql(sqlite, audience)))


def summary(j: JsonSql) -> str:
    """What a list says of the engagement in the row `r`."""
    return j.object(
        {
            **same("r", "id", "kind", "status", "mode", "direction", "title_en", "title_ko"),
            "when": "r.when_edtf",
            **same("r", "when_start", "when_end", "when_precision", "when_qualifier"),
            "place": records.place(j),
            "countries": j.strings("c.country", "engagement_country c WHERE c.engagement_id = r.id", "c.position"),
            "parent_id": records.engagement_id("r.parent_id", j),
            "visibility": "r.visibility",
            "in_scope": j.boolean("r.in_scope"),
            "external_ids": records.external_ids("engagement", j),
            "people": _people(j),
            "organizations": _organizations(j),
            "version": "r.version",
            "recorded_at": j.instant("r.recorded_at"),
            "revised_at": j.instant("r.revised_at"),
        }
    )


def _people(j: JsonSql) -> str:
    person = {**same("pe", "id", "name_en", "name_ko"), "office": "coalesce(p.office, p.office_as_titled)", "side": "p.side"}
    source = "participation p JOIN person pe ON pe.id = p.person_id WHERE p.engagement_id = r.id"
    return j.array(j.object(person), source, "p.position, p.id")


def _organizations(j: JsonSql) -> str:
    source = "participation p JOIN organization o ON o.id = p.organization_id WHERE p.engagement_id = r.id GROUP BY o.id"
    return j.array(j.object(same("o", "id", "name_en", "name_ko")), source, "min(p.position), o.id")
