"""How a change is noticed: triggers of the database, made from one table that says which row makes which documents stale.

Triggers see what no hook of the application sees: bulk statements, raw SQL, another program, rows that a foreign key
removes, TRUNCATE. They write into the changing transaction, so a rollback takes the touch with it. A touch carries ids only.

Two things are noted. A *touch* says that a row changed. A *retraction* says that an engagement must not be found any more, or
not by everybody who could: searches leave it out from that commit on, however far the mirrors are.

One thing SQLite keeps from them: the rows that another program's INSERT OR REPLACE removes, unless it turns
`recursive_triggers` on as we do. The audit finds what was missed that way.
"""

# ruff: noqa: S608  only the names of `STALENESS` are put into SQL

from typing import Final, NamedTuple

from sqlalchemy import Connection, inspect, text

from service.database import Database
from service.errors import Unavailable
from service.mirror import clock


class Staleness(NamedTuple):
    """A row of `table` that comes, goes or changes makes the documents of the `noun` with id `column` stale."""

    table: str
    column: str
    noun: str


STALENESS: Final[tuple[Staleness, ...]] = (
    Staleness("engagement", "id", "engagement"),
    Staleness("engagement_country", "engagement_id", "engagement"),
    Staleness("engagement_topic", "engagement_id", "engagement"),
    Staleness("participation", "engagement_id", "engagement"),
    Staleness("outcome", "engagement_id", "engagement"),
    Staleness("outcome_party", "outcome_id", "outcome"),
    Staleness("citation", "engagement_id", "engagement"),
    Staleness("assertion", "engagement_id", "engagement"),
    Staleness("external_id", "engagement_id", "engagement"),
    Staleness("person", "id", "person"),
    Staleness("person_name", "person_id", "person"),
    Staleness("organization", "id", "organization"),
    Staleness("organization_name", "organization_id", "organization"),
    Staleness("topic", "id", "topic"),
    Staleness("source", "id", "source"),
)
"""Which row makes which documents stale. `fold` turns the nouns into documents: a person's touch means all her engagements."""

# What PostgreSQL notes of a trigger (`pg_trigger.tgtype`): one for each row after INSERT, UPDATE or DELETE, one before TRUNCATE.
_EACH_ROW: Final = 1 + 4 + 8 + 16
_TRUNCATE: Final = 2 + 32

_EVENTS: Final = {"insert": ("NEW",), "update": ("OLD", "NEW"), "delete": ("OLD",)}

_RANK: Final = "CASE {row}.visibility WHEN 'public' THEN 0 WHEN 'internal' THEN 1 ELSE 2 END"
_RETRACTED: Final = (
    "OLD.withdrawn_at IS NULL AND OLD.merged_into IS NULL AND (NEW.withdrawn_at IS NOT NULL OR NEW.merged_into IS NOT NULL)"
    f" OR {_RANK.format(row='NEW')} > {_RANK.format(row='OLD')} OR NEW.id <> OLD.id"
)
"""When an update of an engagement takes it away from somebody who could find it before."""

_RETRACT: Final = "retract_engagement"
_UPDATE_OR_DELETE: Final = 1 + 8 + 16


def install(connection: Connection) -> None:
    """Make every trigger that `STALENESS` declares, and remove what former versions left. Every migration ends with this.

    Where one was missing, changes may have passed unseen, so every document is touched; what did not change is not sent.
    """
    sqlite = connection.dialect.name == "sqlite"
    here = inspect(connection).has_table("retraction")
    unseen = here and bool(missing(connection))
    remove(connection)
    if here:
        for statements in (_sqlite_triggers() if sqlite else _postgresql_triggers()).values():
            for statement in statements:
                connection.exec_driver_sql(statement)
    if unseen:
        _touch_everything(connection)


def _touch_everything(connection: Connection) -> None:
    known = "SELECT id AS key FROM engagement UNION SELECT document_id FROM ledger"
    gone = "SELECT id FROM engagement WHERE withdrawn_at IS NOT NULL OR merged_into IS NOT NULL"
    retract = f"INSERT INTO retraction (document_id, at) SELECT id, {clock.now(connection)} FROM ({gone}) AS gone"
    connection.execute(text(retract))
    question = f"INSERT INTO touch (noun, key, at) SELECT 'engagement', key, {clock.now(connection)} FROM ({known}) AS known"
    connection.execute(text(question))


def missing(connection: Connection) -> list[str]:
    """The triggers that are declared and are not there, or are not what they should be."""
    return _missing_sqlite(connection) if connection.dialect.name == "sqlite" else _missing_postgresql(connection)


def _missing_sqlite(connection: Connection) -> list[str]:
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    there = {name: _squeezed(sql) for name, sql in rows}
    return sorted(name for name, wanted in _sqlite_triggers().items() if there.get(name) != _squeezed(wanted[0]))


def _missing_postgresql(connection: Connection) -> list[str]:
    question = (
        "SELECT t.tgname, c.relname, t.tgtype, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        " JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = current_schema() AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')"
        " AND t.tgqual IS NULL AND cardinality(t.tgattr::smallint[]) = 0"
    )
    there = {name: (table, kind, _squeezed(body)) for name, table, kind, body in connection.execute(text(question))}
    wanted = {
        name: (entry.table, kind, _squeezed(_postgresql_body(entry)))
        for entry in STALENESS
        for name, kind in ((_name(entry), _EACH_ROW), (f"{_name(entry)}_truncate", _TRUNCATE))
    }
    for name, kind in ((_RETRACT, _UPDATE_OR_DELETE), (f"{_RETRACT}_truncate", _TRUNCATE)):
        wanted[name] = ("engagement", kind, _squeezed(_postgresql_retraction_body()))
    return sorted(name for name in wanted if there.get(name) != wanted[name])


class TriggersMissing(Unavailable):
    """Changes would pass unseen, so nothing is synced."""


def check(database: Database) -> None:
    """Raise `TriggersMissing`, which names every one of them."""
    with database.reading() as connection:
        if names := missing(connection):
            raise TriggersMissing(
                f"Triggers are missing or changed: {', '.join(names)}."
                " Nothing is synced until `engagements migrate` has put them back."
            )


def remove(connection: Connection) -> None:
    """Remove every trigger of ours, those of former versions as well. Changes pass unseen from then on."""
    sqlite = connection.dialect.name == "sqlite"
    if sqlite:
        question = (
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            " AND (name LIKE 'touch\\_%' ESCAPE '\\' OR name LIKE 'retract\\_%' ESCAPE '\\')"
        )
    else:
        question = (
            "SELECT p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace"
            " WHERE n.nspname = current_schema() AND (p.proname LIKE 'touch\\_%' OR p.proname LIKE 'retract\\_%')"
        )
    for (name,) in connection.execute(text(question)).all():
        # On PostgreSQL the trigger goes with its function.
        connection.execute(text(f"DROP TRIGGER {name}" if sqlite else f"DROP FUNCTION {name}() CASCADE"))


def _name(entry: Staleness) -> str:
    return f"touch_{entry.noun}_by_{entry.table}"


def _sqlite_triggers() -> dict[str, list[str]]:
    touching = {f"{_name(entry)}_{event}": [_sqlite_trigger(entry, event)] for entry in STALENESS for event in _EVENTS}
    return touching | {
        f"{_RETRACT}_update": [_sqlite_retraction("update", f" WHEN {_RETRACTED}")],
        f"{_RETRACT}_delete": [_sqlite_retraction("delete", "")],
    }


def _sqlite_retraction(event: str, when: str) -> str:
    return (
        f"CREATE TRIGGER {_RETRACT}_{event} AFTER {event.upper()} ON engagement{when} BEGIN"
        " INSERT INTO retraction (document_id, at) VALUES (OLD.id, strftime('%Y-%m-%d %H:%M:%f000', 'now')); END"
    )


def _sqlite_trigger(entry: Staleness, event: str) -> str:
    # UNION, so that an update which keeps its key touches it once.
    keys = " UNION ".join(f"SELECT {row}.{entry.column} AS key" for row in _EVENTS[event])
    return (
        f"CREATE TRIGGER {_name(entry)}_{event} AFTER {event.upper()} ON {entry.table} BEGIN"
        f" INSERT INTO touch (noun, key, at) SELECT '{entry.noun}', key, strftime('%Y-%m-%d %H:%M:%f000', 'now')"
        f" FROM ({keys}) WHERE key IS NOT NULL; END"
    )


def _postgresql_triggers() -> dict[str, list[str]]:
    touching = {
        _name(entry): _postgresql_trigger(_name(entry), entry.table, "INSERT OR UPDATE OR DELETE", _postgresql_body(entry))
        for entry in STALENESS
    }
    retracting = _postgresql_trigger(_RETRACT, "engagement", "UPDATE OR DELETE", _postgresql_retraction_body())
    return touching | {_RETRACT: retracting}


def _postgresql_trigger(name: str, table: str, events: str, body: str) -> list[str]:
    return [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $body${body}$body$",
        f"CREATE TRIGGER {name} AFTER {events} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()",
        f"CREATE TRIGGER {name}_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
    ]


def _postgresql_retraction_body() -> str:
    retract = "INSERT INTO retraction (document_id, at)"
    return (
        f" BEGIN IF TG_OP = 'TRUNCATE' THEN {retract} SELECT id, clock_timestamp() FROM engagement; RETURN NULL; END IF;"
        f" IF TG_OP = 'DELETE' THEN {retract} VALUES (OLD.id, clock_timestamp());"
        f" ELSIF ({_RETRACTED}) THEN {retract} VALUES (OLD.id, clock_timestamp()); END IF; RETURN NULL; END "
    )


def _postgresql_body(entry: Staleness) -> str:
    touch = "INSERT INTO touch (noun, key, at)"
    key = entry.column
    return (
        f" BEGIN IF TG_OP = 'TRUNCATE' THEN {touch} SELECT DISTINCT '{entry.noun}', {key}, clock_timestamp() FROM {entry.table}"
        f" WHERE {key} IS NOT NULL; RETURN NULL; END IF;"
        f" IF TG_OP <> 'INSERT' AND OLD.{key} IS NOT NULL"
        f" THEN {touch} VALUES ('{entry.noun}', OLD.{key}, clock_timestamp()); END IF;"
        f" IF TG_OP <> 'DELETE' AND NEW.{key} IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.{key} IS DISTINCT FROM OLD.{key})"
        f" THEN {touch} VALUES ('{entry.noun}', NEW.{key}, clock_timestamp()); END IF;"
        " RETURN NULL; END "
    )


def _squeezed(statement: str) -> str:
    return " ".join(statement.split())
