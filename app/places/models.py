"""Desks."""

from datetime import date

from sqlalchemy import CheckConstraint, Date, Float, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base
from app.privacy.columns import OPEN


class Desk(Base):
    """A desk (ventanilla) with its place, organisation and dates; `closed_on` is its last day."""

    __tablename__ = "desk"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, info=OPEN)
    code: Mapped[str] = mapped_column(String(20), info=OPEN)
    name: Mapped[str] = mapped_column(String(80), info=OPEN)
    country: Mapped[str] = mapped_column(String(3), info=OPEN)
    adm1: Mapped[str] = mapped_column(String(10), info=OPEN)
    time_zone: Mapped[str] = mapped_column(String(40), info=OPEN)
    organisation: Mapped[str] = mapped_column(String(80), info=OPEN)
    modality: Mapped[str] = mapped_column(String(20), info=OPEN)
    opened_on: Mapped[date] = mapped_column(Date, info=OPEN)
    closed_on: Mapped[date | None] = mapped_column(Date, info=OPEN)
    latitude: Mapped[float | None] = mapped_column(Float, info=OPEN)
    longitude: Mapped[float | None] = mapped_column(Float, info=OPEN)
    version: Mapped[int] = mapped_column(Integer, default=1, info=OPEN)

    __table_args__ = (
        UniqueConstraint("code"),
        CheckConstraint("closed_on IS NULL OR closed_on >= opened_on", name="closes_after_opening"),
        CheckConstraint("length(country) = 3", name="country_is_alpha3"),
        Index("ix_desk_country_code", "country", "code"),
    )
