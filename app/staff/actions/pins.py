"""PINs, with which colleagues take over a shared tablet: set, remove, check."""

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
class PinCheck:
    """Result of an attempt: the account if the PIN was right, else how many attempts are left before a wait."""

    account: AccountRow | None = None
    left: int = 0
    must_wait: bool = False


@dataclass(frozen=True)
class _PinAttempt:
    """A counted attempt: the stored hash, if there is a PIN, and how many attempts failed in a row, including this."""

    hash: str | None = None
    failed: int = 0
    must_wait: bool = False


def set_pin(
    session: Session, principal: Principal, password: str, pin: str, repeated: str
) -> list[FieldError]:
    """Set a new PIN on the principal's account, confirmed by its password; return the errors, empty if it was set."""
    errors = _pin_errors(pin, repeated)
    if errors:
        return errors
    code = attempts.check_own_password(principal, password)
    if code:
        return [FieldError("own_password", code)]
    row = _pin_row(pin)
    attempts.clear_attempts(session, principal.username)
    delete_pin(session, principal.account_id)
    session.execute(insert(PINS).values(account_id=principal.account_id, **row))
    record_audit(
        principal.account_id,
        "pin_set",
        f"account:{principal.account_id}",
        principal.scope.home_country,
    )
    return []


def _pin_errors(pin: str, repeated: str) -> list[FieldError]:
    code = rules.pin_error(pin)
    if code:
        return [FieldError("pin", code)]
    return [] if pin == repeated else [FieldError("repeated_pin", "not_the_same_pin")]


def _pin_row(pin: str) -> dict[str, object]:
    salt = secrets.token_bytes(16)
    return {
        "pin_hash": hashing.hash_password(pin),
        "salt": urlsafe_b64encode(salt).decode().rstrip("="),
        "check_bits": rules.pin_check_bits(salt, pin),
        "failed_attempts": 0,
        "set_at": clock.now(),
    }


def remove_pin(session: Session, principal: Principal) -> None:
    """Remove the PIN of the principal's account."""
    if delete_pin(session, principal.account_id):
        subject = f"account:{principal.account_id}"
        record_audit(principal.account_id, "pin_removed", subject, principal.scope.home_country)


def delete_pin(session: Session, account_id: int) -> bool:
    """Delete the PIN of an account; return whether it had one."""
    own = delete(PINS).where(PINS.c.account_id == account_id)
    return session.execute(own.returning(PINS.c.account_id)).first() is not None


def check_pin(username: str, pin: str, desk_id: int) -> PinCheck:
    """Check the PIN of an open account among the desk staff of a desk.

    The attempt is counted before it is checked, and stays counted. After ten wrong ones in a row the PIN is deleted
    and only the password signs in, so that nobody can try the thousand PINs that a stolen tablet leaves.
    """
    with hashing.hashing_slot():
        with independent_transaction():
            account = queries.find_desk_account(db.session(), desk_id, username)
            attempt = _count_attempt(db.session(), account)
        if attempt.must_wait:
            report_event("locked_out", username, account.id if account else None)
            return PinCheck(must_wait=True)
        is_correct = hashing.is_correct_secret(attempt.hash, pin)
    if account is None or attempt.hash is None or not is_correct:
        report_event("pin_wrong", username, account.id if account else None)
        return PinCheck(
            left=_attempts_left(account, attempt.failed) if account and attempt.hash else 0
        )
    own = update(PINS).where(PINS.c.account_id == account.id)
    db.session.execute(own.values(failed_attempts=0, last_failed_at=None))
    return PinCheck(account)


def _count_attempt(session: Session, account: AccountRow | None) -> _PinAttempt:
    row = queries.lock_pin(session, account.id) if account else None
    if row is None:
        return _PinAttempt()
    now = clock.now()
    if rules.pin_must_wait(row.failed_attempts, row.last_failed_at, now):
        return _PinAttempt(must_wait=True)
    own = update(PINS).where(PINS.c.account_id == row.account_id)
    session.execute(own.values(failed_attempts=row.failed_attempts + 1, last_failed_at=now))
    return _PinAttempt(row.pin_hash, row.failed_attempts + 1)


def _attempts_left(account: AccountRow, failed: int) -> int:
    if failed >= rules.MAX_PIN_ATTEMPTS:
        with independent_transaction():
            delete_pin(db.session(), account.id)
            home = queries.get_scope(db.session(), account).home_country
            record_audit(None, "pin_removed", f"account:{account.id}", home)
    return rules.pin_attempts_left(failed)
