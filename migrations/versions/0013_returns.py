"""Return requests and everything recorded of them; a step is never changed, by triggers on both databases."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

TRIGGERS = {
    "sqlite": [
        "CREATE TRIGGER return_step_no_update BEFORE UPDATE ON return_step "
        "BEGIN SELECT RAISE(ABORT, 'a step of a return is never changed'); END"
    ],
    "postgresql": [
        "CREATE FUNCTION refuse_step_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'a step of a return is never changed'; END $$",
        "CREATE TRIGGER return_step_no_update BEFORE UPDATE ON return_step "
        "FOR EACH ROW EXECUTE FUNCTION refuse_step_change()",
    ],
}


def upgrade() -> None:
    op.create_table(
        "return_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=5), nullable=False),
        sa.Column("desk_id", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=False),
        sa.Column("consultation_id", sa.Uuid(), nullable=True),
        sa.Column("country_of_departure", sa.String(length=3), nullable=False),
        sa.Column("country_of_return", sa.String(length=3), nullable=False),
        sa.Column("nationality", sa.String(length=3), nullable=False),
        sa.Column("persons", sa.JSON(), nullable=False),
        sa.Column("party", sa.Integer(), nullable=False),
        sa.Column("is_child_alone", sa.Boolean(), nullable=False),
        sa.Column("arrival_digest", sa.String(length=64), nullable=False),
        sa.Column("stage", sa.String(length=36), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_month", sa.Integer(), nullable=False),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_stopped", sa.Boolean(), nullable=False),
        sa.Column("consent_on", sa.Date(), nullable=True),
        sa.Column("consent_until", sa.Date(), nullable=True),
        sa.Column("handed_month", sa.Integer(), nullable=True),
        sa.Column("transport_mode", sa.String(length=10), nullable=False),
        sa.Column("departed_on", sa.Date(), nullable=True),
        sa.Column("departed_month", sa.Integer(), nullable=True),
        sa.Column("departed", sa.JSON(), nullable=False),
        sa.Column("withdrawn_month", sa.Integer(), nullable=True),
        sa.Column("closing_reason", sa.String(length=30), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closing_reason = '')", name="closed_with_reason"
        ),
        sa.CheckConstraint("country_of_departure <> country_of_return", name="two_countries"),
        sa.CheckConstraint(
            "departed_on IS NULL OR (handed_month IS NOT NULL AND withdrawn_month IS NULL)",
            name="departed_after_hand_over",
        ),
        sa.CheckConstraint(
            "handed_month IS NULL OR consent_on IS NOT NULL", name="handed_consented"
        ),
        sa.CheckConstraint("party BETWEEN 1 AND 99", name="party_in_range"),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name="fk_return_request_author_id_account"
        ),
        sa.ForeignKeyConstraint(
            ["consultation_id"],
            ["consultation.id"],
            name="fk_return_request_consultation_id_consultation",
        ),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_return_request_desk_id_desk"),
        sa.PrimaryKeyConstraint("id", name="pk_return_request"),
        sa.UniqueConstraint("reference", name="uq_return_request_reference"),
    )
    op.create_index(
        "ix_return_request_country_departed_month",
        "return_request",
        ["country", "departed_month"],
        unique=False,
    )
    op.create_index(
        "ix_return_request_country_handed_month",
        "return_request",
        ["country", "handed_month"],
        unique=False,
    )
    op.create_index(
        "ix_return_request_country_withdrawn_month",
        "return_request",
        ["country", "withdrawn_month"],
        unique=False,
    )
    op.create_index(
        "ix_return_request_country_opened_month",
        "return_request",
        ["country", "opened_month"],
        unique=False,
    )
    op.create_index(
        "ix_return_request_desk_id_opened_at",
        "return_request",
        ["desk_id", "opened_at"],
        unique=False,
    )
    op.create_index(
        "ix_return_request_open",
        "return_request",
        ["country", "desk_id"],
        unique=False,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_index(
        "uq_return_request_consultation_id",
        "return_request",
        ["consultation_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL OR departed_on IS NOT NULL"),
        postgresql_where=sa.text("closed_at IS NULL OR departed_on IS NOT NULL"),
    )
    op.create_table(
        "return_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("act", sa.String(length=36), nullable=False),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name="fk_return_step_account_id_account"
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["return_request.id"], name="fk_return_step_request_id_return_request"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_return_step"),
        sa.UniqueConstraint("request_id", "number", name="uq_return_step_request_id_number"),
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("return_step")
    op.drop_table("return_request")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_step_change()")
