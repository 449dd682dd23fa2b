"""Tables of referrals, of the shelters that each was offered to, and of their events; no identity."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base
from app.db.types import BigKey, CodeSet, UtcDateTime
from app.privacy.columns import OPEN, PERSONAL, SENSITIVE

IS_OPEN = text("closed_at IS NULL")


class Referral(Base):
    """A group sent to up to three shelters, or to one service.

    `persons` is a list of [sex, age band, n], `person_count` the number of people and `arrived_persons` how many came.
    `state` is the stored state: what time alone changes (expired, a hold that ended) follows from `deadline` and
    `hold_until`, see rules.states. `month` is that of sending, at the desk. `first_answer_at` is the first acceptance,
    place on a waiting list or last decline. `previous_referral_id` is the referral that this one forwards.
    """

    __tablename__ = "referral"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, info=OPEN)
    code: Mapped[str] = mapped_column(String(4), info=SENSITIVE)
    desk_id: Mapped[int] = mapped_column(ForeignKey("desk.id"), info=OPEN)
    country: Mapped[str] = mapped_column(String(3), info=OPEN)
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"), info=OPEN)
    consultation_id: Mapped[UUID | None] = mapped_column(
        Uuid, ForeignKey("consultation.id"), info=OPEN
    )
    previous_referral_id: Mapped[UUID | None] = mapped_column(
        Uuid, ForeignKey("referral.id"), info=OPEN
    )
    service: Mapped[str] = mapped_column(String(30), info=PERSONAL)
    bed_category: Mapped[str] = mapped_column(String(30), default="", info=PERSONAL)
    priority: Mapped[str] = mapped_column(String(20), info=OPEN)
    persons: Mapped[list[list[Any]]] = mapped_column(JSON, info=PERSONAL)
    person_count: Mapped[int] = mapped_column(Integer, info=PERSONAL)
    flags: Mapped[tuple[str, ...]] = mapped_column(CodeSet, info=SENSITIVE)
    language: Mapped[str] = mapped_column(String(3), info=OPEN)
    note: Mapped[str] = mapped_column(String(140), default="", info=SENSITIVE)
    state: Mapped[str] = mapped_column(String(20), info=OPEN)
    version: Mapped[int] = mapped_column(Integer, default=1, info=OPEN)
    content_digest: Mapped[str] = mapped_column(String(64), info=OPEN)
    month: Mapped[int] = mapped_column(Integer, info=OPEN)
    sent_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    deadline: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    first_answer_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    shelter_id: Mapped[int | None] = mapped_column(ForeignKey("shelter.id"), info=OPEN)
    accepted_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    hold_until: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    arrived_persons: Mapped[int | None] = mapped_column(Integer, info=PERSONAL)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)

    __table_args__ = (
        CheckConstraint("person_count BETWEEN 1 AND 99", name="person_count_in_range"),
        CheckConstraint("(hold_until IS NULL) = (accepted_at IS NULL)", name="hold_is_accepted"),
        Index(
            "uq_referral_code_open",
            "code",
            unique=True,
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
        Index("ix_referral_desk_id_sent_at", "desk_id", "sent_at"),
        Index("ix_referral_country_month", "country", "month"),
        Index("ix_referral_consultation_id", "consultation_id"),
        Index(
            "ix_referral_open",
            "country",
            "deadline",
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
    )


class ReferralOffer(Base):
    """A shelter that a referral is addressed to, with the eligibility in force when it was sent.

    Any of the shelter's coordinators may act. `position` counts from 0 in the order chosen. `is_open` is false after a
    final answer, here or of another shelter.
    """

    __tablename__ = "referral_offer"

    referral_id: Mapped[UUID] = mapped_column(
        ForeignKey("referral.id"), primary_key=True, info=OPEN
    )
    shelter_id: Mapped[int] = mapped_column(ForeignKey("shelter.id"), primary_key=True, info=OPEN)
    position: Mapped[int] = mapped_column(Integer, info=OPEN)
    state: Mapped[str] = mapped_column(String(20), info=OPEN)
    is_open: Mapped[bool] = mapped_column(info=OPEN)
    reply_by: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    reason: Mapped[str] = mapped_column(String(30), default="", info=PERSONAL)
    questions: Mapped[tuple[str, ...]] = mapped_column(CodeSet, info=PERSONAL)
    answers: Mapped[dict[str, str]] = mapped_column(JSON, info=PERSONAL)
    eligibility: Mapped[dict[str, object]] = mapped_column(JSON, info=OPEN)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)

    __table_args__ = (
        Index("ix_referral_offer_shelter_id_changed_at", "shelter_id", "changed_at"),
        Index(
            "ix_referral_offer_open",
            "shelter_id",
            sqlite_where=text("is_open"),
            postgresql_where=text("is_open"),
        ),
    )


class ReferralEvent(Base):
    """An event of a referral; append-only. `month` is that of the moment `at`, at the desk."""

    __tablename__ = "referral_event"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, info=OPEN)
    referral_id: Mapped[UUID] = mapped_column(ForeignKey("referral.id"), info=OPEN)
    state: Mapped[str] = mapped_column(String(20), info=OPEN)
    at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    country: Mapped[str] = mapped_column(String(3), info=OPEN)
    desk_id: Mapped[int] = mapped_column(ForeignKey("desk.id"), info=OPEN)
    month: Mapped[int] = mapped_column(Integer, info=OPEN)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), info=OPEN)
    role: Mapped[str] = mapped_column(String(20), info=OPEN)
    shelter_id: Mapped[int | None] = mapped_column(ForeignKey("shelter.id"), info=OPEN)
    reason: Mapped[str] = mapped_column(String(30), default="", info=PERSONAL)

    __table_args__ = (
        Index("ix_referral_event_referral_id", "referral_id"),
        Index("ix_referral_event_country_month_state", "country", "month", "state"),
    )
