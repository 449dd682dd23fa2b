"""SELECTs on accounts, sessions, invitations and sign-in attempts."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Row, Select, bindparam, func, select
from sqlalchemy.orm import Session

from app.db.session import connection_of
from app.places.models import Desk
from app.places.queries import DESKS_VERSION
from app.staff import rules
from app.staff.models import (
    Account,
    AccountCountry,
    AccountDesk,
    Invitation,
    SignInAttempt,
    StaffSession,
)

ACCOUNTS = Account.__table__
SESSIONS = StaffSession.__table__
INVITATIONS = Invitation.__table__
ATTEMPTS = SignInAttempt.__table__
ACCOUNT_DESKS = AccountDesk.__table__
ACCOUNT_COUNTRIES = AccountCountry.__table__


@dataclass(frozen=True)
class AccountRow:
    """One account; `password_hash` is None until the invitation was accepted."""

    id: int
    username: str
    role: str
    password_hash: str | None
    locale: str
    is_demo: bool
    version: int
    created_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True)
class AccountLine:
    """One account with the codes and the countries of its desks, and the countries it supervises."""

    account: AccountRow
    desks: tuple[str, ...]
    desk_countries: tuple[str, ...]
    countries: tuple[str, ...]


_live_session = (
    select(DESKS_VERSION, SESSIONS.c.started_at, SESSIONS.c.seen_at, *ACCOUNTS.c)
    .join(ACCOUNTS, ACCOUNTS.c.id == SESSIONS.c.account_id)
    .where(SESSIONS.c.digest == bindparam("digest"))
    .where(SESSIONS.c.ended_at.is_(None), ACCOUNTS.c.closed_at.is_(None))
)


def find_session(
    session: Session, digest: str
) -> tuple[int, datetime, datetime, AccountRow] | None:
    """Return a session that was not ended, by its digest: `Scope.desks_version`, start, last request, account."""
    row = connection_of(session).execute(_live_session, {"digest": digest}).first()
    return (row[0], row[1], row[2], AccountRow(*row[3:])) if row else None


def find_account(session: Session, username: str) -> AccountRow | None:
    """Return the account of a username, also a closed one."""
    if not rules.is_username(username):
        return None
    row = session.execute(select(ACCOUNTS).where(ACCOUNTS.c.username == username)).first()
    return AccountRow(*row) if row else None


def find_invited_account(session: Session, digest: str, now: datetime) -> AccountRow | None:
    """Return the open account of an invitation that is neither used nor expired."""
    statement = (
        select(ACCOUNTS)
        .join(INVITATIONS, INVITATIONS.c.account_id == ACCOUNTS.c.id)
        .where(INVITATIONS.c.digest == digest, INVITATIONS.c.used_at.is_(None))
        .where(INVITATIONS.c.expires_at > now, ACCOUNTS.c.closed_at.is_(None))
    )
    row = session.execute(statement).first()
    return AccountRow(*row) if row else None


@dataclass(frozen=True)
class FailedAttempts:
    """Numbers of failed attempts: of a name at an address, of the name anywhere, of the address with any name."""

    from_source: int
    anywhere: int
    address: int


def count_attempts(
    session: Session, name_key: str, source_key: str, address_key: str, since: datetime
) -> FailedAttempts:
    """Count the failed attempts since a moment, by the keys of the name, of its source and of the address."""
    keys = {"source_key": source_key, "name_key": name_key, "address_key": address_key}
    counts = [
        select(func.count())
        .where(ATTEMPTS.c[column] == key, ATTEMPTS.c.at > since)
        .scalar_subquery()
        for column, key in keys.items()
    ]
    return FailedAttempts(*session.execute(select(*counts)).one())


def is_known_source(session: Session, source_key: str, since: datetime) -> bool:
    """Return whether an account signed in from a source (name at an address) since a moment."""
    own = select(SESSIONS.c.digest).where(SESSIONS.c.source_key == source_key)
    recent = own.where(SESSIONS.c.started_at > since).order_by(SESSIONS.c.digest).limit(1)
    return session.execute(recent).first() is not None


def list_accounts(session: Session, countries: Collection[str] | None = None) -> list[AccountLine]:
    """List accounts by username: all, or only the desk staff of desks in `countries`."""
    lines = _read_lines(session, select(ACCOUNTS).order_by(ACCOUNTS.c.username))
    if countries is None:
        return lines
    staff = [line for line in lines if line.account.role == "desk_staff"]
    return [
        _limit_to_countries(line, countries)
        for line in staff
        if set(line.desk_countries) & set(countries)
    ]


def _limit_to_countries(line: AccountLine, countries: Collection[str]) -> AccountLine:
    pairs = zip(line.desks, line.desk_countries, strict=True)
    return replace(line, desks=tuple(code for code, country in pairs if country in countries))


def find_account_line(session: Session, username: str) -> AccountLine | None:
    """Return the open account of a username with its scope."""
    if not rules.is_username(username):
        return None
    own = select(ACCOUNTS).where(ACCOUNTS.c.username == username, ACCOUNTS.c.closed_at.is_(None))
    return next(iter(_read_lines(session, own.order_by(ACCOUNTS.c.username))), None)


def _read_lines(session: Session, accounts: Select[tuple[object, ...]]) -> list[AccountLine]:
    desks = _desk_codes(session)
    supervised: dict[int, list[str]] = {}
    for row in session.execute(select(ACCOUNT_COUNTRIES).order_by("account_id", "country")):
        supervised.setdefault(row.account_id, []).append(row.country)
    lines = []
    for row in session.execute(accounts):
        account = AccountRow(**row._mapping)
        codes, countries = (
            zip(*desks.get(account.id, ()), strict=True) if account.id in desks else ((), ())
        )
        lines.append(AccountLine(account, codes, countries, tuple(supervised.get(account.id, ()))))
    return lines


def list_usernames(session: Session, account_ids: Collection[int]) -> dict[int, str]:
    """Return usernames by account id, closed accounts included."""
    statement = select(ACCOUNTS.c.id, ACCOUNTS.c.username).where(ACCOUNTS.c.id.in_(account_ids))
    return {row.id: row.username for row in session.execute(statement.order_by(ACCOUNTS.c.id))}


def _desk_codes(session: Session) -> dict[int, list[tuple[str, str]]]:
    desk = Desk.__table__
    statement = (
        select(ACCOUNT_DESKS.c.account_id, desk.c.code, desk.c.country)
        .join(desk, desk.c.id == ACCOUNT_DESKS.c.desk_id)
        .order_by(ACCOUNT_DESKS.c.account_id, desk.c.code)
    )
    codes: dict[int, list[tuple[str, str]]] = {}
    for row in session.execute(statement):
        codes.setdefault(row.account_id, []).append((row.code, row.country))
    return codes


def has_working_admin(session: Session) -> bool:
    """Return whether an open admin account has set its password."""
    can_sign_in = ACCOUNTS.c.closed_at.is_(None) & ACCOUNTS.c.password_hash.is_not(None)
    admins = select(ACCOUNTS.c.id).where(ACCOUNTS.c.role == "admin", can_sign_in)
    return session.execute(admins.order_by(ACCOUNTS.c.id).limit(1)).first() is not None


def find_demo_account(session: Session) -> Row[tuple[str]] | None:
    """Return the username of an open demo account: production must not start with one."""
    demo = select(ACCOUNTS.c.username).where(ACCOUNTS.c.is_demo, ACCOUNTS.c.closed_at.is_(None))
    return session.execute(demo.order_by(ACCOUNTS.c.username).limit(1)).first()
