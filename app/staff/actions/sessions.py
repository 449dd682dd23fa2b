"""Sessions: signing in and out; an unknown name and a wrong password get the same answer in the same time."""

import secrets
from dataclasses import replace

from flask import current_app
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.db.session import db, independent_transaction
from app.staff import queries, rules
from app.staff.actions import attempts
from app.staff.actions.attempts import PasswordCheck
from app.staff.queries import SESSIONS, AccountRow
from app.staff.vocabulary import ROLE_PERMISSIONS
from app.web.access import Principal, Scope, client_address


def sign_in(session: Session, username: str, password: str) -> PasswordCheck:
    """Return the account if name and password are right, else whether the caller must wait before the next attempt."""
    result = attempts.check_password(username, password, "sign_in_failed")
    if result.account is not None:
        attempts.clear_attempts(session, result.account.username)
    return result


def start_session(session: Session, account: AccountRow) -> Principal:
    """Start a session of the account from this request's address; the principal has the only copy of its token."""
    token, now = secrets.token_urlsafe(32), clock.now()
    times = {"started_at": now, "seen_at": now}
    source_key = attempts.source_key(account.username, client_address())
    new = {"digest": rules.digest(token), "account_id": account.id, "source_key": source_key}
    session.execute(insert(SESSIONS).values(**new, **times))
    scope = queries.get_scope(session, account)
    record_audit(account.id, "signed_in", f"account:{account.id}", scope.home_country)
    return as_principal(account, scope, token)


def as_principal(account: AccountRow, scope: Scope, token: str) -> Principal:
    """Return the account as the other packages see it."""
    return Principal(
        account.id,
        account.username,
        account.role,
        ROLE_PERMISSIONS[account.role],
        scope,
        account.locale,
        session_id=token,
    )


def load_principal(token: object) -> Principal | None:
    """Return the principal of a session's token; None if the session was ended or has expired."""
    if not isinstance(token, str):
        return None
    session, digest, now = db.session(), rules.digest(token), clock.now()
    row = queries.find_session(session, digest)
    if row is None:
        return None
    desks_version, started_at, seen_at, account = row
    if rules.session_has_ended(started_at, seen_at, now):
        return None
    if now - seen_at > rules.LAST_SEEN_INTERVAL:
        with independent_transaction():
            open_row = update(SESSIONS).where(
                SESSIONS.c.digest == digest, SESSIONS.c.ended_at.is_(None)
            )
            touch = open_row.values(seen_at=now).returning(SESSIONS.c.digest)
            if db.session.execute(touch).first() is None:
                return None
    return as_principal(account, _cached_scope(session, account, desks_version), token)


def _cached_scope(session: Session, account: AccountRow, desks_version: int) -> Scope:
    cache: dict[int, tuple[int, Scope]] = current_app.extensions.setdefault("scopes", {})
    version, scope = cache.get(account.id, (0, Scope()))
    if version != account.version or scope.desks_version != desks_version:
        scope = replace(queries.get_scope(session, account), desks_version=desks_version)
        cache[account.id] = (account.version, scope)
    return scope


def end_session(session: Session, principal: Principal) -> None:
    """End the principal's session."""
    own = SESSIONS.c.digest == rules.digest(principal.session_id)
    session.execute(update(SESSIONS).where(own).values(ended_at=clock.now()))
    record_audit(
        principal.account_id,
        "signed_out",
        f"account:{principal.account_id}",
        principal.scope.home_country,
    )


def end_own_sessions(session: Session, principal: Principal) -> None:
    """End every session of the principal's account, this one too."""
    end_all_sessions(session, principal.account_id)
    record_audit(
        principal.account_id,
        "signed_out",
        f"account:{principal.account_id}",
        principal.scope.home_country,
    )


def end_all_sessions(session: Session, account_id: int, except_token: str = "") -> None:
    """End every session of an account except the one of `except_token`."""
    still_open = (SESSIONS.c.account_id == account_id) & SESSIONS.c.ended_at.is_(None)
    others = SESSIONS.c.digest != rules.digest(except_token)
    session.execute(update(SESSIONS).where(still_open, others).values(ended_at=clock.now()))
