"""The PIN with which a colleague takes over a shared tablet."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_pin",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("pin_hash", sa.String(length=200), nullable=False),
        sa.Column("salt", sa.String(length=22), nullable=False),
        sa.Column("check_bits", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("check_bits BETWEEN 0 AND 1023", name="check_is_ten_bits"),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_account_pin_account_id_account"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_pin"),
    )


def downgrade() -> None:
    op.drop_table("account_pin")
