"""When a session has ended, when signing in must wait, what a password, a PIN and a name must be like."""

import hmac
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise

from app.staff.vocabulary import ROLES

IDLE = timedelta(minutes=60)
ABSOLUTE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)
WINDOW = timedelta(minutes=15)
INVITATION = timedelta(days=7)
ANYWHERE_FACTOR = 10
ADDRESS_FACTOR = 6
"""Thirty failed tries in production: ten people behind one address may mistype three times each."""
KNOWN_FOR = timedelta(days=30)
USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{2,39}")
PIN = re.compile(r"[0-9]{6}")
PIN_TRIES = 5
PIN_ENDS = 10
COMMON = ("password", "contrase", "ventanilla", "123456", "qwerty", "migrant", "albergue")


def session_has_ended(started_at: datetime, seen_at: datetime, now: datetime) -> bool:
    """Whether a session is over: idle for an hour or twelve hours old (OWASP ASVS 7.3)."""
    return now - seen_at > IDLE or now - started_at > ABSOLUTE


def must_wait(here: int, anywhere: int, limit: int, known_place: bool) -> bool:
    """Whether sign-in must wait: failures of one name from one address, or of the name from everywhere.

    The second limit is ten times the first and does not hold where the account signed in before (`known_place`), so
    that a stranger with many addresses cannot lock a colleague out of the desk. Refused tries are not counted: a
    lock-out ends a quarter of an hour after the failures that caused it.
    """
    return here >= limit or (anywhere >= limit * ANYWHERE_FACTOR and not known_place)


def address_must_wait(failed: int, limit: int, known_place: bool) -> bool:
    """Whether an address that failed with any names must wait: six times the limit of one name.

    It does not hold for a name that signed in there before (`known_place`): a desk whose line somebody else uses to
    try names goes on working, and its own names keep their own limit.
    """
    return failed >= limit * ADDRESS_FACTOR and not known_place


def attempt_key(secret: str, *said: str) -> str:
    """What stands in the table for a name and an address: an HMAC, since a mistyped name may be a password."""
    return hmac.new(secret.encode(), "\x1f".join(said).encode(), sha256).hexdigest()


def digest(token: str) -> str:
    """What the database holds of a session or invitation: SHA-256 in hex of a random token."""
    return sha256(token.encode()).hexdigest()


def wrong_password(password: str, username: str) -> str | None:
    """The problem code of a new password, None where it will do: 12 to 200 signs, not a common one."""
    if len(password) < 12:
        return "too_short"
    if len(password) > 200:
        return "too_long"
    plain = password.casefold()
    guessable = username in plain or plain.startswith(COMMON) or len(set(plain)) < 5
    return "too_common" if guessable else None


def wrong_pin(pin: str) -> str | None:
    """The problem code of a new PIN, None where it will do: six digits that do not count or repeat themselves."""
    if PIN.fullmatch(pin) is None:
        return "not_a_pin"
    steps = {int(after) - int(before) for before, after in pairwise(pin)}
    repeats = pin == pin[:2] * 3 or pin == pin[:3] * 2 or pin[0::2] == pin[1::2]
    return "pin_too_easy" if steps in ({0}, {1}, {-1}) or repeats else None


def pin_check(salt: bytes, pin: str) -> int:
    """What a tablet holds of a PIN: the first ten bits of SHA-256(salt ‖ digits), 0 to 1023.

    One wrong PIN in 1,024 opens the screen without the network; whoever reads the tablet's memory still has about a
    thousand PINs to try, and the server lets nobody try them.
    """
    return int.from_bytes(sha256(salt + pin.encode()).digest()[:2], "big") >> 6


def pin_must_wait(failed: int, failed_at: datetime | None, now: datetime) -> bool:
    """Whether a PIN must not be tried now: for a quarter of an hour after five wrong ones, for good after ten."""
    if failed_at is None or failed < PIN_TRIES:
        return False
    return failed >= PIN_ENDS or (failed % PIN_TRIES == 0 and now - failed_at < WINDOW)


def pin_tries_left(failed: int) -> int:
    """How many more wrong PINs are answered before the next wait."""
    return -failed % PIN_TRIES


def may_invite(inviter_role: str, role: str) -> bool:
    """Whether an account of one role may invite another: admins everybody, supervisors desk staff."""
    return inviter_role == "admin" or (inviter_role == "supervisor" and role == "desk_staff")


def may_manage(
    manager: str, countries: Collection[str], role: str, desk_countries: Collection[str]
) -> bool:
    """Whether an account of one role may reset or close another: as it may invite it.

    A supervisor needs all desks of the account in the countries that are supervised.
    """
    if manager == "supervisor" and not (desk_countries and set(desk_countries) <= set(countries)):
        return False
    return may_invite(manager, role)


def is_username(text: str) -> bool:
    """Whether a text can be a username: 3 to 40 of a–z, 0–9, dot, dash, underscore."""
    return USERNAME.fullmatch(text) is not None


def takes_over(role: str) -> bool:
    """Whether accounts of a role work at a shared tablet and take it over with a PIN."""
    return needs(role) == "desks"


def needs(role: str) -> str:
    """What the scope of a role is made of: `desks`, `countries` or nothing."""
    kinds = {"desk_staff": "desks", "supervisor": "countries"}
    return kinds.get(ROLES[role].code, "")
