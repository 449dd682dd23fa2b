"""Consultations in their current version, and the superseded versions."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    Uuid,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base
from app.db.types import BigKey, CodeSet, UtcDateTime
from app.privacy.columns import OPEN, PERSONAL


class Consultation(Base):
    """One contact of a person or travelling group with a desk, in its current version.

    The client generates the id (UUID version 4: it discloses no time). `content_digest` is the digest of the canonical
    JSON as first received and never changes. A tally (`is_tally`) is a refusal to be recorded: it has no attributes.
    """

    __tablename__ = "consultation"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, info=OPEN)
    desk_id: Mapped[int] = mapped_column(ForeignKey("desk.id"), info=OPEN)
    country: Mapped[str] = mapped_column(String(3), info=OPEN)
    held_on: Mapped[date] = mapped_column(Date, info=PERSONAL)
    month: Mapped[int] = mapped_column(Integer, info=OPEN)
    is_tally: Mapped[bool] = mapped_column(info=OPEN)
    channel: Mapped[str] = mapped_column(String(20), info=PERSONAL)
    modality: Mapped[str] = mapped_column(String(20), info=PERSONAL)
    travel_group: Mapped[str] = mapped_column(String(30), info=PERSONAL)
    language: Mapped[str] = mapped_column(String(3), info=PERSONAL)
    topics: Mapped[tuple[str, ...]] = mapped_column(CodeSet, info=PERSONAL)
    main_topic: Mapped[str] = mapped_column(String(40), info=PERSONAL)
    outcomes: Mapped[tuple[str, ...]] = mapped_column(CodeSet, info=PERSONAL)
    flags: Mapped[tuple[str, ...]] = mapped_column(CodeSet, info=PERSONAL)
    persons: Mapped[int] = mapped_column(Integer, info=PERSONAL)
    qualifying: Mapped[bool] = mapped_column(info=OPEN)
    state: Mapped[str] = mapped_column(String(4), info=OPEN)
    version: Mapped[int] = mapped_column(Integer, info=OPEN)
    content_digest: Mapped[str] = mapped_column(String(64), info=PERSONAL)
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"), info=OPEN)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, info=PERSONAL)
    changed_by: Mapped[int] = mapped_column(ForeignKey("account.id"), info=OPEN)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, info=PERSONAL)
    reason: Mapped[str | None] = mapped_column(String(20), info=OPEN)
    taps: Mapped[int | None] = mapped_column(Integer, info=OPEN)
    milliseconds: Mapped[int | None] = mapped_column(Integer, info=OPEN)
    device: Mapped[str | None] = mapped_column(String(40), info=OPEN)
    sequence: Mapped[int | None] = mapped_column(Integer, info=OPEN)

    __table_args__ = (
        CheckConstraint("state IN ('live','void')", name="state_is_known"),
        CheckConstraint("is_tally = (persons = 0)", name="tally_has_no_people"),
        CheckConstraint("persons BETWEEN 0 AND 200", name="persons_in_range"),
        CheckConstraint("version >= 1", name="version_starts_at_one"),
        Index("ix_consultation_desk_id_held_on", "desk_id", "held_on"),
        Index("ix_consultation_author_id_received_at", "author_id", "received_at"),
    )


class ConsultationVersion(Base):
    """A superseded version: all its data, the reason for it, its author and time."""

    __tablename__ = "consultation_version"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, info=OPEN)
    consultation_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("consultation.id"), info=OPEN)
    version: Mapped[int] = mapped_column(Integer, info=OPEN)
    state: Mapped[str] = mapped_column(String(4), info=OPEN)
    reason: Mapped[str | None] = mapped_column(String(20), info=OPEN)
    changed_by: Mapped[int] = mapped_column(ForeignKey("account.id"), info=OPEN)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, info=PERSONAL)
    content: Mapped[str] = mapped_column(Text, info=PERSONAL)

    __table_args__ = (UniqueConstraint("consultation_id", "version"),)
