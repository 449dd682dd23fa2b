"""The security log: refused attempts, as counters that a flood cannot make grow without end."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "security_event",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("name_key", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("network", sa.String(length=30), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("times > 0", name="times_positive"),
        sa.PrimaryKeyConstraint("number", name="pk_security_event"),
        sa.UniqueConstraint("digest", name="uq_security_event_digest"),
    )
    op.create_index(
        "ix_security_event_network_first_at",
        "security_event",
        ["network", "first_at"],
        unique=False,
    )
    op.create_index("ix_security_event_last_at", "security_event", ["last_at"], unique=False)


def downgrade() -> None:
    op.drop_table("security_event")
