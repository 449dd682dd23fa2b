"""Resetting and closing accounts, accepting invitations; changing passwords and the language."""

import secrets
from collections.abc import Collection

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.field_errors import FieldError
from app.staff import queries, rules
from app.staff.actions import attempts, hashing, pins, sessions
from app.staff.queries import (
    ACCOUNT_COUNTRIES,
    ACCOUNT_DESKS,
    ACCOUNTS,
    INVITATIONS,
    AccountRow,
)
from app.web.access import Principal


def insert_account(
    session: Session,
    account: dict[str, str],
    desks: Collection[int],
    countries: Collection[str],
) -> int:
    """Insert an account with its scope and return its id; `account` may set further columns of the table."""
    row = {"version": 1, "is_demo": False, "created_at": clock.now(), **account}
    new = session.execute(insert(ACCOUNTS).values(**row).returning(ACCOUNTS.c.id))
    account_id = int(new.scalar_one())
    if desks:
        pairs = [{"account_id": account_id, "desk_id": desk} for desk in sorted(desks)]
        session.execute(insert(ACCOUNT_DESKS), pairs)
    if countries:
        scope = [{"account_id": account_id, "country": code} for code in sorted(countries)]
        session.execute(insert(ACCOUNT_COUNTRIES), scope)
    return account_id


def record_account_audit(
    session: Session, actor_id: int | None, action: str, username: str
) -> None:
    """Record what was done with an account in the audit log."""
    account = queries.find_account(session, username)
    if account is not None:
        country = queries.get_scope(session, account).home_country
        record_audit(actor_id, action, f"account:{account.id}", country)


def start_reset(session: Session, manager_id: int | None, account: AccountRow) -> str:
    """Return a one-time token for setting a new password; the old one stays valid until then, the PIN does not."""
    pins.delete_pin(session, account.id)
    record_account_audit(session, manager_id, "reset_started", account.username)
    return create_link(session, account.id)


def create_link(session: Session, account_id: int) -> str:
    """Return the token of a new one-time link of an account; earlier ones are used up."""
    token, now = secrets.token_urlsafe(32), clock.now()
    earlier = (INVITATIONS.c.account_id == account_id) & INVITATIONS.c.used_at.is_(None)
    session.execute(update(INVITATIONS).where(earlier).values(used_at=now))
    session.execute(
        insert(INVITATIONS).values(
            digest=rules.digest(token),
            account_id=account_id,
            expires_at=now + rules.INVITATION_LIFETIME,
        )
    )
    return token


def accept_invitation(
    session: Session, token: str, password: str, repeated: str
) -> list[FieldError]:
    """Set the password of an invited account and use up its link; return the errors, empty if it was set."""
    account = queries.find_invited_account(session, rules.digest(token), clock.now())
    if account is None:
        return [FieldError("token", "unreadable")]
    errors = _new_password_errors(account.username, password, repeated)
    if errors:
        return errors
    session.rollback()  # nothing was changed yet: no lock is held while the hash is made
    hashed = hashing.hash_password(password)
    unused = (INVITATIONS.c.digest == rules.digest(token)) & INVITATIONS.c.used_at.is_(None)
    mark_used = update(INVITATIONS).where(unused).values(used_at=clock.now())
    if session.execute(mark_used.returning(INVITATIONS.c.digest)).first() is None:
        return [FieldError("token", "unreadable")]
    _set_password(session, account.id, hashed)
    record_account_audit(session, account.id, "invitation_used", account.username)
    return []


def change_password(
    session: Session, principal: Principal, current: str, password: str, repeated: str
) -> list[FieldError]:
    """Change the principal's password and end the other sessions; return the errors, empty if it was changed."""
    errors = _new_password_errors(principal.username, password, repeated)
    if errors:
        return errors
    code = attempts.check_own_password(principal, current)
    if code:
        return [FieldError("current", code)]
    hashed = hashing.hash_password(password)
    attempts.clear_attempts(session, principal.username)
    _set_password(session, principal.account_id, hashed, principal.session_id)
    subject = f"account:{principal.account_id}"
    record_audit(principal.account_id, "password_changed", subject, principal.scope.home_country)
    return []


def _new_password_errors(username: str, password: str, repeated: str) -> list[FieldError]:
    code = rules.password_error(password, username)
    if code:
        return [FieldError("password", code)]
    return [] if password == repeated else [FieldError("repeated", "not_the_same")]


def _set_password(session: Session, account_id: int, hashed: str, except_token: str = "") -> None:
    own_row = update(ACCOUNTS).where(ACCOUNTS.c.id == account_id)
    session.execute(own_row.values(password_hash=hashed))
    pins.delete_pin(session, account_id)
    sessions.end_all_sessions(session, account_id, except_token)


def close_account(session: Session, manager_id: int | None, account: AccountRow) -> None:
    """Close an account for good and end its sessions; its username stays taken."""
    open_row = update(ACCOUNTS).where(ACCOUNTS.c.id == account.id, ACCOUNTS.c.closed_at.is_(None))
    session.execute(open_row.values(closed_at=clock.now(), version=account.version + 1))
    pins.delete_pin(session, account.id)
    sessions.end_all_sessions(session, account.id)
    record_account_audit(session, manager_id, "account_closed", account.username)


def set_locale(session: Session, account_id: int, locale: str) -> None:
    """Store the language in which an account reads pages."""
    session.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(locale=locale))
