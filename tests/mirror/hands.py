"""A register with a few rows, a new row of every table that feeds a search document, and three ways to write it."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import delete, insert, text, update
from sqlmodel import Session, SQLModel

from service.database import Database
from service.register.assertion import Assertion
from service.register.engagement import Engagement, EngagementCountry, EngagementTopic, Participation
from service.register.external_id import ExternalId
from service.register.organization import Organization, OrganizationName
from service.register.outcome import Outcome, OutcomeParty
from service.register.person import Person, PersonName
from service.register.source import Citation, Source
from service.register.topic import Topic

MODELS: dict[str, type[SQLModel]] = {
    str(model.__tablename__): model
    for model in (
        *(Engagement, EngagementCountry, EngagementTopic, Participation, Outcome, OutcomeParty, Citation, Assertion, ExternalId),
        *(Person, PersonName, Organization, OrganizationName, Topic, Source),
    )
}

STANDING: tuple[SQLModel, ...] = (
    Engagement(id="sacramento", kind="meeting", title_en="Meeting with Governor Gavin Newsom"),
    Engagement(id="victoria", kind="meeting", title_en="Meeting with Premier David Eby"),
    Person(id="newsom", name_en="Gavin Newsom"),
    Organization(id="california", name_en="State of California"),
    Topic(id="climate", label_en="Climate"),
    Topic(id="energy", label_en="Energy"),
    Source(id="article", title="경기도뉴스포털"),
    Outcome(id="mou", engagement_id="sacramento", kind="mou", title_en="MOU"),
)
"""What the new rows of the tests refer to."""

# A new row of each table, and what an update of it changes.
ROWS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "engagement": ({"id": "seoul", "kind": "visit", "title_ko": "방한"}, {"title_ko": "방문"}),
    "engagement_country": ({"engagement_id": "sacramento", "country": "US"}, {"country": "CA"}),
    "engagement_topic": ({"engagement_id": "sacramento", "topic_id": "climate"}, {"topic_id": "energy"}),
    "participation": ({"id": "p", "engagement_id": "sacramento", "side": "host", "person_id": "newsom"}, {"office": "Governor"}),
    "outcome": ({"id": "loi", "engagement_id": "sacramento", "kind": "loi", "title_en": "LOI"}, {"status": "signed"}),
    "outcome_party": ({"outcome_id": "mou", "organization_id": "california"}, {"position": 1}),
    "citation": ({"id": "c", "engagement_id": "sacramento", "source_id": "article"}, {"quote": "기후위기"}),
    "assertion": ({"id": "a", "engagement_id": "sacramento", "field": "when", "value": "2023"}, {"value": "2024"}),
    "external_id": ({"system": "", "key": "gg-1", "engagement_id": "sacramento"}, {"key": "gg-2"}),
    "person": ({"id": "eby", "name_en": "David Eby"}, {"name_ko": "데이비드 이비"}),
    "person_name": ({"id": "n", "person_id": "newsom", "text": "뉴섬"}, {"text": "개빈 뉴섬"}),
    "organization": ({"id": "asml", "name_en": "ASML"}, {"kind": "company"}),
    "organization_name": ({"id": "n", "organization_id": "california", "text": "캘리포니아"}, {"kind": "native"}),
    "topic": ({"id": "chips", "label_en": "Chips"}, {"synonyms": ["반도체"]}),
    "source": ({"id": "blog", "title": "블로그"}, {"publisher": "경기도"}),
}


def fill(database: Database) -> None:
    """Write what the new rows refer to, and forget the touches of that."""
    with database.writing() as connection, Session(bind=connection) as session:
        for row in STANDING:
            session.add(type(row).model_validate(row.model_dump()))
            session.flush()
        session.commit()
    forget(database)


def touches(database: Database) -> list[tuple[str, str]]:
    with database.reading() as connection:
        return [(noun, key) for noun, key in connection.execute(text("SELECT noun, key FROM touch ORDER BY id"))]


def forget(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(text("DELETE FROM touch"))


def primary_key(table: str, row: dict[str, Any]) -> dict[str, Any]:
    return {column.name: row[column.name] for column in SQLModel.metadata.tables[table].primary_key}


class Orm:
    """A session of objects, as an application of SQLModel writes."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def insert(self, table: str, row: dict[str, Any]) -> None:
        with self.session() as session:
            session.add(MODELS[table](**row))

    def update(self, table: str, row: dict[str, Any], change: dict[str, Any]) -> None:
        with self.session() as session:
            there = session.get_one(MODELS[table], tuple(primary_key(table, row).values()))
            for column, value in change.items():
                setattr(there, column, value)

    def delete(self, table: str, row: dict[str, Any]) -> None:
        with self.session() as session:
            session.delete(session.get_one(MODELS[table], tuple(primary_key(table, row).values())))

    @contextmanager
    def session(self) -> Iterator[Session]:
        with self.database.writing() as connection, Session(bind=connection) as session:
            yield session
            session.commit()


class Core:
    """Statements over whole tables, which no hook of an object sees."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def insert(self, table: str, row: dict[str, Any]) -> None:
        with self.database.writing() as connection:
            connection.execute(insert(SQLModel.metadata.tables[table]), [MODELS[table](**row).model_dump()])

    def update(self, table: str, row: dict[str, Any], change: dict[str, Any]) -> None:
        rows = SQLModel.metadata.tables[table]
        with self.database.writing() as connection:
            connection.execute(update(rows).filter_by(**primary_key(table, row)).values(change))

    def delete(self, table: str, row: dict[str, Any]) -> None:
        rows = SQLModel.metadata.tables[table]
        with self.database.writing() as connection:
            connection.execute(delete(rows).filter_by(**primary_key(table, row)))


class Raw:
    """Another program with nothing but the driver."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def insert(self, table: str, row: dict[str, Any]) -> None:
        whole = {column: self.written(value) for column, value in MODELS[table](**row).model_dump().items()}
        marks = ", ".join(self.mark for _ in whole)
        self.run(f"INSERT INTO {table} ({', '.join(whole)}) VALUES ({marks})", whole)

    def update(self, table: str, row: dict[str, Any], change: dict[str, Any]) -> None:
        written = {column: self.written(value) for column, value in change.items()}
        which = primary_key(table, row)
        self.run(f"UPDATE {table} SET {self.pairs(written, ', ')} WHERE {self.pairs(which, ' AND ')}", {**written, "": which})

    def delete(self, table: str, row: dict[str, Any]) -> None:
        which = primary_key(table, row)
        self.run(f"DELETE FROM {table} WHERE {self.pairs(which, ' AND ')}", which)

    @property
    def mark(self) -> str:
        return "?" if self.database.is_sqlite else "%s"

    def pairs(self, values: dict[str, Any], between: str) -> str:
        return between.join(f"{column} = {self.mark}" for column in values)

    def written(self, value: Any) -> Any:
        if isinstance(value, list):
            return json.dumps(value)
        if isinstance(value, datetime) and self.database.is_sqlite:
            return value.replace(tzinfo=None).isoformat(" ")
        return value

    def run(self, sql: str, values: dict[str, Any]) -> None:
        parameters = [part for value in values.values() for part in (value.values() if isinstance(value, dict) else [value])]
        with another_program(self.database) as connection:
            connection.execute(sql, parameters)
            connection.commit()


@contextmanager
def another_program(database: Database) -> Iterator[Any]:
    """A plain connection of the driver, set up by nobody."""
    url = database.url
    opened: Any = (
        sqlite3.connect(str(url.database))
        if database.is_sqlite
        else psycopg.connect(host=str(url.query["host"]), user=url.username, dbname=url.database)
    )
    try:
        yield opened
    finally:
        opened.close()


WAYS: dict[str, Callable[[Database], Any]] = {"objects": Orm, "statements": Core, "another program": Raw}
