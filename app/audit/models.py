"""The table of the audit log; triggers of its migration refuse every change of a row."""

from datetime import datetime

from sqlalchemy import Column, Index, Integer, MetaData, String, Table, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base
from app.db.types import BigKey, UtcDateTime
from app.privacy.columns import OPEN

COMPLETED_BACKUPS = text("action = 'backup_completed'")
"""Written out, so that the partial index on these entries is used."""


class AuditEntry(Base):
    """One entry: when, who, which action, on which row; `entry_hash` chains it to the entry before."""

    __tablename__ = "audit_entry"

    number: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=False, info=OPEN)
    at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    account_id: Mapped[int | None] = mapped_column(Integer, info=OPEN)
    action: Mapped[str] = mapped_column(String(40), info=OPEN)
    subject: Mapped[str] = mapped_column(String(80), info=OPEN)
    country: Mapped[str] = mapped_column(String(3), info=OPEN)
    entry_hash: Mapped[str] = mapped_column(String(64), info=OPEN)

    __table_args__ = (
        Index("ix_audit_entry_account_id_at", "account_id", "at"),
        Index("ix_audit_entry_country_number", "country", "number"),
        Index(
            "ix_audit_entry_backup_completed",
            "number",
            sqlite_where=COMPLETED_BACKUPS,
            postgresql_where=COMPLETED_BACKUPS,
        ),
    )


RENAMED_IN = "0020"
# A backup of a former release is restored as it is, verified, and only then upgraded.
FORMER_ENTRIES = Table(
    AuditEntry.__tablename__,
    MetaData(),
    Column("number", BigKey, primary_key=True),
    Column("at", UtcDateTime),
    Column("account_id", Integer),
    Column("act", String(40), key="action"),
    Column("subject", String(80)),
    Column("country", String(3)),
    Column("seal", String(64), key="entry_hash"),
)
"""The log as migrations before RENAMED_IN named its columns; in code they have the names of today."""
