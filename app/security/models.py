"""The table of the security log."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base
from app.db.types import BigKey, UtcDateTime
from app.privacy.columns import OPEN, SENSITIVE


class SecurityLogEntry(Base):
    """Equal refused attempts of one minute: kind, keyed digest of the name tried, account if known, network, count."""

    __tablename__ = "security_event"

    number: Mapped[int] = mapped_column(BigKey, primary_key=True, info=OPEN)
    digest: Mapped[str] = mapped_column(String(64), info=SENSITIVE)
    kind: Mapped[str] = mapped_column(String(30), info=OPEN)
    name_key: Mapped[str] = mapped_column(String(64), info=SENSITIVE)
    account_id: Mapped[int | None] = mapped_column(Integer, info=OPEN)
    network: Mapped[str] = mapped_column(String(30), info=OPEN)
    times: Mapped[int] = mapped_column(Integer, info=OPEN)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)

    __table_args__ = (
        UniqueConstraint("digest"),
        CheckConstraint("times > 0", name="times_positive"),
        Index("ix_security_event_network_first_at", "network", "first_at"),
        Index("ix_security_event_last_at", "last_at"),
    )
