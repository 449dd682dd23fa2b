"""Tables of tablets and of received envelopes; the sealed bytes of quarantined ones are stored here too."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base
from app.db.types import BigKey, UtcDateTime
from app.privacy.columns import OPEN, PERSONAL, SENSITIVE


class Device(Base):
    """A tablet of a desk. Only digests of its credential and its enrolment code are stored.

    `waiting`, `oldest_at` and `saved` are as it reported at its last contact: records not yet sent, the oldest of
    them, and all that it ever saved. `lost` is what it had not sent when it was enrolled again.
    """

    __tablename__ = "device"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, info=OPEN)
    name: Mapped[str] = mapped_column(String(39), info=OPEN)
    desk_id: Mapped[int] = mapped_column(ForeignKey("desk.id"), info=OPEN)
    credential_digest: Mapped[str | None] = mapped_column(String(64), info=SENSITIVE)
    code_digest: Mapped[str | None] = mapped_column(String(64), info=SENSITIVE)
    code_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    created_by: Mapped[int] = mapped_column(ForeignKey("account.id"), info=OPEN)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    enrolled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"), info=OPEN)
    last_contact_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    waiting: Mapped[int] = mapped_column(Integer, default=0, info=OPEN)
    oldest_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    saved: Mapped[int] = mapped_column(Integer, default=0, info=OPEN)
    lost: Mapped[int] = mapped_column(Integer, default=0, info=OPEN)
    app_version: Mapped[str] = mapped_column(String(20), default="", info=OPEN)
    is_persisted: Mapped[bool | None] = mapped_column(info=OPEN)

    __table_args__ = (
        UniqueConstraint("credential_digest"),
        UniqueConstraint("code_digest"),
        CheckConstraint("waiting >= 0 AND saved >= 0 AND lost >= 0", name="counts_not_negative"),
        CheckConstraint("(code_digest IS NULL) = (code_expires_at IS NULL)", name="code_expires"),
        Index("ix_device_desk_id", "desk_id"),
    )


class Envelope(Base):
    """What one tablet, or a supervisor with an export of its queue, sent under an id: its result, and why.

    The sealed bytes are stored only if it was quarantined, and until it is resolved.
    """

    __tablename__ = "envelope"

    number: Mapped[int] = mapped_column(BigKey, primary_key=True, info=OPEN)
    id: Mapped[UUID] = mapped_column(Uuid, info=OPEN)
    receipt: Mapped[str] = mapped_column(String(64), info=OPEN)
    source: Mapped[str] = mapped_column(String(36), info=OPEN)
    device_id: Mapped[UUID | None] = mapped_column(ForeignKey("device.id"), info=OPEN)
    imported_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"), info=OPEN)
    key_id: Mapped[str] = mapped_column(String(20), info=OPEN)
    format: Mapped[int] = mapped_column(Integer, info=OPEN)
    kind: Mapped[str] = mapped_column(String(20), info=OPEN)
    record_id: Mapped[UUID | None] = mapped_column(Uuid, info=OPEN)
    desk_id: Mapped[int] = mapped_column(ForeignKey("desk.id"), info=OPEN)
    country: Mapped[str] = mapped_column(String(3), info=OPEN)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), info=OPEN)
    result: Mapped[str] = mapped_column(String(11), info=OPEN)
    reason: Mapped[str] = mapped_column(String(20), info=OPEN)
    state: Mapped[str] = mapped_column(String(7), info=OPEN)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, info=PERSONAL)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, info=PERSONAL)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"), info=OPEN)

    __table_args__ = (
        UniqueConstraint("id", "receipt", "source"),
        CheckConstraint(
            "result IN ('created','duplicate','conflict','quarantined')", name="result_is_known"
        ),
        CheckConstraint(
            "state IN ('settled','open','held','mended','voided')", name="state_is_known"
        ),
        CheckConstraint(
            "(state IN ('open','held')) = (sealed IS NOT NULL)", name="sealed_while_open"
        ),
        Index("ix_envelope_country_state", "country", "state"),
        Index("ix_envelope_author_id_state", "author_id", "state"),
        Index("ix_envelope_record_id_state", "record_id", "state"),
        Index("ix_envelope_device_id_received_at", "device_id", "received_at"),
        Index(
            "ix_envelope_device_id_kept",
            "device_id",
            sqlite_where=text("sealed IS NOT NULL"),
            postgresql_where=text("sealed IS NOT NULL"),
        ),
    )
