"""Accounts, what they are scoped to, their PINs, sessions, invitations and failed sign-ins."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db.session import Base
from app.db.types import UtcDateTime
from app.privacy.columns import OPEN, SENSITIVE


class Account(Base):
    """One person of staff. Without a password hash the invitation is not accepted yet."""

    __tablename__ = "account"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, info=OPEN)
    username: Mapped[str] = mapped_column(String(40), info=OPEN)
    role: Mapped[str] = mapped_column(String(20), info=OPEN)
    password_hash: Mapped[str | None] = mapped_column(String(200), info=SENSITIVE)
    locale: Mapped[str] = mapped_column(String(2), info=OPEN)
    is_demo: Mapped[bool] = mapped_column(default=False, info=OPEN)
    version: Mapped[int] = mapped_column(Integer, default=1, info=OPEN)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)

    __table_args__ = (
        UniqueConstraint("username"),
        CheckConstraint(
            "role IN ('desk_staff','shelter_coordinator','supervisor','regional','admin')",
            name="role_is_known",
        ),
    )


class AccountDesk(Base):
    """A desk that an account works at."""

    __tablename__ = "account_desk"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, info=OPEN)
    desk_id: Mapped[int] = mapped_column(ForeignKey("desk.id"), primary_key=True, info=OPEN)


class AccountCountry(Base):
    """A country that an account supervises."""

    __tablename__ = "account_country"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, info=OPEN)
    country: Mapped[str] = mapped_column(String(3), primary_key=True, info=OPEN)


class AccountShelter(Base):
    """A shelter that an account coordinates; the table of shelters belongs to the package shelters, above this one."""

    __tablename__ = "account_shelter"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, info=OPEN)
    shelter_id: Mapped[int] = mapped_column(ForeignKey("shelter.id"), primary_key=True, info=OPEN)


class AccountPin(Base):
    """The PIN with which an account takes over a shared tablet: only a hash is stored, and ten bits for tablets."""

    __tablename__ = "account_pin"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, info=OPEN)
    pin_hash: Mapped[str] = mapped_column(String(200), info=SENSITIVE)
    salt: Mapped[str] = mapped_column(String(22), info=SENSITIVE)
    check_bits: Mapped[int] = mapped_column(Integer, info=SENSITIVE)
    failed_attempts: Mapped[int] = mapped_column(Integer, default=0, info=OPEN)
    last_failed_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    set_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)

    __table_args__ = (CheckConstraint("check_bits BETWEEN 0 AND 1023", name="check_is_ten_bits"),)


class StaffSession(Base):
    """One signed-in session; only digests of its token and of its source (name and address) are stored."""

    __tablename__ = "staff_session"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True, info=SENSITIVE)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), info=OPEN)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)
    source_key: Mapped[str] = mapped_column(String(64), info=SENSITIVE)

    __table_args__ = (
        Index("ix_staff_session_account_id", "account_id"),
        Index("ix_staff_session_source_key_started_at", "source_key", "started_at"),
    )


class Invitation(Base):
    """A one-time link to set a password; only the SHA-256 of its token is stored."""

    __tablename__ = "invitation"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True, info=SENSITIVE)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), info=OPEN)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info=OPEN)

    __table_args__ = (Index("ix_invitation_account_id", "account_id"),)


class SignInAttempt(Base):
    """A failed sign-in, by keyed digests of the name, of its source (name and address), and of the address."""

    __tablename__ = "sign_in_attempt"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, info=OPEN)
    name_key: Mapped[str] = mapped_column(String(64), info=SENSITIVE)
    source_key: Mapped[str] = mapped_column(String(64), info=SENSITIVE)
    address_key: Mapped[str] = mapped_column(String(64), server_default="", info=SENSITIVE)
    at: Mapped[datetime] = mapped_column(UtcDateTime, info=OPEN)

    __table_args__ = (
        Index("ix_sign_in_attempt_name_key_at", "name_key", "at"),
        Index("ix_sign_in_attempt_source_key_at", "source_key", "at"),
        Index("ix_sign_in_attempt_address_key_at", "address_key", "at"),
    )
