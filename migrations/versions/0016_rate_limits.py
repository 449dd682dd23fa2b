"""Counters that all workers and nodes share: requests per minute, and failed tries by address."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rate_limit",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("hits > 0", name="hits_positive"),
        sa.PrimaryKeyConstraint("digest", name="pk_rate_limit"),
    )
    op.create_index("ix_rate_limit_ends_at", "rate_limit", ["ends_at"], unique=False)
    with op.batch_alter_table("sign_in_attempt") as batch:
        batch.add_column(
            sa.Column("address_key", sa.String(length=64), nullable=False, server_default="")
        )
        batch.create_index("ix_sign_in_attempt_address_key_at", ["address_key", "at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("sign_in_attempt") as batch:
        batch.drop_index("ix_sign_in_attempt_address_key_at")
        batch.drop_column("address_key")
    op.drop_table("rate_limit")
