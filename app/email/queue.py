"""The table of letters: what is to be sent by e-mail, what was sent, what could not be."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    Index,
    Integer,
    String,
    UniqueConstraint,
    Uuid,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base, Moment, Record, Session, connection_of
from app.privacy.columns import OPEN, SENSITIVE

LEASE = timedelta(minutes=5)
"""How long a letter belongs to who took it to send: more than the slowest conversation with a mail server."""
GIVEN_UP_AFTER = timedelta(days=3)
KEPT = timedelta(days=7)


class Letter(Base):
    """One e-mail to one mailbox. `due_at` is the next try; None: it was sent, or given up with its last `problem`.

    The address is sensitive: that of a protected shelter could give it away.
    """

    __tablename__ = "letter"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, info=OPEN)
    to_address: Mapped[str] = mapped_column(String(254), info=SENSITIVE)
    notice_key: Mapped[str] = mapped_column(String(120), info=OPEN)
    subject: Mapped[str] = mapped_column(String(120), info=SENSITIVE)
    body: Mapped[str] = mapped_column(String(2000), info=SENSITIVE)
    created_at: Mapped[datetime] = mapped_column(Moment, info=OPEN)
    due_at: Mapped[datetime | None] = mapped_column(Moment, info=OPEN)
    tries: Mapped[int] = mapped_column(Integer, info=OPEN)
    sent_at: Mapped[datetime | None] = mapped_column(Moment, info=OPEN)
    problem: Mapped[str] = mapped_column(String(30), info=OPEN)

    __table_args__ = (
        UniqueConstraint("to_address", "notice_key"),
        CheckConstraint("sent_at IS NULL OR due_at IS NULL", name="sent_is_not_due"),
        Index("ix_letter_due_at", "due_at"),
    )


LETTERS = Letter.__table__


def insert_letter(session: Session, row: dict[str, Any]) -> bool:
    """Inserts a letter unless the mailbox has the same notice already; whether it was inserted."""
    connection = connection_of(session)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    same = [LETTERS.c.to_address, LETTERS.c.notice_key]
    once = insert(LETTERS).on_conflict_do_nothing(index_elements=same).returning(LETTERS.c.id)
    return connection.execute(once, row).first() is not None


def claim_letter(session: Session, due_by: datetime, now: datetime) -> Record | None:
    """Takes the letter that is due longest: until the lease ends nobody else gets it, also where the taker dies."""
    next_one = (
        select(LETTERS.c.id)
        .where(LETTERS.c.due_at <= due_by)
        .order_by(LETTERS.c.due_at, LETTERS.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    taken = update(LETTERS).where(LETTERS.c.id == next_one.scalar_subquery())
    leased = taken.values(due_at=now + LEASE, tries=LETTERS.c.tries + 1)
    return session.execute(leased.returning(*LETTERS.c)).first()


def mark_sent(session: Session, letter_id: UUID, now: datetime) -> None:
    """Keeps that the mail server took a letter."""
    sent = {"sent_at": now, "due_at": None, "problem": ""}
    session.execute(update(LETTERS).where(LETTERS.c.id == letter_id).values(**sent))


def mark_failed(session: Session, letter: Record, problem: str, due_at: datetime | None) -> None:
    """Keeps why a letter was not sent and when it is tried next (None: never), unless somebody else has it by now."""
    mine = (LETTERS.c.id == letter.id) & (LETTERS.c.due_at == letter.due_at)
    failed = {"problem": problem[:30], "due_at": due_at}
    session.execute(update(LETTERS).where(mine).values(**failed))


def delete_sent(session: Session, now: datetime) -> None:
    """Deletes letters that were sent more than a week ago."""
    session.execute(delete(LETTERS).where(LETTERS.c.sent_at < now - KEPT))


def count_unsent(session: Session) -> tuple[int, int]:
    """How many letters wait for a try, and how many were given up."""
    waiting = func.count(LETTERS.c.due_at)
    counts = select(waiting, func.count() - waiting).where(LETTERS.c.sent_at.is_(None))
    row = session.execute(counts).one()
    return int(row[0]), int(row[1])


@dataclass(frozen=True)
class Queue:
    """Letters that wait for a try, since when the oldest does, and letters that were given up."""

    waiting: int
    oldest_at: datetime | None
    given_up: int


def find_queue(session: Session) -> Queue:
    """How the queue stands; the table holds no more than what was written in ten days."""
    is_waiting = LETTERS.c.due_at.is_not(None)
    waiting = select(func.count(), func.min(LETTERS.c.created_at)).where(is_waiting)
    never = (LETTERS.c.sent_at.is_(None)) & LETTERS.c.due_at.is_(None)
    given_up = select(func.count()).select_from(LETTERS).where(never)
    count, oldest_at = session.execute(waiting).one()
    return Queue(count, oldest_at, session.scalar(given_up) or 0)


def is_past_its_time(now: datetime) -> ColumnElement[bool]:
    """What holds for letters that nothing needs: sent a week ago, or not sent a week after they should be given up."""
    never = LETTERS.c.sent_at.is_(None) & (LETTERS.c.created_at < now - GIVEN_UP_AFTER - KEPT)
    return (LETTERS.c.sent_at < now - KEPT) | never
