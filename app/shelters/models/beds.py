"""Tables of beds by category, holds for groups, changes, and one census row a day."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base
from app.db.types import BigKey, UtcDateTime
from app.privacy.columns import OPEN


class BedCategory(Base):
    """Beds of one category: free = capacity − blocked − occupied − held, and may be below 0.

    `reason` is why more people are taken than there are beds, empty if there are enough; `confirmed_at` is when the
    shelter last confirmed the numbers.
    """

    __tablename__ = "bed_category"

    shelter_id: Mapped[int] = mapped_column(ForeignKey("shelter.id"), primary_key=True, info=OPEN)
    category: Mapped[str] = mapped_column(String(30), primary_key=True, info=OPEN)
    capacity: Mapped[int] = mapped_column(Integer, info=OPEN)
    blocked: Mapped[int] = mapped_column(Integer, info=OPEN)
    occupied: Mapped[int] = mapped_column(Integer, info=OPEN)
    reason: Mapped[str] = mapped_column(String(30), default="", info=OPEN)
    confirmed_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"), info=OPEN)
    version: Mapped[int] = mapped_column(Integer, default=1, info=OPEN)

    __table_args__ = (
        CheckConstraint("capacity BETWEEN 0 AND 9999", name="capacity_in_range"),
        CheckConstraint("blocked BETWEEN 0 AND 9999", name="blocked_in_range"),
        CheckConstraint("occupied BETWEEN 0 AND 9999", name="occupied_in_range"),
    )


class BedHold(Base):
    """Beds held for people of a referral; in force until `until`, or until it is ended with a code of HOLD_ENDS."""

    __tablename__ = "bed_hold"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, info=OPEN)
    referral_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("referral.id"), info=OPEN)
    shelter_id: Mapped[int] = mapped_column(ForeignKey("shelter.id"), info=OPEN)
    category: Mapped[str] = mapped_column(String(30), info=OPEN)
    person_count: Mapped[int] = mapped_column(Integer, info=OPEN)
    held_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    until: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    end_reason: Mapped[str] = mapped_column(String(20), default="", info=OPEN)

    __table_args__ = (
        CheckConstraint("person_count BETWEEN 1 AND 99", name="person_count_in_range"),
        CheckConstraint("(ended_at IS NULL) = (end_reason = '')", name="end_has_reason"),
        Index(
            "ix_bed_hold_in_force",
            "shelter_id",
            "category",
            "until",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_bed_hold_referral_id", "referral_id"),
    )


class BedChange(Base):
    """The numbers of a category after each change, and the reason: the history that proves its current numbers."""

    __tablename__ = "bed_change"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, info=OPEN)
    shelter_id: Mapped[int] = mapped_column(ForeignKey("shelter.id"), info=OPEN)
    category: Mapped[str] = mapped_column(String(30), info=OPEN)
    at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), info=OPEN)
    capacity: Mapped[int] = mapped_column(Integer, info=OPEN)
    blocked: Mapped[int] = mapped_column(Integer, info=OPEN)
    occupied: Mapped[int] = mapped_column(Integer, info=OPEN)
    held: Mapped[int] = mapped_column(Integer, info=OPEN)
    reason: Mapped[str] = mapped_column(String(30), default="", info=OPEN)

    __table_args__ = (Index("ix_bed_change_shelter_id_category", "shelter_id", "category"),)


class BedCensus(Base):
    """The numbers at the end of a shelter's day, or now; a day without a row has those of the last row before it."""

    __tablename__ = "bed_census"

    shelter_id: Mapped[int] = mapped_column(ForeignKey("shelter.id"), primary_key=True, info=OPEN)
    category: Mapped[str] = mapped_column(String(30), primary_key=True, info=OPEN)
    day: Mapped[date] = mapped_column(Date, primary_key=True, info=OPEN)
    capacity: Mapped[int] = mapped_column(Integer, info=OPEN)
    blocked: Mapped[int] = mapped_column(Integer, info=OPEN)
    occupied: Mapped[int] = mapped_column(Integer, info=OPEN)
