"""Aggregates of person lines and consultations that figures are read from (counting.md, "Cells").

All three are maintained by the difference each record makes, in its own transaction. A row of 0 may remain.
"""

from datetime import date, datetime

from sqlalchemy import Date, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base
from app.db.types import UtcDateTime
from app.privacy.columns import OPEN, PERSONAL

# Without a rowid SQLite stores the rows in the order of their keys: those of a month lie together.
KEY_ORDER = {"sqlite_with_rowid": False}


class ReachAggregate(Base):
    """The number of people of a desk and month by previous contact; `is_known` as on person_line."""

    __tablename__ = "reach_aggregate"

    month: Mapped[int] = mapped_column(Integer, primary_key=True, info=OPEN)
    country: Mapped[str] = mapped_column(String(3), primary_key=True, info=OPEN)
    desk_id: Mapped[int] = mapped_column(Integer, primary_key=True, info=OPEN)
    previous_in_country: Mapped[int] = mapped_column(Integer, primary_key=True, info=OPEN)
    previous_in_programme: Mapped[int] = mapped_column(Integer, primary_key=True, info=OPEN)
    is_known: Mapped[bool] = mapped_column(primary_key=True, info=OPEN)
    n: Mapped[int] = mapped_column(Integer, info=PERSONAL)

    __table_args__ = KEY_ORDER


class BreakdownAggregate(Base):
    """Distinct people of a desk and month with one attribute: in the country's figure, in the programme's.

    `dimension` is one of people.rules.aggregates.DIMENSIONS. Each but `topic_any` adds up to the people reached.
    """

    __tablename__ = "breakdown_aggregate"

    month: Mapped[int] = mapped_column(Integer, primary_key=True, info=OPEN)
    country: Mapped[str] = mapped_column(String(3), primary_key=True, info=OPEN)
    desk_id: Mapped[int] = mapped_column(Integer, primary_key=True, info=OPEN)
    dimension: Mapped[str] = mapped_column(String(12), primary_key=True, info=OPEN)
    code: Mapped[str] = mapped_column(String(40), primary_key=True, info=PERSONAL)
    in_country: Mapped[int] = mapped_column(Integer, info=PERSONAL)
    in_programme: Mapped[int] = mapped_column(Integer, info=PERSONAL)

    __table_args__ = KEY_ORDER


class VolumeAggregate(Base):
    """The live consultations of a desk and day with an outcome; all of them if `outcome` is empty.

    `last_received_at` is the time of the last receipt, subtracted or not; it is not a figure.
    """

    __tablename__ = "volume_aggregate"

    outcome: Mapped[str] = mapped_column(String(30), primary_key=True, info=OPEN)
    month: Mapped[int] = mapped_column(Integer, primary_key=True, info=OPEN)
    country: Mapped[str] = mapped_column(String(3), primary_key=True, info=OPEN)
    desk_id: Mapped[int] = mapped_column(Integer, primary_key=True, info=OPEN)
    held_on: Mapped[date] = mapped_column(Date, primary_key=True, info=OPEN)
    consultations: Mapped[int] = mapped_column(Integer, info=OPEN)
    tallies: Mapped[int] = mapped_column(Integer, info=OPEN)
    persons: Mapped[int] = mapped_column(Integer, info=PERSONAL)
    last_received_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)

    __table_args__ = KEY_ORDER
