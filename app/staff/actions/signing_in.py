"""Signs in and out: one answer and one time for an unknown name and a wrong password."""

import secrets
from dataclasses import replace
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import current_app
from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from app.audit.actions import note
from app.base import clock
from app.base.access import Principal, Scope
from app.base.database import db, separately
from app.staff import queries, rules
from app.staff.queries import ATTEMPTS, SESSIONS, AccountRow
from app.staff.vocabulary import ROLE_PERMISSIONS

hasher = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4)
_at_once = BoundedSemaphore(2)
NOBODY = hasher.hash(secrets.token_urlsafe(32))
"""The hash that is checked where no account is: as dear as a real one."""


def hash_password(password: str) -> str:
    """The argon2id hash of a password (64 MiB, three passes); at most two are made at once."""
    with _at_once:
        return hasher.hash(password)


def is_password(account: AccountRow | None, password: str) -> bool:
    """Whether it is the account's password; takes as long where there is no account."""
    return is_secret(account.password_hash if account else None, password)


def is_secret(stored: str | None, said: str) -> bool:
    """Whether a password or PIN is the one of a stored hash; takes as long where there is none."""
    try:
        with _at_once:
            hasher.verify(stored or NOBODY, said[:1000].encode("utf-8", "replace"))
    except (VerificationError, InvalidHashError):
        return False
    return bool(stored)


def sign_in(username: str, password: str, address: str) -> tuple[AccountRow | None, bool]:
    """The account where name and password are right, and whether the caller must wait before the next try.

    The try is counted before it is checked and kept whatever comes of it; the hash is checked outside of
    any transaction.
    """
    name = username.strip().casefold()[:80].encode("utf-8", "replace").decode()
    place_key = _place_key(name, address)
    with separately():
        account = queries.find_account(db.session(), name)
        wait = _must_wait(db.session(), name, place_key)
    if wait:
        return None, True
    right = is_password(account, password)
    if account is None or account.closed_at is not None or not right:
        return None, False
    db.session.execute(delete(ATTEMPTS).where(ATTEMPTS.c.place_key == place_key))
    return account, False


def _place_key(*said: str) -> str:
    return rules.attempt_key(current_app.config["SETTINGS"].secret_key, *said)


def _must_wait(session: Session, name: str, place_key: str) -> bool:
    now, name_key = clock.now(), _place_key(name)
    session.execute(delete(ATTEMPTS).where(ATTEMPTS.c.at < now - rules.WINDOW))
    failed = queries.count_attempts(session, name_key, place_key, now - rules.WINDOW)
    known = queries.is_known_place(session, place_key, now - rules.KNOWN_FOR)
    if rules.must_wait(*failed, current_app.config["SETTINGS"].sign_in_limit, known):
        return True
    session.execute(insert(ATTEMPTS).values(name_key=name_key, place_key=place_key, at=now))
    return False


def start_session(session: Session, account: AccountRow, address: str) -> Principal:
    """A new session of the account from an address; the principal carries the only copy of its token."""
    token, now = secrets.token_urlsafe(32), clock.now()
    times = {"started_at": now, "seen_at": now}
    place_key = _place_key(account.username, address)
    new = {"digest": rules.digest(token), "account_id": account.id, "place_key": place_key}
    session.execute(insert(SESSIONS).values(**new, **times))
    scope = queries.get_scope(session, account)
    note(account.id, "signed_in", f"account:{account.id}", scope.home)
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
        with separately():
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
    note(asking.account_id, "signed_out", f"account:{asking.account_id}", asking.scope.home)


def end_everywhere(session: Session, asking: Principal) -> None:
    """Ends every session of the account that is asking, this one too."""
    end_all_sessions(session, asking.account_id)
    note(asking.account_id, "signed_out", f"account:{asking.account_id}", asking.scope.home)


def end_all_sessions(session: Session, account_id: int, but: str = "") -> None:
    """Ends every session of an account, but the one of this token."""
    theirs = (SESSIONS.c.account_id == account_id) & SESSIONS.c.ended_at.is_(None)
    others = SESSIONS.c.digest != rules.digest(but)
    session.execute(update(SESSIONS).where(theirs, others).values(ended_at=clock.now()))
