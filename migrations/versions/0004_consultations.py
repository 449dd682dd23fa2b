"""Consultations and their superseded versions."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "consultation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("desk_id", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("is_tally", sa.Boolean(), nullable=False),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("modality", sa.String(length=20), nullable=False),
        sa.Column("travel_group", sa.String(length=30), nullable=False),
        sa.Column("language", sa.String(length=3), nullable=False),
        sa.Column("topics", sa.String(1000), nullable=False),
        sa.Column("main_topic", sa.String(length=40), nullable=False),
        sa.Column("outcomes", sa.String(1000), nullable=False),
        sa.Column("flags", sa.String(1000), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("qualifying", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=4), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("arrival_digest", sa.String(length=64), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("taps", sa.Integer(), nullable=True),
        sa.Column("milliseconds", sa.Integer(), nullable=True),
        sa.Column("device", sa.String(length=40), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.CheckConstraint("state IN ('live','void')", name="state_is_known"),
        sa.CheckConstraint("is_tally = (persons = 0)", name="tally_has_no_people"),
        sa.CheckConstraint("persons BETWEEN 0 AND 200", name="persons_in_range"),
        sa.CheckConstraint("version >= 1", name="version_starts_at_one"),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name="fk_consultation_author_id_account"
        ),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["account.id"], name="fk_consultation_changed_by_account"
        ),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_consultation_desk_id_desk"),
        sa.PrimaryKeyConstraint("id", name="pk_consultation"),
    )
    with op.batch_alter_table("consultation", schema=None) as batch_op:
        batch_op.create_index(
            "ix_consultation_author_id_received_at", ["author_id", "received_at"], unique=False
        )
        batch_op.create_index("ix_consultation_country_month", ["country", "month"], unique=False)
        batch_op.create_index(
            "ix_consultation_desk_id_held_on", ["desk_id", "held_on"], unique=False
        )
    op.create_table(
        "consultation_version",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=4), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("changed_by", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["account.id"], name="fk_consultation_version_changed_by_account"
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultation.id"],
            name="fk_consultation_version_consultation_id_consultation",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_consultation_version"),
        sa.UniqueConstraint(
            "consultation_id", "version", name="uq_consultation_version_consultation_id_version"
        ),
    )


def downgrade() -> None:
    op.drop_table("consultation_version")
    op.drop_table("consultation")
