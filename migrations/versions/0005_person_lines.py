"""The people in consultations."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "person_line",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=False),
        sa.Column("desk_id", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("sex", sa.String(length=20), nullable=False),
        sa.Column("age_band", sa.String(length=20), nullable=False),
        sa.Column("nationality", sa.String(length=3), nullable=False),
        sa.Column("situation", sa.String(length=30), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("repeat_contact", sa.String(length=20), nullable=False),
        sa.Column("main_topic", sa.String(length=40), nullable=False),
        sa.Column("qualifying", sa.Boolean(), nullable=False),
        sa.Column("is_void", sa.Boolean(), nullable=False),
        sa.Column("known", sa.Boolean(), nullable=False),
        sa.Column("previous_in_country", sa.Integer(), nullable=False),
        sa.Column("previous_in_programme", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=True),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.CheckConstraint("card_id IS NULL OR n = 1", name="one_person_per_card_line"),
        sa.CheckConstraint("known OR previous_in_country = 0", name="unknown_has_no_previous"),
        sa.CheckConstraint("n BETWEEN 1 AND 99", name="n_in_range"),
        sa.CheckConstraint("previous_in_country <= month", name="previous_is_not_later"),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultation.id"],
            name="fk_person_line_consultation_id_consultation",
        ),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_person_line_desk_id_desk"),
        sa.PrimaryKeyConstraint("id", name="pk_person_line"),
    )
    with op.batch_alter_table("person_line", schema=None) as batch_op:
        batch_op.create_index("ix_person_line_consultation_id", ["consultation_id"], unique=False)
        batch_op.create_index("ix_person_line_country_month", ["country", "month"], unique=False)
        batch_op.create_index("ix_person_line_desk_id_month", ["desk_id", "month"], unique=False)


def downgrade() -> None:
    op.drop_table("person_line")
