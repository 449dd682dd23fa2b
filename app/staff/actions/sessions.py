"""Signs in and out: one answer and one time for an unknown name and a wrong password."""

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
from app.staff.actions.attempts import Checked
from app.staff.queries import SESSIONS, AccountRow
from app.staff.vocabulary import ROLE_PERMISSIONS
from app.web.access import Principal, Scope, caller_address


def sign_in(session: Session, username: str, password: str) -> Checked:
    """The account where name and password are right, or whether the caller must wait before the next try."""
    checked = attempts.check(username, password, "sign_in_failed")
    if checked.account is not None:
        attempts.forget_tries(session, checked.account.username)
    return checked


def start_session(session: Session, account: AccountRow) -> Principal:
    """A new session of the account from this request's address; the principal has the only copy of its token."""
    token, now = secrets.token_urlsafe(32), clock.now()
    times = {"started_at": now, "seen_at": now}
    place_key = attempts.place_key(account.username, caller_address())
    new = {"digest": rules.digest(token), "account_id": account.id, "place_key": place_key}
    session.execute(insert(SESSIONS).values(**new, **times))
    scope = queries.get_scope(session, account)
    record_audit(account.id, "signed_in", f"account:{account.id}", scope.home)
    return as_principal(account, scope, token)


def as_principal(account: AccountRow, scope: Scope, token: str) -> Principal:
    """The account as the rooms see it."""
    return Principal(
        account.id,
        account.username,
        account.role,
        ROLE_PERMISSIONS[account.role],
        scope,
        account.locale,
        session_id=token,
    )


def load(token: object) -> Principal | None:
    """Who a session's token belongs to now; None where it ended, by itself or by somebody's act."""
    if not isinstance(token, str):
        return None
    session, digest, now = db.session(), rules.digest(token), clock.now()
    found = queries.find_session(session, digest)
    if found is None:
        return None
    desks_as_of, started_at, seen_at, account = found
    if rules.session_has_ended(started_at, seen_at, now):
        return None
    if now - seen_at > rules.SEEN_EVERY:
        with independent_transaction():
            still = update(SESSIONS).where(
                SESSIONS.c.digest == digest, SESSIONS.c.ended_at.is_(None)
            )
            seen = still.values(seen_at=now).returning(SESSIONS.c.digest)
            if db.session.execute(seen).first() is None:
                return None
    return as_principal(account, _scope(session, account, desks_as_of), token)


def _scope(session: Session, account: AccountRow, desks_as_of: int) -> Scope:
    known: dict[int, tuple[int, Scope]] = current_app.extensions.setdefault("scopes", {})
    version, scope = known.get(account.id, (0, Scope()))
    if version != account.version or scope.desks_as_of != desks_as_of:
        scope = replace(queries.get_scope(session, account), desks_as_of=desks_as_of)
        known[account.id] = (account.version, scope)
    return scope


def end_session(session: Session, asking: Principal) -> None:
    """Ends the session that is asking."""
    mine = SESSIONS.c.digest == rules.digest(asking.session_id)
    session.execute(update(SESSIONS).where(mine).values(ended_at=clock.now()))
    record_audit(asking.account_id, "signed_out", f"account:{asking.account_id}", asking.scope.home)


def end_everywhere(session: Session, asking: Principal) -> None:
    """Ends every session of the account that is asking, this one too."""
    end_all_sessions(session, asking.account_id)
    record_audit(asking.account_id, "signed_out", f"account:{asking.account_id}", asking.scope.home)


def end_all_sessions(session: Session, account_id: int, but: str = "") -> None:
    """Ends every session of an account, but the one of this token."""
    theirs = (SESSIONS.c.account_id == account_id) & SESSIONS.c.ended_at.is_(None)
    others = SESSIONS.c.digest != rules.digest(but)
    session.execute(update(SESSIONS).where(theirs, others).values(ended_at=clock.now()))
