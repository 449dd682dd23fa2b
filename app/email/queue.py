"""The queue of outgoing e-mails: pending, sent and given up."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
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
from app.db.session import AnyRow, Base, RowValues, Session, connection_of
from app.db.types import UtcDateTime
from app.privacy.columns import OPEN, SENSITIVE
from config import EMAIL_ADDRESS

LEASE = timedelta(minutes=5)
"""How long a claimed e-mail is reserved for its sender: longer than the slowest session with a mail server."""
GIVE_UP_AFTER = timedelta(days=3)
RETENTION = timedelta(days=7)
MAX_SUBJECT_LENGTH, MAX_BODY_LENGTH = 120, 2000


class OutgoingEmail(Base):
    """One e-mail to one mailbox. `next_attempt_at` is None once it was sent, or given up with its `last_error`.

    The address is sensitive: that of a protected shelter could reveal the shelter.
    """

    __tablename__ = "outgoing_email"

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, info=OPEN)
    to_address: Mapped[str] = mapped_column(String(254), info=SENSITIVE)
    notice_key: Mapped[str] = mapped_column(String(120), info=OPEN)
    subject: Mapped[str] = mapped_column(String(120), info=SENSITIVE)
    body: Mapped[str] = mapped_column(String(2000), info=SENSITIVE)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    next_attempt_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    attempts: Mapped[int] = mapped_column(Integer, info=OPEN)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    last_error: Mapped[str] = mapped_column(String(30), info=OPEN)

    __table_args__ = (
        UniqueConstraint("to_address", "notice_key"),
        CheckConstraint("sent_at IS NULL OR next_attempt_at IS NULL", name="sent_is_not_due"),
        Index("ix_outgoing_email_next_attempt_at", "next_attempt_at"),
    )


EMAILS = OutgoingEmail.__table__


def is_email_address(text: str) -> bool:
    """Whether a text is one e-mail address with a domain that has a dot."""
    is_address = len(text) <= 254 and EMAIL_ADDRESS.fullmatch(text) is not None
    return is_address and "." in text.rpartition("@")[2]


def queue_email(session: Session, to_address: str, subject: str, body: str, key: str) -> bool:
    """Queue an e-mail in this transaction; return False if the mailbox has one with the same key already.

    Nothing is sent here. Raises ValueError, never with the text, if the address is invalid, the subject is not one
    line or a text is too long.
    """
    if not is_email_address(to_address):
        raise ValueError("Not an e-mail address.")
    if not 0 < len(subject) <= MAX_SUBJECT_LENGTH or not _is_plain(subject):
        raise ValueError("A subject is one line of at most 120 characters.")
    if not 0 < len(body) <= MAX_BODY_LENGTH or not _is_plain(body.replace("\n", "")):
        raise ValueError("A body has 1 to 2000 characters and no control characters.")
    if not 0 < len(key) <= MAX_SUBJECT_LENGTH:
        raise ValueError("A key has 1 to 120 characters.")
    now = clock.now()
    content = {"to_address": to_address, "notice_key": key, "subject": subject, "body": body}
    state = {
        "created_at": now,
        "next_attempt_at": now,
        "attempts": 0,
        "sent_at": None,
        "last_error": "",
    }
    return insert_email(session, {"id": uuid4(), **content, **state})


def _is_plain(text: str) -> bool:
    return not any(
        unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text
    )


def insert_email(session: Session, row: RowValues) -> bool:
    """Insert an e-mail unless the mailbox has the same notice already; return whether it was inserted."""
    connection = connection_of(session)
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    unique = [EMAILS.c.to_address, EMAILS.c.notice_key]
    statement = insert(EMAILS).on_conflict_do_nothing(index_elements=unique)
    return connection.execute(statement.returning(EMAILS.c.id), row).first() is not None


def claim_next_email(session: Session, due_by: datetime, now: datetime) -> AnyRow | None:
    """Claim and return the e-mail that has been due longest; no other sender gets it until the lease ends."""
    next_id = (
        select(EMAILS.c.id)
        .where(EMAILS.c.next_attempt_at <= due_by)
        .order_by(EMAILS.c.next_attempt_at, EMAILS.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    claim = update(EMAILS).where(EMAILS.c.id == next_id.scalar_subquery())
    claim = claim.values(next_attempt_at=now + LEASE, attempts=EMAILS.c.attempts + 1)
    return session.execute(claim.returning(*EMAILS.c)).first()


def mark_sent(session: Session, email_id: UUID, now: datetime) -> None:
    """Record that the mail server accepted an e-mail."""
    values = {"sent_at": now, "next_attempt_at": None, "last_error": ""}
    session.execute(update(EMAILS).where(EMAILS.c.id == email_id).values(**values))


def mark_failed(
    session: Session, email: AnyRow, error: str, next_attempt_at: datetime | None
) -> None:
    """Record the error and the next attempt (None: never), unless another sender has claimed the e-mail since."""
    own_claim = (EMAILS.c.id == email.id) & (EMAILS.c.next_attempt_at == email.next_attempt_at)
    values = {"last_error": error[:30], "next_attempt_at": next_attempt_at}
    session.execute(update(EMAILS).where(own_claim).values(**values))


def delete_sent(session: Session, now: datetime) -> None:
    """Delete e-mails that were sent more than a week ago."""
    session.execute(delete(EMAILS).where(EMAILS.c.sent_at < now - RETENTION))


def count_unsent(session: Session) -> tuple[int, int]:
    """Return how many e-mails wait for an attempt, and how many were given up."""
    waiting = func.count(EMAILS.c.next_attempt_at)
    counts = select(waiting, func.count() - waiting).where(EMAILS.c.sent_at.is_(None))
    row = session.execute(counts).one()
    return int(row[0]), int(row[1])


@dataclass(frozen=True)
class EmailQueue:
    """The number of e-mails that wait for an attempt, the creation of the oldest, and the number given up."""

    waiting: int
    oldest_at: datetime | None
    given_up: int


def get_queue_state(session: Session) -> EmailQueue:
    """Return the state of the queue; the table has at most the e-mails of ten days."""
    is_waiting = EMAILS.c.next_attempt_at.is_not(None)
    waiting = select(func.count(), func.min(EMAILS.c.created_at)).where(is_waiting)
    is_given_up = (EMAILS.c.sent_at.is_(None)) & EMAILS.c.next_attempt_at.is_(None)
    given_up = select(func.count()).select_from(EMAILS).where(is_given_up)
    count, oldest_at = session.execute(waiting).one()
    return EmailQueue(count, oldest_at, session.scalar(given_up) or 0)


def is_expired(now: datetime) -> ColumnElement[bool]:
    """Return the condition of e-mails to delete: sent a week ago, or unsent a week after they should be given up."""
    is_overdue = EMAILS.c.sent_at.is_(None) & (
        EMAILS.c.created_at < now - GIVE_UP_AFTER - RETENTION
    )
    return (EMAILS.c.sent_at < now - RETENTION) | is_overdue
