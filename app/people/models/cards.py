"""Visitor cards: a keyed digest of each code, and which cards are one person's or group's."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base
from app.privacy.columns import OPEN, SENSITIVE


class VisitorCard(Base):
    """One printed card of one person or travelling group.

    `year` is the calendar year in which its reporting year begins; `digest` is HMAC-SHA256 of the code with that year's
    key, in hex: the code itself is nowhere. `root_id` is the card whose people these are where this one took the place
    of another; empty where it is the first. `is_replaced` says that another card took its place.
    """

    __tablename__ = "visitor_card"

    id: Mapped[int] = mapped_column(primary_key=True, info=SENSITIVE)
    year: Mapped[int] = mapped_column(Integer, info=OPEN)
    digest: Mapped[str] = mapped_column(String(64), unique=True, info=SENSITIVE)
    root_id: Mapped[int | None] = mapped_column(ForeignKey("visitor_card.id"), info=SENSITIVE)
    is_replaced: Mapped[bool] = mapped_column(default=False, info=SENSITIVE)

    __table_args__ = (
        CheckConstraint("root_id IS NULL OR root_id <> id", name="root_is_another"),
        Index("ix_visitor_card_root_id", "root_id"),
    )
