"""Referrals, to whom each was offered, what happened to them, and the places held."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "referral",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=4), nullable=False),
        sa.Column("desk_id", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=True),
        sa.Column("after_id", sa.Uuid(), nullable=True),
        sa.Column("service", sa.String(length=30), nullable=False),
        sa.Column("bed_category", sa.String(length=30), nullable=False),
        sa.Column("priority", sa.String(length=20), nullable=False),
        sa.Column("persons", sa.JSON(), nullable=False),
        sa.Column("party", sa.Integer(), nullable=False),
        sa.Column("flags", sa.String(length=1000), nullable=False),
        sa.Column("language", sa.String(length=3), nullable=False),
        sa.Column("note", sa.String(length=140), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("arrival_digest", sa.String(length=64), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deadline", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_answer_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("shelter_id", sa.Integer(), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("arrived", sa.Integer(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(hold_until IS NULL) = (accepted_at IS NULL)", name="hold_is_accepted"),
        sa.CheckConstraint("party BETWEEN 1 AND 99", name="party_in_range"),
        sa.ForeignKeyConstraint(
            ["after_id"], ["referral.id"], name="fk_referral_after_id_referral"
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name="fk_referral_author_id_account"
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultation.id"],
            name="fk_referral_consultation_id_consultation",
        ),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_referral_desk_id_desk"),
        sa.ForeignKeyConstraint(
            ["shelter_id"], ["shelter.id"], name="fk_referral_shelter_id_shelter"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_referral"),
    )
    op.create_index("ix_referral_consultation_id", "referral", ["consultation_id"], unique=False)
    op.create_index("ix_referral_country_month", "referral", ["country", "month"], unique=False)
    op.create_index("ix_referral_desk_id_sent_at", "referral", ["desk_id", "sent_at"], unique=False)
    op.create_index(
        "ix_referral_open",
        "referral",
        ["country", "deadline"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "uq_referral_code_open",
        "referral",
        ["code"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "bed_hold",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("shelter_id", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=30), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end", sa.String(length=20), nullable=False),
        sa.CheckConstraint("(ended_at IS NULL) = (\"end\" = '')", name="end_is_said"),
        sa.CheckConstraint("n BETWEEN 1 AND 99", name="n_in_range"),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name="fk_bed_hold_referral_id_referral"
        ),
        sa.ForeignKeyConstraint(
            ["shelter_id"], ["shelter.id"], name="fk_bed_hold_shelter_id_shelter"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_bed_hold"),
    )
    op.create_index(
        "ix_bed_hold_in_force",
        "bed_hold",
        ["shelter_id", "category", "until"],
        unique=False,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("ix_bed_hold_referral_id", "bed_hold", ["referral_id"], unique=False)
    op.create_table(
        "referral_event",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("desk_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("shelter_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_referral_event_account_id_account"
        ),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_referral_event_desk_id_desk"),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name="fk_referral_event_referral_id_referral"
        ),
        sa.ForeignKeyConstraint(
            ["shelter_id"], ["shelter.id"], name="fk_referral_event_shelter_id_shelter"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_referral_event"),
    )
    op.create_index(
        "ix_referral_event_country_month_state",
        "referral_event",
        ["country", "month", "state"],
        unique=False,
    )
    op.create_index(
        "ix_referral_event_referral_id", "referral_event", ["referral_id"], unique=False
    )
    op.create_table(
        "referral_offer",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("shelter_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("reply_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("questions", sa.String(length=1000), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("eligibility", sa.JSON(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name="fk_referral_offer_referral_id_referral"
        ),
        sa.ForeignKeyConstraint(
            ["shelter_id"], ["shelter.id"], name="fk_referral_offer_shelter_id_shelter"
        ),
        sa.PrimaryKeyConstraint("referral_id", "shelter_id", name="pk_referral_offer"),
    )
    op.create_index(
        "ix_referral_offer_open",
        "referral_offer",
        ["shelter_id"],
        unique=False,
        sqlite_where=sa.text("is_open"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_index(
        "ix_referral_offer_shelter_id_changed_at",
        "referral_offer",
        ["shelter_id", "changed_at"],
        unique=False,
    )


def downgrade() -> None:
    op.drop_table("referral_offer")
    op.drop_table("referral_event")
    op.drop_table("bed_hold")
    op.drop_table("referral")
