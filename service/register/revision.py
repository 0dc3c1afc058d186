"""Revisions: what became of a record, who did it, when, and what it was before. Written by the verbs, never changed.

`after` is the whole record as it could be read right after the change, `changes` lists the fields that differ from
before. Mergers keep what was moved, so that a merger can be undone.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, Integer
from sqlmodel import Field, SQLModel

from service.register.external_id import OWNERS
from service.register.table import new_id, now, one_of

VERBS = ("record", "revise", "withdraw", "restore", "merge", "unmerge")


class Revision(SQLModel, table=True):
    __tablename__ = "revision"
    __table_args__ = (
        one_of("noun", OWNERS),
        one_of("verb", VERBS),
        Index("uq_revision_noun_record_id_version", "noun", "record_id", "version", unique=True),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True))
    noun: str
    record_id: str
    version: int
    verb: str
    actor: str
    at: datetime = Field(default_factory=now)
    reason: str | None = None
    changes: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    after: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))


class Merger(SQLModel, table=True):
    """That one record was merged into another, and which rows moved with it or were added (see `verbs.moving`)."""

    __tablename__ = "merger"
    __table_args__ = (one_of("noun", ("engagement", "person", "organization")),)

    id: str = Field(primary_key=True, default_factory=new_id)
    noun: str
    merged_id: str = Field(index=True)
    survivor_id: str = Field(index=True)
    moved: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    actor: str
    at: datetime = Field(default_factory=now)
    undone_at: datetime | None = None
