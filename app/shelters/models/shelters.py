"""The table of shelters: contact, eligibility, intake hours and protection."""

from datetime import date

from sqlalchemy import CheckConstraint, Date, Float, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base
from app.db.types import CodeSet
from app.privacy.columns import OPEN, SENSITIVE


class Shelter(Base):
    """A shelter. Desks never see name, address or location of a protected one.

    `sexes`, `admits_children`, `admits_groups`, ages and `stay_limit_days` are its eligibility; an age of None is no
    limit. Intake hours are `HH:MM` in its time zone, empty if people are accepted at any hour.
    `inbox_version` increases with every change that its coordinators should see.
    """

    __tablename__ = "shelter"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, info=OPEN)
    code: Mapped[str] = mapped_column(String(20), info=OPEN)
    name: Mapped[str] = mapped_column(String(80), info=SENSITIVE)
    type: Mapped[str] = mapped_column(String(30), info=OPEN)
    organisation: Mapped[str] = mapped_column(String(80), info=SENSITIVE)
    country: Mapped[str] = mapped_column(String(3), info=OPEN)
    adm1: Mapped[str] = mapped_column(String(10), info=OPEN)
    address: Mapped[str] = mapped_column(String(160), info=SENSITIVE)
    directions: Mapped[str] = mapped_column(String(240), info=SENSITIVE)
    latitude: Mapped[float | None] = mapped_column(Float, info=SENSITIVE)
    longitude: Mapped[float | None] = mapped_column(Float, info=SENSITIVE)
    phone: Mapped[str] = mapped_column(String(30), info=OPEN)
    email: Mapped[str] = mapped_column(String(120), info=SENSITIVE)
    meeting_point: Mapped[str] = mapped_column(String(160), info=OPEN)
    time_zone: Mapped[str] = mapped_column(String(40), info=OPEN)
    opens_at: Mapped[str] = mapped_column(String(5), info=OPEN)
    closes_at: Mapped[str] = mapped_column(String(5), info=OPEN)
    languages: Mapped[tuple[str, ...]] = mapped_column(CodeSet, info=OPEN)
    sexes: Mapped[tuple[str, ...]] = mapped_column(CodeSet, info=OPEN)
    admits_children: Mapped[bool] = mapped_column(info=OPEN)
    admits_groups: Mapped[bool] = mapped_column(info=OPEN)
    youngest: Mapped[int | None] = mapped_column(Integer, info=OPEN)
    oldest: Mapped[int | None] = mapped_column(Integer, info=OPEN)
    stay_limit_days: Mapped[int | None] = mapped_column(Integer, info=OPEN)
    is_protected: Mapped[bool] = mapped_column(info=OPEN)
    is_accepting: Mapped[bool] = mapped_column(info=OPEN)
    hold_minutes: Mapped[int] = mapped_column(Integer, info=OPEN)
    reply_minutes: Mapped[int] = mapped_column(Integer, info=OPEN)
    closed_on: Mapped[date | None] = mapped_column(Date, info=OPEN)
    version: Mapped[int] = mapped_column(Integer, default=1, info=OPEN)
    inbox_version: Mapped[int] = mapped_column(Integer, default=0, info=OPEN)

    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("hold_minutes BETWEEN 5 AND 2880", name="hold_in_range"),
        CheckConstraint("reply_minutes BETWEEN 5 AND 2880", name="reply_in_range"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", name="location_is_whole"),
        CheckConstraint(
            "type NOT IN ('women_refuge','trafficking_refuge') OR is_protected",
            name="refuges_are_protected",
        ),
        Index("ix_shelter_country_code", "country", "code"),
    )
