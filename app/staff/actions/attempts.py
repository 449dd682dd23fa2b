"""Counts every try of a password before it is checked, in the database that all workers and nodes share."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from app import clock
from app.db.session import connection_of, db, independent_transaction
from app.settings import current_settings
from app.staff import queries, rules
from app.staff.actions import hashing
from app.staff.queries import ACCOUNTS, ATTEMPTS, AccountRow
from app.web.access import Principal, caller_address
from app.web.security_events import report_event

LONGEST_NAME = 80
TIDIED_AT_ONCE = 1000


@dataclass(frozen=True)
class Checked:
    """What came of a try: the account if name and password were right, or that the next try must wait."""

    account: AccountRow | None = None
    must_wait: bool = False


@dataclass(frozen=True)
class _Keys:
    """Keyed digests of a name, of the name at an address, and of the address."""

    name: str
    place: str
    address: str


def place_key(name: str, address: str) -> str:
    """The keyed digest of a name at an address."""
    return _key(name, address)


def _key(*said: str) -> str:
    return rules.attempt_key(current_settings().secret_key, *said)


def check(username: str, password: str, kind: str) -> Checked:
    """Counts a try of a password from this request's address, then checks it; `kind` is the event if it is wrong.

    The try stays counted whatever comes of it, until `forget_tries`. The hash is checked outside of any transaction,
    and takes as long for a name that no account has.
    """
    name = username.strip().casefold()[:LONGEST_NAME].encode("utf-8", "replace").decode()
    address = caller_address()
    keys = _Keys(_key(name), place_key(name, address), _key("address", address))
    with hashing.slot():
        with independent_transaction():
            account = queries.find_account(db.session(), name)
            wait = _count(db.session(), keys)
        if wait:
            report_event(wait, name, account.id if account else None)
            return Checked(must_wait=True)
        right = hashing.is_secret(account.password_hash if account else None, password)
        renewed = _renewed(account, password) if right else None
    if account is None or account.closed_at is not None or not right:
        report_event(kind, name, account.id if account else None)
        return Checked()
    if renewed:
        _keep_renewed(account, renewed)
    return Checked(account)


def _count(session: Session, keys: _Keys) -> str:
    """The event that makes this try wait; empty if it was counted and may be checked."""
    now, limit = clock.now(), current_settings().sign_in_limit
    _take_turns(session, keys.address)
    _tidy(session)
    since = now - rules.WINDOW
    failed = queries.count_attempts(session, keys.name, keys.place, keys.address, since)
    known = queries.is_known_place(session, keys.place, now - rules.KNOWN_FOR)
    if rules.must_wait(failed.here, failed.anywhere, limit, known):
        return "locked_out"
    if rules.address_must_wait(failed.address, limit, known):
        return "address_locked"
    row = {"name_key": keys.name, "place_key": keys.place, "address_key": keys.address}
    session.execute(insert(ATTEMPTS).values(**row, at=now))
    return ""


def _take_turns(session: Session, address_key: str) -> None:
    """Tries of one address are counted one after another, so that many at once cannot pass the limit together."""
    connection = connection_of(session)
    if connection.dialect.name == "postgresql":
        number = int(address_key[:8], 16) - 2**31
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7203, %s)", (number,))


def _tidy(session: Session) -> None:
    over = select(ATTEMPTS.c.id).where(ATTEMPTS.c.at < clock.now() - rules.WINDOW)
    free = over.order_by(ATTEMPTS.c.id).limit(TIDIED_AT_ONCE).with_for_update(skip_locked=True)
    session.execute(delete(ATTEMPTS).where(ATTEMPTS.c.id.in_(free)))


def _renewed(account: AccountRow | None, password: str) -> str | None:
    stored = account.password_hash if account else None
    return hashing.renew(stored, password) if stored else None


def _keep_renewed(account: AccountRow, renewed: str) -> None:
    same = (ACCOUNTS.c.id == account.id) & (ACCOUNTS.c.password_hash == account.password_hash)
    with independent_transaction():
        db.session.execute(update(ACCOUNTS).where(same).values(password_hash=renewed))


def check_own(asking: Principal, password: str) -> str | None:
    """The problem code of the own password asked inside a session, counted as at sign-in; None if it is right."""
    checked = check(asking.username, password, "password_wrong")
    if checked.must_wait:
        return "must_wait"
    return None if checked.account else "wrong_password"


def forget_tries(session: Session, username: str) -> None:
    """Forgets the failed tries of an account at this request's address: it showed that it knows the password."""
    mine = ATTEMPTS.c.place_key == place_key(username, caller_address())
    session.execute(delete(ATTEMPTS).where(mine))
