"""What a tablet sent lately, and what is kept of it, are found without reading all that it ever sent."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_envelope_device_id_received_at", "envelope", ["device_id", "received_at"], unique=False
    )
    op.create_index(
        "ix_envelope_device_id_kept",
        "envelope",
        ["device_id"],
        unique=False,
        sqlite_where=sa.text("sealed IS NOT NULL"),
        postgresql_where=sa.text("sealed IS NOT NULL"),
    )
    op.drop_index("ix_envelope_device_id", table_name="envelope")


def downgrade() -> None:
    op.create_index("ix_envelope_device_id", "envelope", ["device_id"], unique=False)
    op.drop_index("ix_envelope_device_id_kept", table_name="envelope")
    op.drop_index("ix_envelope_device_id_received_at", table_name="envelope")
