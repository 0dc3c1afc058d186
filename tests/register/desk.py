"""The clerk's desk of the tests: every verb in a transaction of its own, and a look at what is kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from service.database import Database
from service.register.engagement import EngagementShape
from service.register.organization import OrganizationShape
from service.register.person import PersonShape
from service.register.reading import records
from service.register.reading.records import Loaded, Noun
from service.register.source import SourceShape
from service.register.text import Shape
from service.register.topic import TopicShape
from service.register.verbs import merging, recording, revising
from service.register.verbs.journal import Actor
from service.register.verbs.moving import Mergeable
from service.register.verbs.revising import Part
from service.schema import METADATA

Record = dict[str, Any]

NOUN_OF: Mapping[type[Shape], Noun] = {
    EngagementShape: "engagement",
    PersonShape: "person",
    OrganizationShape: "organization",
    TopicShape: "topic",
    SourceShape: "source",
}


@dataclass
class Desk:
    database: Database
    by: Actor

    def record(self, *shapes: Shape, ids: list[str] | None = None) -> list[Loaded]:
        with self.database.writing() as connection:
            return recording.record(connection, NOUN_OF[type(shapes[0])], shapes, by=self.by, ids=ids)

    def meeting(self, title: str = "Meeting with Governor Gavin Newsom", **fields: Any) -> Record:
        (made,) = self.record(EngagementShape(**{"kind": "meeting", "title_en": title, **fields}))
        return made

    def person(self, name: str = "Gavin Newsom", **fields: Any) -> Record:
        (made,) = self.record(PersonShape(name_en=name, **fields))
        return made

    def organization(self, name: str = "State of California", **fields: Any) -> Record:
        (made,) = self.record(OrganizationShape(name_en=name, **fields))
        return made

    def topic(self, label: str = "Semiconductors", **fields: Any) -> Record:
        (made,) = self.record(TopicShape(label_en=label, **fields))
        return made

    def source(self, title: str = "경기도뉴스포털", **fields: Any) -> Record:
        (made,) = self.record(SourceShape(title=title, **fields))
        return made

    def revise(self, noun: Noun, record_id: str, **patch: Any) -> Record:
        with self.database.writing() as connection:
            return revising.revise(connection, noun, {record_id: patch}, by=self.by)[record_id]

    def add_part(self, noun: Noun, record_id: str, part: Part, shape: Shape) -> tuple[str, Record]:
        with self.database.writing() as connection:
            return revising.add_part(connection, noun, record_id, part, shape, by=self.by)

    def revise_part(self, noun: Noun, record_id: str, part: Part, part_id: str, **patch: Any) -> Record:
        with self.database.writing() as connection:
            return revising.revise_part(connection, noun, record_id, part, part_id, patch, by=self.by)

    def remove_part(self, noun: Noun, record_id: str, part: Part, part_id: str) -> Record:
        with self.database.writing() as connection:
            return revising.remove_part(connection, noun, record_id, part, part_id, by=self.by)

    def withdraw(self, noun: Noun, *ids: str) -> None:
        with self.database.writing() as connection:
            revising.withdraw(connection, noun, ids, by=Actor("test", "entered twice"))

    def restore(self, noun: Noun, *ids: str) -> None:
        with self.database.writing() as connection:
            revising.restore(connection, noun, ids, by=self.by)

    def merge(self, noun: Mergeable, merged_id: str, survivor_id: str) -> Record:
        with self.database.writing() as connection:
            return merging.merge(connection, noun, merged_id, survivor_id, by=self.by)

    def unmerge(self, noun: Mergeable, merged_id: str) -> Record:
        with self.database.writing() as connection:
            return merging.unmerge(connection, noun, merged_id, by=self.by)

    def read(self, noun: Noun, record_id: str) -> Record:
        with self.database.reading() as connection:
            return records.load(connection, noun, [record_id])[record_id]

    def everything(self) -> dict[str, Record]:
        """Every record of the register but for its version and the instant of its revision."""
        found: dict[str, Record] = {}
        with self.database.reading() as connection:
            for noun in records.NOUNS:
                ids = connection.execute(select(METADATA.tables[noun].c.id)).scalars()
                found |= {f"{noun} {key}": unversioned(record) for key, record in records.load(connection, noun, ids).items()}
        return found

    def revisions(self, noun: Noun, record_id: str) -> list[Record]:
        revision = METADATA.tables["revision"]
        question = select(revision).where(revision.c.noun == noun, revision.c.record_id == record_id).order_by(revision.c.version)
        with self.database.reading() as connection:
            return [dict(row) for row in connection.execute(question).mappings()]

    def row_counts(self) -> dict[str, int]:
        """How many rows each table has."""
        with self.database.reading() as connection:
            return {
                table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in METADATA.sorted_tables
            }


def unversioned(record: Record) -> Record:
    """The record without what every revision changes."""
    return {field: value for field, value in record.items() if field not in ("version", "revised_at")}
