"""Shelters, whose coordinators work where, and where desks stand, for distances."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shelter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("type", sa.String(length=30), nullable=False),
        sa.Column("organisation", sa.String(length=80), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("adm1", sa.String(length=10), nullable=False),
        sa.Column("address", sa.String(length=160), nullable=False),
        sa.Column("directions", sa.String(length=240), nullable=False),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("phone", sa.String(length=30), nullable=False),
        sa.Column("mailbox", sa.String(length=120), nullable=False),
        sa.Column("meeting_point", sa.String(length=160), nullable=False),
        sa.Column("time_zone", sa.String(length=40), nullable=False),
        sa.Column("opens_at", sa.String(length=5), nullable=False),
        sa.Column("closes_at", sa.String(length=5), nullable=False),
        sa.Column("languages", sa.String(length=1000), nullable=False),
        sa.Column("sexes", sa.String(length=1000), nullable=False),
        sa.Column("admits_children", sa.Boolean(), nullable=False),
        sa.Column("admits_groups", sa.Boolean(), nullable=False),
        sa.Column("youngest", sa.Integer(), nullable=True),
        sa.Column("oldest", sa.Integer(), nullable=True),
        sa.Column("stay_limit_days", sa.Integer(), nullable=True),
        sa.Column("is_protected", sa.Boolean(), nullable=False),
        sa.Column("is_accepting", sa.Boolean(), nullable=False),
        sa.Column("hold_minutes", sa.Integer(), nullable=False),
        sa.Column("reply_minutes", sa.Integer(), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("inbox_version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "type NOT IN ('women_refuge','trafficking_refuge') OR is_protected",
            name="refuges_are_protected",
        ),
        sa.CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="location_is_whole"),
        sa.CheckConstraint("hold_minutes BETWEEN 5 AND 2880", name="hold_in_range"),
        sa.CheckConstraint("reply_minutes BETWEEN 5 AND 2880", name="reply_in_range"),
        sa.PrimaryKeyConstraint("id", name="pk_shelter"),
        sa.UniqueConstraint("code", name="uq_shelter_code"),
    )
    op.create_index("ix_shelter_country_code", "shelter", ["country", "code"], unique=False)
    op.create_table(
        "account_shelter",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("shelter_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_account_shelter_account_id_account"
        ),
        sa.ForeignKeyConstraint(
            ["shelter_id"], ["shelter.id"], name="fk_account_shelter_shelter_id_shelter"
        ),
        sa.PrimaryKeyConstraint("account_id", "shelter_id", name="pk_account_shelter"),
    )
    for name in ("latitude", "longitude"):
        op.add_column("desk", sa.Column(name, sa.Float(), nullable=True))


def downgrade() -> None:
    for name in ("longitude", "latitude"):
        op.drop_column("desk", name)
    op.drop_table("account_shelter")
    op.drop_table("shelter")
