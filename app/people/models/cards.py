"""Visitor cards: a keyed digest of each code, and which cards belong to the same person or group."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base
from app.privacy.columns import OPEN, SENSITIVE


class VisitorCard(Base):
    """One printed card of one person or travelling group.

    `year` is the calendar year in which its reporting year begins; `digest` is HMAC-SHA256 of the code with that year's
    key, in hex: the code itself is stored nowhere. `root_id` is the first card of the group of cards that stand for the
    same people; null if this is the first one. `is_replaced` is true if another card took its place.
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
