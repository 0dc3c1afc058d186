"""What a recorded shape becomes in the tables: pure, one function a noun or part, ids made here."""

from collections.abc import Iterable
from typing import Any

from service.register import when
from service.register.assertion import AssertionShape
from service.register.engagement import EngagementHeader, EngagementShape, ParticipationShape
from service.register.external_id import split
from service.register.name import NameShape
from service.register.organization import OrganizationHeader
from service.register.outcome import OutcomeShape
from service.register.person import PersonHeader
from service.register.reading.records import Noun
from service.register.source import CitationShape, SourceShape
from service.register.table import new_id
from service.register.text import Shape
from service.register.topic import TopicShape

Row = dict[str, Any]
Rows = dict[str, list[Row]]
"""Rows by table, in an order in which they can be inserted."""

HEADERS: dict[Noun, type[Shape]] = {
    "engagement": EngagementHeader,
    "person": PersonHeader,
    "organization": OrganizationHeader,
    "topic": TopicShape,
    "source": SourceShape,
}

_LISTS = {"external_ids", "names", "countries", "topics", "participations", "outcomes", "citations", "assertions"}


def header_columns(noun: Noun, shape: Any) -> Row:
    """The columns of the record's own row."""
    columns = {field: getattr(shape, field) for field in HEADERS[noun].model_fields if field not in _LISTS}
    if noun != "engagement":
        return columns
    place, parent, edtf = (columns.pop(field) for field in ("place", "parent", "when"))
    where = {f"place_{part}": getattr(place, part, None) for part in ("venue", "city", "country", "subdivision")}
    return {**columns, **where, "parent_id": parent, **_when_columns(edtf)}


def _when_columns(edtf: str | None) -> Row:
    known = when.parse(edtf) if edtf else when.UNDATED
    return {
        "when_edtf": edtf,
        "when_start": known.start,
        "when_end": known.end,
        "when_precision": known.precision,
        "when_qualifier": known.qualifier,
        "sort_day": int(known.start.strftime("%Y%m%d")) if known.start else 0,
    }


def list_rows(noun: Noun, record_id: str, shape: Any) -> Rows:
    """The rows of the lists that belong to the header and are replaced whole: external ids, names, countries, topics."""
    rows: Rows = {
        "external_id": [_external_id(noun, record_id, n, text) for n, text in enumerate(dict.fromkeys(shape.external_ids))]
    }
    if noun in ("person", "organization"):
        rows[f"{noun}_name"] = [_name(noun, record_id, n, name) for n, name in enumerate(shape.names)]
    if noun == "engagement":
        rows["engagement_country"] = _members(record_id, "country", shape.countries)
        rows["engagement_topic"] = _members(record_id, "topic_id", shape.topics)
    return rows


def part_rows(noun: Noun, record_id: str, shape: Any) -> Rows:
    """The rows of the parts that have ids of their own."""
    rows: Rows = {}
    if isinstance(shape, EngagementShape):
        rows["participation"] = [participation(record_id, n, part) for n, part in enumerate(shape.participations)]
        for n, part in enumerate(shape.outcomes):
            for table, made in outcome(record_id, n, part).items():
                rows.setdefault(table, []).extend(made)
        rows["citation"] = [citation(record_id, n, part) for n, part in enumerate(shape.citations)]
    if noun in ("engagement", "person", "organization"):
        rows["assertion"] = [assertion(noun, record_id, n, part) for n, part in enumerate(shape.assertions)]
    return rows


def participation(engagement_id: str, position: int, shape: ParticipationShape) -> Row:
    columns = shape.model_dump(exclude={"person", "organization"})
    return {
        "id": new_id(),
        "position": position,
        "engagement_id": engagement_id,
        "person_id": shape.person,
        "organization_id": shape.organization,
        **columns,
    }


def outcome(engagement_id: str, position: int, shape: OutcomeShape) -> Rows:
    """The outcome's row and those of its parties."""
    outcome_id = new_id()
    columns = shape.model_dump(exclude={"when", "amount", "parties", "closed_by"})
    row = {
        "id": outcome_id,
        "position": position,
        "engagement_id": engagement_id,
        "when_edtf": shape.when,
        "amount": shape.amount.amount if shape.amount else None,
        "currency": shape.amount.currency if shape.amount else None,
        "closed_by_id": shape.closed_by,
        **columns,
    }
    parties = [
        {"outcome_id": outcome_id, "organization_id": party, "position": n}
        for n, party in enumerate(dict.fromkeys(shape.parties))
    ]
    return {"outcome": [row], "outcome_party": parties}


def citation(engagement_id: str, position: int, shape: CitationShape) -> Row:
    columns = shape.model_dump(exclude={"source"})
    return {"id": new_id(), "position": position, "engagement_id": engagement_id, "source_id": shape.source, **columns}


def assertion(noun: Noun, record_id: str, position: int, shape: AssertionShape) -> Row:
    owners = {f"{owner}_id": record_id if owner == noun else None for owner in ("engagement", "person", "organization")}
    columns = shape.model_dump(exclude={"source"})
    return {"id": new_id(), "position": position, **owners, "source_id": shape.source, **columns}


def _external_id(noun: Noun, record_id: str, position: int, text: str) -> Row:
    system, key = split(text)
    owners = {f"{owner}_id": record_id if owner == noun else None for owner in HEADERS}
    return {"system": system, "key": key, "position": position, **owners}


def _name(noun: Noun, record_id: str, position: int, shape: NameShape) -> Row:
    return {"id": new_id(), "position": position, f"{noun}_id": record_id, **shape.model_dump()}


def _members(engagement_id: str, column: str, values: Iterable[str]) -> list[Row]:
    return [{"engagement_id": engagement_id, column: value, "position": n} for n, value in enumerate(dict.fromkeys(values))]
