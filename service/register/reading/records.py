"""One record whole, as JSON: an engagement with its people, organizations, outcomes, sources and assertions in one statement.

These are the shapes that the API answers with and that revisions keep.
"""

# ruff: noqa: S608  only names from this package are put into SQL

from collections.abc import Iterable
from functools import cache
from typing import Any, Literal

import orjson
from sqlalchemy import Connection

from service.register.audience import shown
from service.register.reading.json_sql import JsonSql, as_sent, same, sent

Noun = Literal["engagement", "person", "organization", "topic", "source"]
NOUNS: tuple[Noun, ...] = ("engagement", "person", "organization", "topic", "source")


class Loaded(dict[str, Any]):
    """A record as it was read, with the JSON that it was read from: what is answered need not be written anew."""

    __slots__ = ("json",)

    def __init__(self, json: bytes) -> None:
        super().__init__(orjson.loads(json))
        self.json = json


def load(connection: Connection, noun: Noun, ids: Iterable[str]) -> dict[str, Loaded]:
    """The records with these ids, whole, withdrawn and merged ones too; an id without a record is left out."""
    wanted = tuple(ids)
    if not wanted:
        return {}
    sqlite = connection.dialect.name == "sqlite"
    places = ", ".join(["?" if sqlite else "%s"] * len(wanted))
    rows = connection.exec_driver_sql(f"{_question(noun, sqlite)} IN ({places})", wanted)
    return {record_id: Loaded(sent(record)) for record_id, record in rows}


@cache
def _question(noun: Noun, sqlite: bool) -> str:
    record = as_sent(expression(noun, JsonSql(sqlite)), sqlite=sqlite)
    return f"SELECT r.id, {record} FROM {noun} r WHERE r.id"


def expression(noun: Noun, j: JsonSql) -> str:
    """The JSON of the record in the row that is called `r`."""
    return j.object({"id": "r.id", **_FIELDS[noun](j), **_life(j)})


def _life(j: JsonSql) -> dict[str, str]:
    return {
        "version": "r.version",
        "recorded_at": j.instant("r.recorded_at"),
        "revised_at": j.instant("r.revised_at"),
    }


def _engagement(j: JsonSql) -> dict[str, str]:
    return {
        **same("r", "kind", "kind_as_stated", "mode", "direction", "status", "title_en", "title_ko", "summary_en", "summary_ko"),
        "when": "r.when_edtf",
        **same("r", "when_start", "when_end", "when_precision", "when_qualifier"),
        "place": place(j),
        "countries": j.strings("c.country", "engagement_country c WHERE c.engagement_id = r.id", "c.position, c.country"),
        "topics": topics(j),
        "parent": j.optional("r.parent_id IS NOT NULL", _parent(j)),
        **same("r", "visibility", "confidence", "confidence_as_stated"),
        "in_scope": j.boolean("r.in_scope"),
        "note": "r.note",
        "external_ids": external_ids("engagement", j),
        "participations": _participations(j),
        "outcomes": _outcomes(j),
        "citations": _citations(j),
        "assertions": _assertions("engagement", j),
    }


def _person(j: JsonSql) -> dict[str, str]:
    return {
        **same("r", "name_en", "name_ko", "nationality", "note"),
        "names": _names("person", j),
        "external_ids": external_ids("person", j),
        "assertions": _assertions("person", j),
    }


def _organization(j: JsonSql) -> dict[str, str]:
    return {
        **same("r", "name_en", "name_ko", "kind", "kind_as_stated", "level", "country", "subdivision"),
        "withheld": j.boolean("r.withheld"),
        "note": "r.note",
        "names": _names("organization", j),
        "external_ids": external_ids("organization", j),
        "assertions": _assertions("organization", j),
    }


def _topic(j: JsonSql) -> dict[str, str]:
    return {
        **same("r", "label_en", "label_ko"),
        "synonyms": j.stored("r.synonyms"),
        "note": "r.note",
        "external_ids": external_ids("topic", j),
    }


def _source(j: JsonSql) -> dict[str, str]:
    return {
        **same("r", "url", "title"),
        "title_is_descriptive": j.boolean("r.title_is_descriptive"),
        **same("r", "publisher", "published", "accessed", "language", "grade", "note"),
        "external_ids": external_ids("source", j),
    }


_FIELDS = {"engagement": _engagement, "person": _person, "organization": _organization, "topic": _topic, "source": _source}


def place(j: JsonSql) -> str:
    """Where the engagement in the row `r` happened, or null."""
    parts = ("venue", "city", "country", "subdivision")
    known = " OR ".join(f"r.place_{part} IS NOT NULL" for part in parts)
    return j.optional(known, j.object({part: f"r.place_{part}" for part in parts}))


def topics(j: JsonSql) -> str:
    """The topics of the engagement in the row `r`."""
    source = "engagement_topic et JOIN topic t ON t.id = et.topic_id WHERE et.engagement_id = r.id"
    return j.array(j.object(same("t", "id", "label_en", "label_ko")), source, "et.position, et.topic_id")


def external_ids(noun: str, j: JsonSql) -> str:
    """The external ids of the record in the row `r`, as they are written."""
    written = "CASE WHEN x.system = '' THEN x.key ELSE x.system || ':' || x.key END"
    return j.strings(written, f"external_id x WHERE x.{noun}_id = r.id", "x.position, x.system, x.key")


def _parent(j: JsonSql) -> str:
    trip = j.object(same("p", "id", "kind", "title_en", "title_ko"))
    return f"(SELECT {trip} FROM engagement p WHERE p.id = r.parent_id AND {shown('engagement', j.audience, 'p')})"


def engagement_id(column: str, j: JsonSql) -> str:
    """The id of an engagement in this column, or null where that engagement is not there for the audience."""
    if j.audience.sees_all:
        return column
    return f"(SELECT e.id FROM engagement e WHERE e.id = {column} AND {shown('engagement', j.audience, 'e')})"


def _participations(j: JsonSql) -> str:
    columns = ("id", "side", "role", "name_as_printed", "name_basis", "office_as_titled", "office", "office_type")
    item = {
        **same("p", *columns),
        "former": j.boolean("p.former"),
        "person": j.optional("pe.id IS NOT NULL", j.object(same("pe", "id", "name_en", "name_ko"))),
        "organization": j.optional("o.id IS NOT NULL", j.object(same("o", "id", "name_en", "name_ko", "kind", "level"))),
        **same("p", "country", "subdivision", "headcount", "note"),
    }
    source = (
        "participation p LEFT JOIN person pe ON pe.id = p.person_id"
        " LEFT JOIN organization o ON o.id = p.organization_id WHERE p.engagement_id = r.id"
    )
    return j.array(j.object(item), source, "p.position, p.id")


def _outcomes(j: JsonSql) -> str:
    return j.array(j.object(outcome(j)), "outcome u WHERE u.engagement_id = r.id", "u.position, u.id")


def outcome(j: JsonSql) -> dict[str, str]:
    """The members of the outcome in the row `u`."""
    party = j.object(same("o", "id", "name_en", "name_ko"))
    return {
        **same("u", "id", "kind", "kind_as_stated", "title_en", "title_ko", "status", "status_as_stated"),
        "when": "u.when_edtf",
        **same("u", "signed_on", "due_on", "expires_on", "term"),
        "amount": j.optional("u.amount IS NOT NULL", j.object(same("u", "currency", "amount"))),
        **same("u", "quantity", "unit"),
        "parties": j.array(
            party,
            "outcome_party op JOIN organization o ON o.id = op.organization_id WHERE op.outcome_id = u.id",
            "op.position, op.organization_id",
        ),
        "closed_by": engagement_id("u.closed_by_id", j),
        "note": "u.note",
    }


def _cited(j: JsonSql) -> str:
    return j.object(same("s", "id", "url", "title", "publisher", "published", "language", "grade"))


def _citations(j: JsonSql) -> str:
    item = {"id": "c.id", "source": _cited(j), **same("c", "locator", "quote", "note")}
    source = "citation c JOIN source s ON s.id = c.source_id WHERE c.engagement_id = r.id"
    return j.array(j.object(item), source, "c.position, c.id")


def _assertions(noun: str, j: JsonSql) -> str:
    item = {
        **same("a", "id", "field", "value", "reason"),
        "source": j.optional("s.id IS NOT NULL", _cited(j)),
        **same("a", "locator", "quote"),
    }
    source = f"assertion a LEFT JOIN source s ON s.id = a.source_id WHERE a.{noun}_id = r.id"
    return j.array(j.object(item), source, "a.position, a.id")


def _names(noun: str, j: JsonSql) -> str:
    item = j.object(same("n", "id", "text", "kind", "language", "since", "until", "note"))
    return j.array(item, f"{noun}_name n WHERE n.{noun}_id = r.id", "n.position, n.id")
