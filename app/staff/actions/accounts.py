"""Invites, resets, closes accounts; changes passwords."""

import secrets
from collections.abc import Collection

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.field_errors import FieldError
from app.places.queries import EVERYWHERE, find_desk
from app.places.vocabulary import programme
from app.staff import queries, rules
from app.staff.actions import attempts, hashing, pins, sessions
from app.staff.queries import (
    ACCOUNT_COUNTRIES,
    ACCOUNT_DESKS,
    ACCOUNTS,
    INVITATIONS,
    AccountRow,
)
from app.staff.vocabulary import ROLES
from app.web.access import Principal, Scope


def invite_within(
    session: Session, asking: Principal, account: dict[str, str], scope: dict[str, list[str]]
) -> tuple[str, list[FieldError]]:
    """As `invite`, within what the asking account may give away; `scope` holds codes of desks and countries."""
    if not rules.may_invite(asking.role, account["role"]):
        return "", [FieldError("role", "unknown_code")]
    within = EVERYWHERE if asking.role == "admin" else Scope(countries=asking.scope.countries)
    desks = [find_desk(session, within, code) for code in scope["desks"]]
    if None in desks:
        return "", [FieldError("desks", "unknown_code")]
    own = [desk.id for desk in desks if desk]
    return invite(session, asking.account_id, account, own, scope["countries"])


def invite(
    session: Session,
    by: int | None,
    account: dict[str, str],
    desks: Collection[int] = (),
    countries: Collection[str] = (),
) -> tuple[str, list[FieldError]]:
    """The one-time token of a new account (`username`, `role`, `locale`), or the problems."""
    problems = _wrong(session, account, desks, countries)
    if problems:
        return "", problems
    needed = rules.needs(account["role"])
    account_id = insert_account(
        session,
        account,
        desks if needed == "desks" else (),
        countries if needed == "countries" else (),
    )
    record_audit(by, "invited", f"account:{account_id}", _home(session, account["username"]))
    return _new_link(session, account_id), []


def _home(session: Session, username: str) -> str:
    account = queries.find_account(session, username)
    return queries.get_scope(session, account).home if account else ""


def _wrong(
    session: Session, account: dict[str, str], desks: Collection[int], countries: Collection[str]
) -> list[FieldError]:
    problems = []
    if not rules.is_username(account["username"]):
        problems.append(FieldError("username", "not_a_username"))
    elif queries.find_account(session, account["username"]):
        problems.append(FieldError("username", "taken"))
    if account["role"] not in ROLES:
        return [*problems, FieldError("role", "unknown_code")]
    return problems + _wrong_scope(rules.needs(account["role"]), desks, countries)


def _wrong_scope(needed: str, desks: Collection[int], countries: Collection[str]) -> list[FieldError]:
    if any(code not in programme() for code in countries):
        return [FieldError("countries", "unknown_code")]
    missing = (needed == "desks" and not desks) or (needed == "countries" and not countries)
    return [FieldError(needed, "required")] if missing else []


def insert_account(
    session: Session,
    account: dict[str, str],
    desks: Collection[int],
    countries: Collection[str],
) -> int:
    """Writes an account with its scope; answers its id. More columns may stand in `account`."""
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


def start_reset(session: Session, by: int | None, account: AccountRow) -> str:
    """The one-time token with which the person sets a new password; the old one holds until then, the PIN does not."""
    pins.forget(session, account.id)
    record_audit(by, "reset_started", f"account:{account.id}", _home(session, account.username))
    return _new_link(session, account.id)


def _new_link(session: Session, account_id: int) -> str:
    token, now = secrets.token_urlsafe(32), clock.now()
    earlier = (INVITATIONS.c.account_id == account_id) & INVITATIONS.c.used_at.is_(None)
    session.execute(update(INVITATIONS).where(earlier).values(used_at=now))
    session.execute(
        insert(INVITATIONS).values(
            digest=rules.digest(token), account_id=account_id, expires_at=now + rules.INVITATION
        )
    )
    return token


def take_up(session: Session, token: str, password: str, repeated: str) -> list[FieldError]:
    """Sets the password of an invitation's account and uses the link up; problems where it will not do."""
    account = queries.find_invited(session, rules.digest(token), clock.now())
    if account is None:
        return [FieldError("token", "unreadable")]
    problems = _new_password(account.username, password, repeated)
    if problems:
        return problems
    session.rollback()  # nothing was changed yet: no lock is held while the hash is made
    hashed = hashing.hash_password(password)
    mine = (INVITATIONS.c.digest == rules.digest(token)) & INVITATIONS.c.used_at.is_(None)
    used = update(INVITATIONS).where(mine).values(used_at=clock.now())
    if session.execute(used.returning(INVITATIONS.c.digest)).first() is None:
        return [FieldError("token", "unreadable")]
    _set_password(session, account.id, hashed)
    record_audit(
        account.id, "invitation_used", f"account:{account.id}", _home(session, account.username)
    )
    return []


def change_password(
    session: Session, asking: Principal, current: str, password: str, repeated: str
) -> list[FieldError]:
    """Changes one's own password and ends the other sessions; problems where it will not do."""
    problems = _new_password(asking.username, password, repeated)
    if problems:
        return problems
    wrong = attempts.check_own(asking, current)
    if wrong:
        return [FieldError("current", wrong)]
    hashed = hashing.hash_password(password)
    attempts.forget_tries(session, asking.username)
    _set_password(session, asking.account_id, hashed, asking.session_id)
    subject = f"account:{asking.account_id}"
    record_audit(asking.account_id, "password_changed", subject, asking.scope.home)
    return []


def _new_password(username: str, password: str, repeated: str) -> list[FieldError]:
    code = rules.wrong_password(password, username)
    if code:
        return [FieldError("password", code)]
    return [] if password == repeated else [FieldError("repeated", "not_the_same")]


def _set_password(session: Session, account_id: int, hashed: str, but: str = "") -> None:
    mine = update(ACCOUNTS).where(ACCOUNTS.c.id == account_id)
    session.execute(mine.values(password_hash=hashed))
    pins.forget(session, account_id)
    sessions.end_all_sessions(session, account_id, but)


def close_account(session: Session, by: int | None, account: AccountRow) -> None:
    """Closes an account for good and ends its sessions; its name stays taken."""
    mine = update(ACCOUNTS).where(ACCOUNTS.c.id == account.id, ACCOUNTS.c.closed_at.is_(None))
    session.execute(mine.values(closed_at=clock.now(), version=account.version + 1))
    pins.forget(session, account.id)
    sessions.end_all_sessions(session, account.id)
    record_audit(by, "account_closed", f"account:{account.id}", _home(session, account.username))


def choose_locale(session: Session, account_id: int, locale: str) -> None:
    """Remembers the language an account reads."""
    session.execute(update(ACCOUNTS).where(ACCOUNTS.c.id == account_id).values(locale=locale))
