"""Tablets, and a line for every envelope that one sent."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "device",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=39), nullable=False),
        sa.Column("desk_id", sa.Integer(), nullable=False),
        sa.Column("credential_digest", sa.String(length=64), nullable=True),
        sa.Column("code_digest", sa.String(length=64), nullable=True),
        sa.Column("code_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_by", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enrolled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.Integer(), nullable=True),
        sa.Column("contact_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("waiting", sa.Integer(), nullable=False),
        sa.Column("oldest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("saved", sa.Integer(), nullable=False),
        sa.Column("lost", sa.Integer(), nullable=False),
        sa.Column("app_version", sa.String(length=20), nullable=False),
        sa.Column("is_persisted", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "(code_digest IS NULL) = (code_expires_at IS NULL)", name="code_expires"
        ),
        sa.CheckConstraint("waiting >= 0 AND saved >= 0 AND lost >= 0", name="counts_not_negative"),
        sa.ForeignKeyConstraint(
            ["created_by"], ["account.id"], name="fk_device_created_by_account"
        ),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_device_desk_id_desk"),
        sa.ForeignKeyConstraint(
            ["revoked_by"], ["account.id"], name="fk_device_revoked_by_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_device"),
        sa.UniqueConstraint("code_digest", name="uq_device_code_digest"),
        sa.UniqueConstraint("credential_digest", name="uq_device_credential_digest"),
    )
    op.create_index("ix_device_desk_id", "device", ["desk_id"], unique=False)

    op.create_table(
        "envelope",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.Uuid(), nullable=True),
        sa.Column("brought_by", sa.Integer(), nullable=True),
        sa.Column("key_id", sa.String(length=20), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("about", sa.Uuid(), nullable=True),
        sa.Column("desk_id", sa.Integer(), nullable=False),
        sa.Column("country", sa.String(length=3), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("result", sa.String(length=11), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_by", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(state IN ('open','held')) = (sealed IS NOT NULL)", name="sealed_while_open"
        ),
        sa.CheckConstraint(
            "result IN ('created','duplicate','conflict','quarantined')", name="result_is_known"
        ),
        sa.CheckConstraint(
            "state IN ('settled','open','held','mended','voided')", name="state_is_known"
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["account.id"], name="fk_envelope_author_id_account"
        ),
        sa.ForeignKeyConstraint(
            ["brought_by"], ["account.id"], name="fk_envelope_brought_by_account"
        ),
        sa.ForeignKeyConstraint(["desk_id"], ["desk.id"], name="fk_envelope_desk_id_desk"),
        sa.ForeignKeyConstraint(["device_id"], ["device.id"], name="fk_envelope_device_id_device"),
        sa.ForeignKeyConstraint(
            ["settled_by"], ["account.id"], name="fk_envelope_settled_by_account"
        ),
        sa.PrimaryKeyConstraint("number", name="pk_envelope"),
        sa.UniqueConstraint("id", "receipt", "source", name="uq_envelope_id_receipt_source"),
    )
    op.create_index("ix_envelope_about_state", "envelope", ["about", "state"], unique=False)
    op.create_index("ix_envelope_author_id_state", "envelope", ["author_id", "state"], unique=False)
    op.create_index("ix_envelope_country_state", "envelope", ["country", "state"], unique=False)
    op.create_index("ix_envelope_device_id", "envelope", ["device_id"], unique=False)


def downgrade() -> None:
    op.drop_table("envelope")
    op.drop_table("device")
