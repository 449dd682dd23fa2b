"""Sign-in attempts: each is counted before its password is checked, in the database shared by all workers and nodes."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from app import clock
from app.db.session import connection_of, db, independent_transaction
from app.settings import current_settings
from app.staff import queries, rules
from app.staff.actions import hashing
from app.staff.queries import ACCOUNTS, ATTEMPTS, AccountRow
from app.web.access import Principal, client_address
from app.web.security_events import report_event

MAX_NAME_LENGTH = 80
CLEANUP_BATCH = 1000


@dataclass(frozen=True)
class PasswordCheck:
    """Result of an attempt: the account if name and password were right, or that the next attempt must wait."""

    account: AccountRow | None = None
    must_wait: bool = False


@dataclass(frozen=True)
class _Keys:
    """Keyed digests of a name, of its source (the name at an address), and of the address."""

    name: str
    source: str
    address: str


def source_key(name: str, address: str) -> str:
    """Return the keyed digest of a source: a name at an address."""
    return _key(name, address)


def _key(*parts: str) -> str:
    return rules.keyed_digest(current_settings().secret_key, *parts)


def check_password(username: str, password: str, kind: str) -> PasswordCheck:
    """Count an attempt from this request's address, then check the password; `kind` is the event if it is wrong.

    The attempt stays counted, also a successful one, until `clear_attempts`. The hash is checked outside of any
    transaction, and takes as long for an unknown name as for a known one.
    """
    name = username.strip().casefold()[:MAX_NAME_LENGTH].encode("utf-8", "replace").decode()
    address = client_address()
    keys = _Keys(_key(name), source_key(name, address), _key("address", address))
    with hashing.hashing_slot():
        with independent_transaction():
            account = queries.find_account(db.session(), name)
            lockout = _count_attempt(db.session(), keys)
        if lockout:
            report_event(lockout, name, account.id if account else None)
            return PasswordCheck(must_wait=True)
        is_correct = hashing.is_correct_secret(account.password_hash if account else None, password)
        new_hash = _rehash(account, password) if is_correct else None
    if account is None or account.closed_at is not None or not is_correct:
        report_event(kind, name, account.id if account else None)
        return PasswordCheck()
    if new_hash:
        _store_rehash(account, new_hash)
    return PasswordCheck(account)


def _count_attempt(session: Session, keys: _Keys) -> str:
    """Return the event that makes this attempt wait; empty if it was counted and may be checked."""
    now, limit = clock.now(), current_settings().sign_in_limit
    _lock_address(session, keys.address)
    _delete_expired(session)
    since = now - rules.ATTEMPT_WINDOW
    failed = queries.count_attempts(session, keys.name, keys.source, keys.address, since)
    is_known = queries.is_known_source(session, keys.source, now - rules.KNOWN_SOURCE_LIFETIME)
    if rules.must_wait(failed.from_source, failed.anywhere, limit, is_known):
        return "locked_out"
    if rules.address_must_wait(failed.address, limit, is_known):
        return "address_locked"
    row = {"name_key": keys.name, "source_key": keys.source, "address_key": keys.address}
    session.execute(insert(ATTEMPTS).values(**row, at=now))
    return ""


def _lock_address(session: Session, address_key: str) -> None:
    """Serialize the attempts of one address, so that many at once cannot pass the limit together."""
    connection = connection_of(session)
    if connection.dialect.name == "postgresql":
        number = int(address_key[:8], 16) - 2**31
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7203, %s)", (number,))


def _delete_expired(session: Session) -> None:
    expired = select(ATTEMPTS.c.id).where(ATTEMPTS.c.at < clock.now() - rules.ATTEMPT_WINDOW)
    unlocked = (
        expired.order_by(ATTEMPTS.c.id).limit(CLEANUP_BATCH).with_for_update(skip_locked=True)
    )
    session.execute(delete(ATTEMPTS).where(ATTEMPTS.c.id.in_(unlocked)))


def _rehash(account: AccountRow | None, password: str) -> str | None:
    stored = account.password_hash if account else None
    return hashing.rehash(stored, password) if stored else None


def _store_rehash(account: AccountRow, new_hash: str) -> None:
    unchanged = (ACCOUNTS.c.id == account.id) & (ACCOUNTS.c.password_hash == account.password_hash)
    with independent_transaction():
        db.session.execute(update(ACCOUNTS).where(unchanged).values(password_hash=new_hash))


def check_own_password(principal: Principal, password: str) -> str | None:
    """Return the error code of a password asked inside a session, counted as at sign-in; None if it is right."""
    result = check_password(principal.username, password, "password_wrong")
    if result.must_wait:
        return "must_wait"
    return None if result.account else "wrong_password"


def clear_attempts(session: Session, username: str) -> None:
    """Delete the counted attempts of an account at this request's address: it showed that it knows the password."""
    own = ATTEMPTS.c.source_key == source_key(username, client_address())
    session.execute(delete(ATTEMPTS).where(own))
