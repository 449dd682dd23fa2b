"""The last completed backup is found without reading the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

COMPLETED = sa.text("act = 'backup_completed'")


def upgrade() -> None:
    op.create_index(
        "ix_audit_entry_backup_completed",
        "audit_entry",
        ["number"],
        sqlite_where=COMPLETED,
        postgresql_where=COMPLETED,
    )


def downgrade() -> None:
    op.drop_index("ix_audit_entry_backup_completed", table_name="audit_entry")
