"""What the sync remembers, each row keyed by the mirror it speaks of, so that every mirror converges on its own."""

from datetime import datetime
from typing import Final

from sqlalchemy import JSON, BigInteger, Column, ForeignKeyConstraint, Index, Integer, Table, text
from sqlmodel import Field, SQLModel

from service.register.table import one_of

LEDGER_STATES = ("clean", "dirty", "dead")
BATCH_STATES = ("prepared", "sent", "unknown", "done", "failed", "superseded")
BUILD_STATES = ("idle", "creating", "filling", "catching-up", "freezing", "swapping", "verifying", "retiring", "abandoned")


class Touch(SQLModel, table=True):
    """That a row changed: which noun, and its key. Written by triggers only, in the transaction of the change."""

    __tablename__ = "touch"
    # Numbers are never used twice, so that a number stands for a moment.
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, sa_column=Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True))
    noun: str
    key: str
    at: datetime


class Mirror(SQLModel, table=True):
    """One engine that holds a copy, and what its index is. The columns of building belong to the rebuild."""

    __tablename__ = "mirror"
    __table_args__ = (one_of("build_state", BUILD_STATES),)

    name: str = Field(primary_key=True)
    engine: str
    live_index: str
    schema_hash: str | None = None
    instance_id: str | None = None
    change_sequence: int = Field(default=0, sa_type=BigInteger)
    building_index: str | None = None
    build_state: str = "idle"
    build_sequence: int = Field(default=0, sa_type=BigInteger)
    last_success_at: datetime | None = None
    last_error_at: datetime | None = None
    last_error: str | None = None
    retry_at: datetime | None = None
    last_audit_at: datetime | None = None
    last_audit: dict[str, object] | None = Field(default=None, sa_column=Column(JSON))


class Ledger(SQLModel, table=True):
    """What one mirror holds of one document, and whether that is what the register says.

    `generation` is raised by every fold that touches the document; an acknowledgement makes it clean only if the generation
    that was sent is still the one that stands here.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        one_of("state", LEDGER_STATES),
        ForeignKeyConstraint(["mirror"], ["mirror.name"], ondelete="CASCADE"),
        Index(
            "ix_ledger_due",
            "mirror",
            "dirty_since",
            sqlite_where=text("state = 'dirty'"),
            postgresql_where=text("state = 'dirty'"),
        ),
        Index("ix_ledger_dead", "mirror", sqlite_where=text("state = 'dead'"), postgresql_where=text("state = 'dead'")),
    )

    mirror: str = Field(primary_key=True)
    document_id: str = Field(primary_key=True)
    state: str = "dirty"
    generation: int = Field(default=1, sa_type=BigInteger)
    indexed_generation: int = Field(default=0, sa_type=BigInteger)
    dirty_since: datetime | None = None
    present: bool = False
    indexed_hash: str | None = None
    change_sequence: int = Field(default=0, sa_type=BigInteger)
    attempts: int = 0
    due_at: datetime | None = None
    verify_at: datetime | None = None
    error_code: str | None = None
    error: str | None = None
    died_at: datetime | None = None


class Batch(SQLModel, table=True):
    """One request of writes to one mirror; the row is committed before the request is sent."""

    __tablename__ = "batch"
    __table_args__ = (
        one_of("operation", ("put", "drop")),
        one_of("state", BATCH_STATES),
        ForeignKeyConstraint(["mirror"], ["mirror.name"], ondelete="CASCADE"),
        Index("ix_batch_state", "mirror", "state"),
    )

    id: str = Field(primary_key=True)
    mirror: str
    epoch: int = Field(sa_type=BigInteger)
    operation: str
    state: str = "prepared"
    documents: int
    bytes: int = Field(default=0, sa_type=BigInteger)
    task_uid: int | None = Field(default=None, sa_type=BigInteger)
    prepared_at: datetime
    sent_at: datetime | None = None
    accepted_at: datetime | None = None
    finished_at: datetime | None = None
    error_code: str | None = None
    error: str | None = None
    parent_id: str | None = None


class BatchItem(SQLModel, table=True):
    """A document of a batch, at the generation in which it was built; a drop has no content."""

    __tablename__ = "batch_item"
    __table_args__ = (ForeignKeyConstraint(["batch_id"], ["batch.id"], ondelete="CASCADE"),)

    batch_id: str = Field(primary_key=True)
    document_id: str = Field(primary_key=True)
    generation: int = Field(sa_type=BigInteger)
    content_hash: str | None = None


class Lease(SQLModel, table=True):
    """Who may send to a mirror, until when by the database's clock; `epoch` is raised with every change of hands."""

    __tablename__ = "lease"
    __table_args__ = (ForeignKeyConstraint(["mirror"], ["mirror.name"], ondelete="CASCADE"),)

    mirror: str = Field(primary_key=True)
    holder: str
    epoch: int = Field(default=0, sa_type=BigInteger)
    expires_at: datetime


TOUCH: Final[Table] = SQLModel.metadata.tables["touch"]
MIRROR: Final[Table] = SQLModel.metadata.tables["mirror"]
LEDGER: Final[Table] = SQLModel.metadata.tables["ledger"]
BATCH: Final[Table] = SQLModel.metadata.tables["batch"]
BATCH_ITEM: Final[Table] = SQLModel.metadata.tables["batch_item"]
