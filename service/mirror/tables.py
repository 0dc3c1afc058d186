"""What the sync remembers. Every row is keyed by the copy it speaks of, so that every copy converges on its own."""

from datetime import datetime
from typing import Final

from sqlalchemy import JSON, BigInteger, Column, ForeignKeyConstraint, Index, Integer, Table, text
from sqlmodel import Field, SQLModel

from service.register.table import one_of

COPY_ROLES = ("building", "live", "retired")
LEDGER_STATES = ("clean", "dirty", "dead")
BATCH_STATES = ("prepared", "sent", "unknown", "done", "failed", "superseded")
BUILD_STATES = ("idle", "creating", "filling", "catching-up", "checking", "swapping", "verifying")


def _number() -> Column[int]:
    # Numbers are never used twice, so that a number stands for a moment.
    return Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)


class Touch(SQLModel, table=True):
    """That a row changed: which noun, and its key. Written by triggers only, in the transaction of the change."""

    __tablename__ = "touch"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, sa_column=_number())
    noun: str
    key: str
    at: datetime


class Retraction(SQLModel, table=True):
    """A document that must not be found any more, from the commit on that says so, until every mirror has taken it in.

    Written by triggers only, when an engagement is withdrawn, merged, removed, or shown to fewer people than before.
    """

    __tablename__ = "retraction"
    __table_args__ = {"sqlite_autoincrement": True}

    id: int | None = Field(default=None, sa_column=_number())
    document_id: str = Field(index=True)
    at: datetime


class RegisterIdentity(SQLModel, table=True):
    """The one row that names this register, so that its mirrors know whose copy they hold."""

    __tablename__ = "register_identity"

    id: str = Field(primary_key=True)


class Mirror(SQLModel, table=True):
    """One engine that holds copies, what was last seen of it, and how far a rebuild of it is."""

    __tablename__ = "mirror"
    __table_args__ = (one_of("build_state", BUILD_STATES),)

    name: str = Field(primary_key=True)
    engine: str
    index: str
    instance: str | None = Field(default=None, description="The name in the marker that was left on the engine.")
    watermark: int = Field(default=0, sa_type=BigInteger, description="The number in that marker.")
    change_sequence: int = Field(default=0, sa_type=BigInteger, description="Raised by one with every batch.")
    doubt: str | None = Field(default=None, description="Why the live copy may not be what the ledger says; an audit will tell.")
    build_state: str = "idle"
    build_wanted: str | None = Field(default=None, description="Why the index has to be built anew; null when it has not.")
    build_reason: str | None = None
    build_started_at: datetime | None = None
    build_sent_at: datetime | None = Field(default=None, description="When the names were asked to be exchanged.")
    build_round: int = Field(default=0, description="How often the built index was checked and found wanting.")
    build_failures: int = 0
    build_error: str | None = None
    failures: int = Field(default=0, description="How often in a row the engine could not be written to.")
    last_success_at: datetime | None = None
    last_error_at: datetime | None = None
    last_error: str | None = None
    retry_at: datetime | None = None
    last_audit: dict[str, object] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))


class MirrorCopy(SQLModel, table=True):
    """One index of a mirror: the live one, one that is being built beside it, or the one that was replaced last.

    `index` is the name under which it goes at present, `identity` the engine's own mark of its content, which stays with it
    when names are exchanged. `acknowledged_batch` is the last batch that is known to be in it.
    """

    __tablename__ = "mirror_copy"
    __table_args__ = (one_of("role", COPY_ROLES), ForeignKeyConstraint(["mirror"], ["mirror.name"], ondelete="CASCADE"))

    id: str = Field(primary_key=True)
    mirror: str = Field(index=True)
    role: str
    index: str
    identity: str | None = None
    schema_hash: str
    acknowledged_batch: str | None = None
    made_at: datetime
    retired_at: datetime | None = None


class Ledger(SQLModel, table=True):
    """What one copy holds of one document, and whether that is what the register says.

    `generation` is raised by every fold that touches the document; an acknowledgement makes it clean only if the generation
    that was sent is still the one that stands here. `first_touch` is the number of the oldest touch that may not be indexed.
    """

    __tablename__ = "ledger"
    __table_args__ = (
        one_of("state", LEDGER_STATES),
        ForeignKeyConstraint(["copy_id"], ["mirror_copy.id"], ondelete="CASCADE"),
        Index(
            "ix_ledger_due",
            "copy_id",
            "dirty_since",
            sqlite_where=text("state = 'dirty'"),
            postgresql_where=text("state = 'dirty'"),
        ),
        Index("ix_ledger_dead", "copy_id", sqlite_where=text("state = 'dead'"), postgresql_where=text("state = 'dead'")),
        Index(
            "ix_ledger_verify",
            "copy_id",
            "verify_at",
            sqlite_where=text("verify_at IS NOT NULL"),
            postgresql_where=text("verify_at IS NOT NULL"),
        ),
    )

    copy_id: str = Field(primary_key=True)
    document_id: str = Field(primary_key=True)
    state: str = "dirty"
    generation: int = Field(default=1, sa_type=BigInteger)
    indexed_generation: int = Field(default=0, sa_type=BigInteger)
    dirty_since: datetime | None = None
    first_touch: int | None = Field(default=None, sa_type=BigInteger)
    present: bool = False
    indexed_hash: str | None = None
    change_sequence: int = Field(default=0, sa_type=BigInteger)
    attempts: int = 0
    due_at: datetime | None = None
    verify_at: datetime | None = None
    verify_round: int = 0
    error_code: str | None = None
    error: str | None = None
    died_at: datetime | None = None


class Batch(SQLModel, table=True):
    """One request of writes to one copy; the row is committed before the request is sent."""

    __tablename__ = "batch"
    __table_args__ = (
        one_of("operation", ("put", "drop")),
        one_of("state", BATCH_STATES),
        ForeignKeyConstraint(["copy_id"], ["mirror_copy.id"], ondelete="CASCADE"),
        Index("ix_batch_state", "copy_id", "state"),
    )

    id: str = Field(primary_key=True)
    copy_id: str
    epoch: int = Field(sa_type=BigInteger)
    operation: str
    state: str = "prepared"
    documents: int
    bytes: int = Field(default=0, sa_type=BigInteger)
    task_uid: int | None = Field(default=None, sa_type=BigInteger)
    prepared_at: datetime
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


class Tally(SQLModel, table=True):
    """A count of the sync's own, kept beside the facts so that it outlives every process; `label` is "" where there is none."""

    __tablename__ = "tally"

    mirror: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    label: str = Field(primary_key=True)
    value: float = 0.0


TOUCH: Final[Table] = SQLModel.metadata.tables["touch"]
RETRACTION: Final[Table] = SQLModel.metadata.tables["retraction"]
IDENTITY: Final[Table] = SQLModel.metadata.tables["register_identity"]
MIRROR: Final[Table] = SQLModel.metadata.tables["mirror"]
COPY: Final[Table] = SQLModel.metadata.tables["mirror_copy"]
LEDGER: Final[Table] = SQLModel.metadata.tables["ledger"]
BATCH: Final[Table] = SQLModel.metadata.tables["batch"]
BATCH_ITEM: Final[Table] = SQLModel.metadata.tables["batch_item"]
TALLY: Final[Table] = SQLModel.metadata.tables["tally"]
