"""copies beside each other

What the mirrors were known to hold is forgotten, because it can be made anew: each of them is built once more beside what it
has. Touches that wait are kept; they are folded when there is a copy again.

Revision: 0002, after 0001
"""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op

from service.register.table import new_id

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    for table in ("batch_item", "batch", "ledger", "lease", "mirror"):
        op.drop_table(table)
    op.create_table(
        "mirror",
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("engine", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("index", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("instance", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("watermark", sa.BigInteger(), nullable=False),
        sa.Column("change_sequence", sa.BigInteger(), nullable=False),
        sa.Column("doubt", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("build_state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("build_wanted", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("build_reason", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("build_started_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("build_sent_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("build_round", sa.Integer(), nullable=False),
        sa.Column("build_failures", sa.Integer(), nullable=False),
        sa.Column("build_error", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_success_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("last_error_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("last_error", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("retry_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("last_audit", sa.JSON(none_as_null=True), nullable=True),
        sa.CheckConstraint(
            "build_state IN ('idle', 'creating', 'filling', 'catching-up', 'checking', 'swapping', 'verifying')",
            name=op.f("ck_mirror_build_state"),
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mirror")),
    )
    op.create_table(
        "register_identity",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_identity")),
    )
    op.create_table(
        "retraction",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retraction")),
        sqlite_autoincrement=True,
    )
    op.execute(sa.text("INSERT INTO register_identity (id) VALUES (:id)").bindparams(id=new_id()))
    with op.batch_alter_table("retraction", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_retraction_document_id"), ["document_id"], unique=False)

    op.create_table(
        "tally",
        sa.Column("mirror", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("label", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("mirror", "name", "label", name=op.f("pk_tally")),
    )
    op.create_table(
        "lease",
        sa.Column("mirror", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("holder", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["mirror"], ["mirror.name"], name=op.f("fk_lease_mirror"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("mirror", name=op.f("pk_lease")),
    )
    op.create_table(
        "mirror_copy",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("mirror", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("role", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("index", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("identity", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("schema_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("acknowledged_batch", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("made_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("retired_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.CheckConstraint("role IN ('building', 'live', 'retired')", name=op.f("ck_mirror_copy_role")),
        sa.ForeignKeyConstraint(["mirror"], ["mirror.name"], name=op.f("fk_mirror_copy_mirror"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mirror_copy")),
    )
    with op.batch_alter_table("mirror_copy", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_mirror_copy_mirror"), ["mirror"], unique=False)

    op.create_table(
        "batch",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("copy_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("operation", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("task_uid", sa.BigInteger(), nullable=True),
        sa.Column("prepared_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("accepted_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("finished_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("error_code", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("error", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("parent_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.CheckConstraint("operation IN ('put', 'drop')", name=op.f("ck_batch_operation")),
        sa.CheckConstraint(
            "state IN ('prepared', 'sent', 'unknown', 'done', 'failed', 'superseded')", name=op.f("ck_batch_state")
        ),
        sa.ForeignKeyConstraint(["copy_id"], ["mirror_copy.id"], name=op.f("fk_batch_copy_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.create_index("ix_batch_state", ["copy_id", "state"], unique=False)

    op.create_table(
        "ledger",
        sa.Column("copy_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("indexed_generation", sa.BigInteger(), nullable=False),
        sa.Column("dirty_since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("first_touch", sa.BigInteger(), nullable=True),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("indexed_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("change_sequence", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("verify_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("verify_round", sa.Integer(), nullable=False),
        sa.Column("error_code", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("error", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("died_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('clean', 'dirty', 'dead')", name=op.f("ck_ledger_state")),
        sa.ForeignKeyConstraint(["copy_id"], ["mirror_copy.id"], name=op.f("fk_ledger_copy_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("copy_id", "document_id", name=op.f("pk_ledger")),
    )
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ledger_dead",
            ["copy_id"],
            unique=False,
            sqlite_where=sa.text("state = 'dead'"),
            postgresql_where=sa.text("state = 'dead'"),
        )
        batch_op.create_index(
            "ix_ledger_due",
            ["copy_id", "dirty_since"],
            unique=False,
            sqlite_where=sa.text("state = 'dirty'"),
            postgresql_where=sa.text("state = 'dirty'"),
        )
        batch_op.create_index(
            "ix_ledger_verify",
            ["copy_id", "verify_at"],
            unique=False,
            sqlite_where=sa.text("verify_at IS NOT NULL"),
            postgresql_where=sa.text("verify_at IS NOT NULL"),
        )

    op.create_table(
        "batch_item",
        sa.Column("batch_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_item_batch_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("batch_id", "document_id", name=op.f("pk_batch_item")),
    )


def downgrade() -> None:
    op.drop_table("batch_item")
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_ledger_verify", sqlite_where=sa.text("verify_at IS NOT NULL"), postgresql_where=sa.text("verify_at IS NOT NULL")
        )
        batch_op.drop_index("ix_ledger_due", sqlite_where=sa.text("state = 'dirty'"), postgresql_where=sa.text("state = 'dirty'"))
        batch_op.drop_index("ix_ledger_dead", sqlite_where=sa.text("state = 'dead'"), postgresql_where=sa.text("state = 'dead'"))

    op.drop_table("ledger")
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.drop_index("ix_batch_state")

    op.drop_table("batch")
    with op.batch_alter_table("mirror_copy", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_mirror_copy_mirror"))

    op.drop_table("mirror_copy")
    op.drop_table("lease")
    op.drop_table("tally")
    with op.batch_alter_table("retraction", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_retraction_document_id"))

    op.drop_table("retraction")
    op.drop_table("register_identity")
    op.drop_table("mirror")

    op.create_table(
        "mirror",
        sa.Column("name", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("engine", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("live_index", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("schema_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("instance_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("change_sequence", sa.BigInteger(), nullable=False),
        sa.Column("building_index", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("build_state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("build_sequence", sa.BigInteger(), nullable=False),
        sa.Column("last_success_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("last_error_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("last_error", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("retry_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("last_audit_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("last_audit", sa.JSON(), nullable=True),
        sa.CheckConstraint(
            "build_state IN ('idle', 'creating', 'filling', 'catching-up', 'freezing', 'swapping', 'verifying', 'retiring', 'abandoned')",
            name=op.f("ck_mirror_build_state"),
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_mirror")),
    )

    op.create_table(
        "batch",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("mirror", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("operation", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("task_uid", sa.BigInteger(), nullable=True),
        sa.Column("prepared_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.Column("sent_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("accepted_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("finished_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("error_code", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("error", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("parent_id", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.CheckConstraint("operation IN ('put', 'drop')", name=op.f("ck_batch_operation")),
        sa.CheckConstraint(
            "state IN ('prepared', 'sent', 'unknown', 'done', 'failed', 'superseded')", name=op.f("ck_batch_state")
        ),
        sa.ForeignKeyConstraint(["mirror"], ["mirror.name"], name=op.f("fk_batch_mirror"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batch")),
    )
    with op.batch_alter_table("batch", schema=None) as batch_op:
        batch_op.create_index("ix_batch_state", ["mirror", "state"], unique=False)

    op.create_table(
        "lease",
        sa.Column("mirror", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("holder", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["mirror"], ["mirror.name"], name=op.f("fk_lease_mirror"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("mirror", name=op.f("pk_lease")),
    )

    op.create_table(
        "ledger",
        sa.Column("mirror", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("indexed_generation", sa.BigInteger(), nullable=False),
        sa.Column("dirty_since", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("indexed_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("change_sequence", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("verify_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.Column("error_code", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("error", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.Column("died_at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('clean', 'dirty', 'dead')", name=op.f("ck_ledger_state")),
        sa.ForeignKeyConstraint(["mirror"], ["mirror.name"], name=op.f("fk_ledger_mirror"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("mirror", "document_id", name=op.f("pk_ledger")),
    )
    with op.batch_alter_table("ledger", schema=None) as batch_op:
        batch_op.create_index(
            "ix_ledger_dead",
            ["mirror"],
            unique=False,
            sqlite_where=sa.text("state = 'dead'"),
            postgresql_where=sa.text("state = 'dead'"),
        )
        batch_op.create_index(
            "ix_ledger_due",
            ["mirror", "dirty_since"],
            unique=False,
            sqlite_where=sa.text("state = 'dirty'"),
            postgresql_where=sa.text("state = 'dirty'"),
        )

    op.create_table(
        "batch_item",
        sa.Column("batch_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("document_id", sqlmodel.sql.sqltypes.AutoString(), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sqlmodel.sql.sqltypes.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batch.id"], name=op.f("fk_batch_item_batch_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("batch_id", "document_id", name=op.f("pk_batch_item")),
    )
