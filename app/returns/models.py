"""Tables of return requests and their steps; the people's identity is held by the return programme alone."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base
from app.db.types import BigKey, UtcDateTime
from app.privacy.columns import OPEN, PERSONAL, SENSITIVE

IS_OPEN = text("closed_at IS NULL")
IS_ACTIVE = text("closed_at IS NULL OR departed_on IS NOT NULL")


class ReturnRequest(Base):
    """One group that asks to return together, and its state after the latest step (rules.replay).

    `persons` and `departed` are lists of [sex, age band, n]. Months are those of the moment at the desk, `yyyymm`;
    `departed_month` is NULL again if the closing reason states that it was no return.
    """

    __tablename__ = "return_request"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, info=OPEN)
    reference: Mapped[str] = mapped_column(String(5), info=SENSITIVE)
    desk_id: Mapped[int] = mapped_column(ForeignKey("desk.id"), info=OPEN)
    country: Mapped[str] = mapped_column(String(3), info=OPEN)
    author_id: Mapped[int] = mapped_column(ForeignKey("account.id"), info=OPEN)
    consultation_id: Mapped[UUID | None] = mapped_column(
        Uuid, ForeignKey("consultation.id"), info=OPEN
    )
    country_of_departure: Mapped[str] = mapped_column(String(3), info=PERSONAL)
    country_of_return: Mapped[str] = mapped_column(String(3), info=PERSONAL)
    nationality: Mapped[str] = mapped_column(String(3), info=PERSONAL)
    persons: Mapped[list[list[Any]]] = mapped_column(JSON, info=PERSONAL)
    person_count: Mapped[int] = mapped_column(Integer, info=PERSONAL)
    is_child_alone: Mapped[bool] = mapped_column(info=SENSITIVE)
    content_digest: Mapped[str] = mapped_column(String(64), info=OPEN)
    stage: Mapped[str] = mapped_column(String(36), info=SENSITIVE)
    version: Mapped[int] = mapped_column(Integer, default=1, info=OPEN)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    opened_month: Mapped[int] = mapped_column(Integer, info=OPEN)
    last_step_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    is_stopped: Mapped[bool] = mapped_column(default=False, info=SENSITIVE)
    consent_on: Mapped[date | None] = mapped_column(Date, info=SENSITIVE)
    consent_until: Mapped[date | None] = mapped_column(Date, info=SENSITIVE)
    handed_over_month: Mapped[int | None] = mapped_column(Integer, info=OPEN)
    transport_mode: Mapped[str] = mapped_column(String(10), default="", info=SENSITIVE)
    departed_on: Mapped[date | None] = mapped_column(Date, info=SENSITIVE)
    departed_month: Mapped[int | None] = mapped_column(Integer, info=OPEN)
    departed_persons: Mapped[list[list[Any]]] = mapped_column(JSON, info=PERSONAL)
    withdrawn_month: Mapped[int | None] = mapped_column(Integer, info=OPEN)
    closing_reason: Mapped[str] = mapped_column(String(30), default="", info=SENSITIVE)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)

    __table_args__ = (
        UniqueConstraint("reference"),
        CheckConstraint("person_count BETWEEN 1 AND 99", name="person_count_in_range"),
        CheckConstraint("country_of_departure <> country_of_return", name="two_countries"),
        CheckConstraint("(closed_at IS NULL) = (closing_reason = '')", name="closed_with_reason"),
        CheckConstraint(
            "departed_on IS NULL OR (handed_over_month IS NOT NULL AND withdrawn_month IS NULL)",
            name="departed_after_hand_over",
        ),
        CheckConstraint(
            "handed_over_month IS NULL OR consent_on IS NOT NULL", name="hand_over_has_consent"
        ),
        Index(
            "uq_return_request_consultation_id",
            "consultation_id",
            unique=True,
            sqlite_where=IS_ACTIVE,
            postgresql_where=IS_ACTIVE,
        ),
        Index(
            "ix_return_request_open",
            "country",
            "desk_id",
            sqlite_where=IS_OPEN,
            postgresql_where=IS_OPEN,
        ),
        Index("ix_return_request_desk_id_opened_at", "desk_id", "opened_at"),
        Index("ix_return_request_country_opened_month", "country", "opened_month"),
        Index("ix_return_request_country_handed_over_month", "country", "handed_over_month"),
        Index("ix_return_request_country_withdrawn_month", "country", "withdrawn_month"),
        Index("ix_return_request_country_departed_month", "country", "departed_month"),
    )


class ReturnStep(Base):
    """One recorded step of a request: a stage or other action (`action`) and its `answers`; append-only.

    A correction is a new step of the same stage.
    """

    __tablename__ = "return_step"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, info=OPEN)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("return_request.id"), info=OPEN)
    number: Mapped[int] = mapped_column(Integer, info=OPEN)
    action: Mapped[str] = mapped_column(String(36), info=SENSITIVE)
    answers: Mapped[dict[str, Any]] = mapped_column(JSON, info=SENSITIVE)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    recorded_on: Mapped[date] = mapped_column(Date, info=OPEN)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), info=OPEN)
    role: Mapped[str] = mapped_column(String(20), info=OPEN)

    __table_args__ = (UniqueConstraint("request_id", "number"),)
