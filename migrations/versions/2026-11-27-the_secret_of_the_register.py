"""the secret of the register

Made here, once, so that it is as old as the register and goes along with its backups.

Revision: 0005, after 0004
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from service.register.seal import new_secret

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    secret = op.create_table(
        "secret",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_secret")),
    )
    op.bulk_insert(secret, [{"id": 1, "key": new_secret()}])


def downgrade() -> None:
    op.drop_table("secret")
