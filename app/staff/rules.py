"""Rules of accounts: when a session ends, when sign-in must wait, which passwords, PINs and usernames are valid."""

import hmac
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise

from app.staff.vocabulary import ROLES

IDLE_TIMEOUT = timedelta(minutes=60)
MAX_SESSION_AGE = timedelta(hours=12)
LAST_SEEN_INTERVAL = timedelta(minutes=1)
ATTEMPT_WINDOW = timedelta(minutes=15)
INVITATION_LIFETIME = timedelta(days=7)
ANYWHERE_FACTOR = 10
# Thirty failed attempts in production: ten people behind one address may mistype three times each.
ADDRESS_FACTOR = 6
KNOWN_SOURCE_LIFETIME = timedelta(days=30)
USERNAME_PATTERN = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")
PIN_PATTERN = re.compile(r"[0-9]{6}")
PIN_ATTEMPTS_BEFORE_WAIT = 5
MAX_PIN_ATTEMPTS = 10
COMMON_PASSWORD_STARTS = (
    "password",
    "contrase",
    "ventanilla",
    "123456",
    "qwerty",
    "migrant",
    "albergue",
)


def session_has_ended(started_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Return whether a session is over: idle for an hour or twelve hours old (OWASP ASVS 7.3)."""
    return now - seen_at > IDLE_TIMEOUT or now - started_at > MAX_SESSION_AGE


def must_wait(from_source: int, anywhere: int, limit: int, is_known_source: bool) -> bool:
    """Return whether sign-in must wait, by the failures of one name from one address and of the name from anywhere.

    The second limit is ten times the first and does not apply if the account signed in from there before
    (`is_known_source`), so that a stranger with many addresses cannot lock a colleague out of the desk. Refused
    attempts are not counted: a lock-out ends a quarter of an hour after the failures that caused it.
    """
    return from_source >= limit or (anywhere >= limit * ANYWHERE_FACTOR and not is_known_source)


def address_must_wait(failed: int, limit: int, is_known_source: bool) -> bool:
    """Return whether an address that failed with any names must wait: from six times the limit of one name on.

    It does not apply to a name that signed in from there before (`is_known_source`): a desk keeps working if somebody
    else tries names over its line, and its own names keep their own limit.
    """
    return failed >= limit * ADDRESS_FACTOR and not is_known_source


def keyed_digest(secret: str, *parts: str) -> str:
    """Return the HMAC that is stored of a name and an address: never plain, since a mistyped name may be a password."""
    return hmac.new(secret.encode(), "\x1f".join(parts).encode(), sha256).hexdigest()


def digest(token: str) -> str:
    """Return what is stored of a session or invitation: SHA-256 in hex of its random token."""
    return sha256(token.encode()).hexdigest()


def password_error(password: str, username: str) -> str | None:
    """Return the error code of a new password, None if it is valid: 12 to 200 characters, not a common one."""
    if len(password) < 12:
        return "too_short"
    if len(password) > 200:
        return "too_long"
    plain = password.casefold()
    guessable = username in plain or plain.startswith(COMMON_PASSWORD_STARTS) or len(set(plain)) < 5
    return "too_common" if guessable else None


def pin_error(pin: str) -> str | None:
    """Return the error code of a new PIN, None if it is valid: six digits that do not count or repeat themselves."""
    if PIN_PATTERN.fullmatch(pin) is None:
        return "not_a_pin"
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    repeats = pin == pin[:2] * 3 or pin == pin[:3] * 2 or pin[0::2] == pin[1::2]
    return "pin_too_easy" if steps in ({0}, {1}, {-1}) or repeats else None


def pin_check_bits(salt: bytes, pin: str) -> int:
    """Return what a tablet stores of a PIN: the first ten bits of SHA-256(salt ‖ digits), 0 to 1023.

    One wrong PIN in 1,024 opens the screen without the network. An attacker who reads the tablet's memory still has
    about a thousand PINs to try, and the server stops these attempts.
    """
    return int.from_bytes(sha256(salt + pin.encode()).digest()[:2], "big") >> 6


def pin_must_wait(failed: int, failed_at: datetime | None, now: datetime) -> bool:
    """Return whether a PIN must wait: for a quarter of an hour after five wrong ones, for good after ten."""
    if failed_at is None or failed < PIN_ATTEMPTS_BEFORE_WAIT:
        return False
    return failed >= MAX_PIN_ATTEMPTS or (
        failed % PIN_ATTEMPTS_BEFORE_WAIT == 0 and now - failed_at < ATTEMPT_WINDOW
    )


def pin_attempts_left(failed: int) -> int:
    """Return how many more wrong PINs are answered before the next wait."""
    return -failed % PIN_ATTEMPTS_BEFORE_WAIT


def may_invite(inviter_role: str, role: str) -> bool:
    """Return whether one role may invite another: admins everybody, supervisors desk staff."""
    return inviter_role == "admin" or (inviter_role == "supervisor" and role == "desk_staff")


def may_manage(
    manager_role: str, countries: Collection[str], role: str, desk_countries: Collection[str]
) -> bool:
    """Return whether a role may reset or close an account of another: if it may invite it.

    For a supervisor all desks of the account must be in the supervised countries.
    """
    if manager_role == "supervisor" and not (
        desk_countries and set(desk_countries) <= set(countries)
    ):
        return False
    return may_invite(manager_role, role)


def is_username(text: str) -> bool:
    """Return whether a text can be a username: 3 to 40 of a–z, 0–9, dot, dash, underscore."""
    return USERNAME_PATTERN.fullmatch(text) is not None


def may_use_pin(role: str) -> bool:
    """Return whether accounts of a role work at a shared tablet and take it over with a PIN."""
    return scope_kind(role) == "desks"


def scope_kind(role: str) -> str:
    """Return what the scope of a role consists of: `desks`, `countries` or nothing (empty)."""
    kinds = {"desk_staff": "desks", "supervisor": "countries"}
    return kinds.get(ROLES[role].code, "")
