"""Beds of shelters by category, their history and one census row a day."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "bed_category",
        sa.Column("shelter_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=30), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("blocked", sa.Integer(), nullable=False),
        sa.Column("occupied", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("blocked BETWEEN 0 AND 9999", name="blocked_in_range"),
        sa.CheckConstraint("capacity BETWEEN 0 AND 9999", name="capacity_in_range"),
        sa.CheckConstraint("occupied BETWEEN 0 AND 9999", name="occupied_in_range"),
        sa.ForeignKeyConstraint(
            ["confirmed_by"], ["account.id"], name="fk_bed_category_confirmed_by_account"
        ),
        sa.ForeignKeyConstraint(
            ["shelter_id"], ["shelter.id"], name="fk_bed_category_shelter_id_shelter"
        ),
        sa.PrimaryKeyConstraint("shelter_id", "category", name="pk_bed_category"),
    )
    op.create_table(
        "bed_census",
        sa.Column("shelter_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=30), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("blocked", sa.Integer(), nullable=False),
        sa.Column("occupied", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["shelter_id"], ["shelter.id"], name="fk_bed_census_shelter_id_shelter"
        ),
        sa.PrimaryKeyConstraint("shelter_id", "category", "day", name="pk_bed_census"),
    )
    op.create_table(
        "bed_change",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("shelter_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=30), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("blocked", sa.Integer(), nullable=False),
        sa.Column("occupied", sa.Integer(), nullable=False),
        sa.Column("held", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_bed_change_account_id_account"
        ),
        sa.ForeignKeyConstraint(
            ["shelter_id"], ["shelter.id"], name="fk_bed_change_shelter_id_shelter"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bed_change"),
    )
    op.create_index(
        "ix_bed_change_shelter_id_category", "bed_change", ["shelter_id", "category"], unique=False
    )


def downgrade() -> None:
    op.drop_table("bed_change")
    op.drop_table("bed_census")
    op.drop_table("bed_category")
