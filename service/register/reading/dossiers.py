"""Everything known of an engagement at one moment, as a search document needs it: the record, and every other name.

A withdrawn or merged engagement has no dossier, just as one that never was: what is not there is to be removed.
"""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from sqlalchemy import Connection, String, bindparam, text
from sqlalchemy.sql.elements import TextClause

from service.register.reading.json_sql import JsonSql, same
from service.register.reading.records import expression

Dossier = dict[str, Any]


def load(connection: Connection, ids: Iterable[str]) -> dict[str, Dossier]:
    """The dossiers of those of these engagements that are live."""
    rows = connection.execute(_statement(connection.dialect.name == "sqlite"), {"ids": list(ids)})
    return {record_id: json.loads(dossier) if isinstance(dossier, str) else dossier for record_id, dossier in rows}


@cache
def _statement(sqlite: bool) -> TextClause:
    j = JsonSql(sqlite)
    took_part = "FROM participation p WHERE p.engagement_id = r.id"
    bound = "FROM outcome u JOIN outcome_party op ON op.outcome_id = u.id WHERE u.engagement_id = r.id"
    dossier = j.object(
        {
            "record": expression("engagement", j),
            "person_names": j.array(
                j.object({"of": "n.person_id", **same("n", "text", "kind")}),
                f"person_name n WHERE n.person_id IN (SELECT p.person_id {took_part})",
                "n.position, n.id",
            ),
            "organization_names": j.array(
                j.object({"of": "n.organization_id", **same("n", "text", "kind")}),
                "organization_name n WHERE n.organization_id IN"
                f" (SELECT p.organization_id {took_part} UNION SELECT op.organization_id {bound})",
                "n.position, n.id",
            ),
            "former_people": j.strings("m.id", f"person m WHERE m.merged_into IN (SELECT p.person_id {took_part})", "m.id"),
            "former_organizations": j.strings(
                "m.id", f"organization m WHERE m.merged_into IN (SELECT p.organization_id {took_part})", "m.id"
            ),
            "synonyms": j.array(
                j.object({"of": "t.id", "words": j.stored("t.synonyms")}),
                "engagement_topic et JOIN topic t ON t.id = et.topic_id WHERE et.engagement_id = r.id",
                "et.position",
            ),
        }
    )
    live = "r.withdrawn_at IS NULL AND r.merged_into IS NULL"
    question = f"SELECT r.id, {dossier} FROM engagement r WHERE r.id IN :ids AND {live}"  # noqa: S608
    return text(question).bindparams(bindparam("ids", expanding=True, type_=String))
