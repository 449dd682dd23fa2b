"""The table of letters: what is to be sent by e-mail, what was sent, what could not be."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

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

from app import clock
from app.db.session import Base, UtcDateTime, Record, Session, connection_of
from app.privacy.columns import OPEN, SENSITIVE
from config import ADDRESS

LEASE = timedelta(minutes=5)
"""How long a letter belongs to who took it to send: more than the slowest conversation with a mail server."""
GIVEN_UP_AFTER = timedelta(days=3)
KEPT = timedelta(days=7)
LONGEST_SUBJECT, LONGEST_BODY = 120, 2000


class OutgoingEmail(Base):
    """One e-mail to one mailbox. `due_at` is the next try; None: it was sent, or given up with its last `problem`.

    The address is sensitive: that of a protected shelter could give it away.
    """

    __tablename__ = "letter"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, info=OPEN)
    to_address: Mapped[str] = mapped_column(String(254), info=SENSITIVE)
    notice_key: Mapped[str] = mapped_column(String(120), info=OPEN)
    subject: Mapped[str] = mapped_column(String(120), info=SENSITIVE)
    body: Mapped[str] = mapped_column(String(2000), info=SENSITIVE)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    tries: Mapped[int] = mapped_column(Integer, info=OPEN)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    problem: Mapped[str] = mapped_column(String(30), info=OPEN)

    __table_args__ = (
        UniqueConstraint("to_address", "notice_key"),
        CheckConstraint("sent_at IS NULL OR due_at IS NULL", name="sent_is_not_due"),
        Index("ix_letter_due_at", "due_at"),
    )


EMAILS = OutgoingEmail.__table__


def is_email_address(text: str) -> bool:
    """Whether a text is one e-mail address that a letter can go to."""
    known = len(text) <= 254 and ADDRESS.fullmatch(text) is not None
    return known and "." in text.rpartition("@")[2]


def queue_email(session: Session, to_address: str, subject: str, body: str, key: str) -> bool:
    """Leaves a letter in this transaction; False where the mailbox has one of the same key already.

    Nothing is sent here. Raises ValueError, never with the text, for what is no address, would not be one line or is
    too long.
    """
    if not is_email_address(to_address):
        raise ValueError("This is no e-mail address.")
    if not 0 < len(subject) <= LONGEST_SUBJECT or not _is_plain(subject):
        raise ValueError("A subject is one line of at most 120 characters.")
    if not 0 < len(body) <= LONGEST_BODY or not _is_plain(body.replace("\n", "")):
        raise ValueError("A letter has 1 to 2000 characters and no signs of control.")
    if not 0 < len(key) <= LONGEST_SUBJECT:
        raise ValueError("The key of a letter has 1 to 120 characters.")
    now = clock.now()
    said = {"to_address": to_address, "notice_key": key, "subject": subject, "body": body}
    state = {"created_at": now, "due_at": now, "tries": 0, "sent_at": None, "problem": ""}
    return insert_letter(session, {"id": uuid4(), **said, **state})


def _is_plain(text: str) -> bool:
    return not any(unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") for sign in text)


def insert_letter(session: Session, row: dict[str, Any]) -> bool:
    """Inserts a letter unless the mailbox has the same notice already; whether it was inserted."""
    connection = connection_of(session)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    same = [EMAILS.c.to_address, EMAILS.c.notice_key]
    once = insert(EMAILS).on_conflict_do_nothing(index_elements=same).returning(EMAILS.c.id)
    return connection.execute(once, row).first() is not None


def claim_letter(session: Session, due_by: datetime, now: datetime) -> Record | None:
    """Takes the letter that is due longest: until the lease ends nobody else gets it, also where the taker dies."""
    next_one = (
        select(EMAILS.c.id)
        .where(EMAILS.c.due_at <= due_by)
        .order_by(EMAILS.c.due_at, EMAILS.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    taken = update(EMAILS).where(EMAILS.c.id == next_one.scalar_subquery())
    leased = taken.values(due_at=now + LEASE, tries=EMAILS.c.tries + 1)
    return session.execute(leased.returning(*EMAILS.c)).first()


def mark_sent(session: Session, letter_id: UUID, now: datetime) -> None:
    """Keeps that the mail server took a letter."""
    sent = {"sent_at": now, "due_at": None, "problem": ""}
    session.execute(update(EMAILS).where(EMAILS.c.id == letter_id).values(**sent))


def mark_failed(session: Session, letter: Record, problem: str, due_at: datetime | None) -> None:
    """Keeps why a letter was not sent and when it is tried next (None: never), unless somebody else has it by now."""
    mine = (EMAILS.c.id == letter.id) & (EMAILS.c.due_at == letter.due_at)
    failed = {"problem": problem[:30], "due_at": due_at}
    session.execute(update(EMAILS).where(mine).values(**failed))


def delete_sent(session: Session, now: datetime) -> None:
    """Deletes letters that were sent more than a week ago."""
    session.execute(delete(EMAILS).where(EMAILS.c.sent_at < now - KEPT))


def count_unsent(session: Session) -> tuple[int, int]:
    """How many letters wait for a try, and how many were given up."""
    waiting = func.count(EMAILS.c.due_at)
    counts = select(waiting, func.count() - waiting).where(EMAILS.c.sent_at.is_(None))
    row = session.execute(counts).one()
    return int(row[0]), int(row[1])


@dataclass(frozen=True)
class EmailQueue:
    """Letters that wait for a try, since when the oldest does, and letters that were given up."""

    waiting: int
    oldest_at: datetime | None
    given_up: int


def get_queue_state(session: Session) -> EmailQueue:
    """How the queue stands; the table holds no more than what was written in ten days."""
    is_waiting = EMAILS.c.due_at.is_not(None)
    waiting = select(func.count(), func.min(EMAILS.c.created_at)).where(is_waiting)
    never = (EMAILS.c.sent_at.is_(None)) & EMAILS.c.due_at.is_(None)
    given_up = select(func.count()).select_from(EMAILS).where(never)
    count, oldest_at = session.execute(waiting).one()
    return EmailQueue(count, oldest_at, session.scalar(given_up) or 0)


def is_expired(now: datetime) -> ColumnElement[bool]:
    """What holds for letters that nothing needs: sent a week ago, or not sent a week after they should be given up."""
    never = EMAILS.c.sent_at.is_(None) & (EMAILS.c.created_at < now - GIVEN_UP_AFTER - KEPT)
    return (EMAILS.c.sent_at < now - KEPT) | never
