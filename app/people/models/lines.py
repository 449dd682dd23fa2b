"""Person lines: the people in a consultation by profile; no identity."""

from datetime import date
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
from app.db.types import BigKey, CodeSet
from app.privacy.columns import OPEN, PERSONAL, SENSITIVE


class PersonLine(Base):
    """`n` people of one profile in one group of a consultation.

    Desk, country, month, topics, `qualifying` and `is_void` repeat the consultation's, so that figures read one table.
    `is_known`, `previous_in_country` and `previous_in_programme` are those of people.rules.reach.PreviousContact.
    A line of a visitor card is one person (n = 1): `card_id` is the card that was shown, `ordinal` 1, 2, … within its
    sex, age band and nationality in the consultation. Without a card, `card_id` is null and `ordinal` 0.
    """

    __tablename__ = "person_line"

    id: Mapped[int] = mapped_column(BigKey, primary_key=True, info=OPEN)
    consultation_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("consultation.id"), info=OPEN)
    desk_id: Mapped[int] = mapped_column(ForeignKey("desk.id"), info=OPEN)
    country: Mapped[str] = mapped_column(String(3), info=OPEN)
    held_on: Mapped[date] = mapped_column(Date, info=PERSONAL)
    month: Mapped[int] = mapped_column(Integer, info=OPEN)
    group_index: Mapped[int] = mapped_column(Integer, info=OPEN)
    sex: Mapped[str] = mapped_column(String(20), info=PERSONAL)
    age_band: Mapped[str] = mapped_column(String(20), info=PERSONAL)
    nationality: Mapped[str] = mapped_column(String(3), info=PERSONAL)
    situation: Mapped[str] = mapped_column(String(30), info=PERSONAL)
    n: Mapped[int] = mapped_column(Integer, info=PERSONAL)
    repeat_contact: Mapped[str] = mapped_column(String(20), info=PERSONAL)
    topics: Mapped[tuple[str, ...]] = mapped_column(CodeSet, info=PERSONAL)
    main_topic: Mapped[str] = mapped_column(String(40), info=PERSONAL)
    qualifying: Mapped[bool] = mapped_column(info=OPEN)
    is_void: Mapped[bool] = mapped_column(default=False, info=OPEN)
    is_known: Mapped[bool] = mapped_column(info=OPEN)
    previous_in_country: Mapped[int] = mapped_column(Integer, info=PERSONAL)
    previous_in_programme: Mapped[int] = mapped_column(Integer, info=PERSONAL)
    card_id: Mapped[int | None] = mapped_column(ForeignKey("visitor_card.id"), info=SENSITIVE)
    ordinal: Mapped[int] = mapped_column(Integer, default=0, info=OPEN)

    __table_args__ = (
        CheckConstraint("n BETWEEN 1 AND 99", name="n_in_range"),
        CheckConstraint("card_id IS NULL OR n = 1", name="one_person_per_card_line"),
        CheckConstraint("is_known OR previous_in_country = 0", name="unknown_has_no_previous"),
        CheckConstraint("previous_in_country <= month", name="previous_is_not_later"),
        CheckConstraint("(card_id IS NULL) = (ordinal = 0)", name="ordinal_goes_with_card"),
        Index("ix_person_line_consultation_id", "consultation_id"),
        Index(
            "ix_person_line_card_id",
            "card_id",
            sqlite_where=text("card_id IS NOT NULL"),
            postgresql_where=text("card_id IS NOT NULL"),
        ),
        Index("ix_person_line_desk_id_month", "desk_id", "month"),
    )
