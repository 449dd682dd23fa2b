"""Sets, removes and checks the PIN with which a colleague takes over a shared tablet."""

import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.db.session import db, independent_transaction
from app.field_errors import FieldError
from app.staff import queries, rules
from app.staff.actions import attempts, hashing
from app.staff.queries import PINS, AccountRow
from app.web.access import Principal
from app.web.security_events import report_event


@dataclass(frozen=True)
class Verdict:
    """What became of a PIN: the account where it was right, else how many tries are left before a wait."""

    account: AccountRow | None = None
    left: int = 0
    must_wait: bool = False


@dataclass(frozen=True)
class _Try:
    hash: str | None = None
    failed: int = 0
    must_wait: bool = False


def set_pin(
    session: Session, asking: Principal, password: str, pin: str, repeated: str
) -> list[FieldError]:
    """Gives one's own account a new PIN; problems where the password is not right or the PIN will not do."""
    problems = _wrong(pin, repeated)
    if problems:
        return problems
    wrong = attempts.check_own(asking, password)
    if wrong:
        return [FieldError("own_password", wrong)]
    row = _row(pin)
    attempts.forget_tries(session, asking.username)
    forget(session, asking.account_id)
    session.execute(insert(PINS).values(account_id=asking.account_id, **row))
    record_audit(asking.account_id, "pin_set", f"account:{asking.account_id}", asking.scope.home)
    return []


def _wrong(pin: str, repeated: str) -> list[FieldError]:
    code = rules.wrong_pin(pin)
    if code:
        return [FieldError("pin", code)]
    return [] if pin == repeated else [FieldError("repeated_pin", "not_the_same_pin")]


def _row(pin: str) -> dict[str, object]:
    salt = secrets.token_bytes(16)
    return {
        "pin_hash": hashing.hash_password(pin),
        "salt": urlsafe_b64encode(salt).decode().rstrip("="),
        "check_bits": rules.pin_check(salt, pin),
        "failed": 0,
        "set_at": clock.now(),
    }


def remove_pin(session: Session, asking: Principal) -> None:
    """Takes the PIN off one's own account."""
    if forget(session, asking.account_id):
        subject = f"account:{asking.account_id}"
        record_audit(asking.account_id, "pin_removed", subject, asking.scope.home)


def forget(session: Session, account_id: int) -> bool:
    """Takes the PIN off an account; whether it had one."""
    mine = delete(PINS).where(PINS.c.account_id == account_id)
    return session.execute(mine.returning(PINS.c.account_id)).first() is not None


def verify(username: str, pin: str, desk_id: int) -> Verdict:
    """Whether a PIN is that of an open account among the desk staff of a desk.

    The try is counted before it is checked and kept whatever comes of it. After ten wrong ones in a row the PIN is
    gone and only the password signs in, so that nobody can go through the thousand that a stolen tablet leaves.
    """
    with hashing.slot():
        with independent_transaction():
            account = queries.find_desk_account(db.session(), desk_id, username)
            tried = _count(db.session(), account)
        if tried.must_wait:
            report_event("locked_out", username, account.id if account else None)
            return Verdict(must_wait=True)
        right = hashing.is_secret(tried.hash, pin)
    if account is None or tried.hash is None or not right:
        report_event("pin_wrong", username, account.id if account else None)
        return Verdict(left=_left(account, tried.failed) if account and tried.hash else 0)
    mine = update(PINS).where(PINS.c.account_id == account.id)
    db.session.execute(mine.values(failed=0, failed_at=None))
    return Verdict(account)


def _count(session: Session, account: AccountRow | None) -> _Try:
    kept = queries.lock_pin(session, account.id) if account else None
    if kept is None:
        return _Try()
    now = clock.now()
    if rules.pin_must_wait(kept.failed, kept.failed_at, now):
        return _Try(must_wait=True)
    mine = update(PINS).where(PINS.c.account_id == kept.account_id)
    session.execute(mine.values(failed=kept.failed + 1, failed_at=now))
    return _Try(kept.pin_hash, kept.failed + 1)


def _left(account: AccountRow, failed: int) -> int:
    if failed >= rules.PIN_ENDS:
        with independent_transaction():
            forget(db.session(), account.id)
            home = queries.get_scope(db.session(), account).home
            record_audit(None, "pin_removed", f"account:{account.id}", home)
    return rules.pin_tries_left(failed)
