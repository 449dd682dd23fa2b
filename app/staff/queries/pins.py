"""SELECTs on PINs: who may take over a desk's tablet, and what the tablet may store of their PINs."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.db.session import AnyRow
from app.staff import rules
from app.staff.models import Account, AccountDesk, AccountPin
from app.staff.queries.accounts import AccountRow

PINS = AccountPin.__table__
ACCOUNTS = Account.__table__
ACCOUNT_DESKS = AccountDesk.__table__


@dataclass(frozen=True)
class TabletPin:
    """A colleague of a desk, with the salt and the ten bits by which a tablet checks a PIN; both None without a PIN."""

    account: str
    salt: str | None
    check: int | None


def list_pins(session: Session, desk_id: int) -> list[TabletPin]:
    """List the open desk staff of a desk by username, with or without a PIN."""
    staff = _staff_of(desk_id, ACCOUNTS.c.username, PINS.c.salt, PINS.c.check_bits)
    joined = staff.outerjoin(PINS, PINS.c.account_id == ACCOUNTS.c.id)
    return [TabletPin(*row) for row in session.execute(joined.order_by(ACCOUNTS.c.username))]


def find_desk_account(session: Session, desk_id: int, username: str) -> AccountRow | None:
    """Return the open account of a username among the desk staff of a desk."""
    if not rules.is_username(username):
        return None
    own = _staff_of(desk_id, *ACCOUNTS.c).where(ACCOUNTS.c.username == username)
    row = session.execute(own.order_by(ACCOUNTS.c.id)).first()
    return AccountRow(*row) if row else None


def _staff_of(desk_id: int, *columns: Any) -> Select[Any]:
    statement: Select[Any] = select(*columns)
    return (
        statement.select_from(ACCOUNTS)
        .join(ACCOUNT_DESKS, ACCOUNT_DESKS.c.account_id == ACCOUNTS.c.id)
        .where(ACCOUNT_DESKS.c.desk_id == desk_id, ACCOUNTS.c.role == "desk_staff")
        .where(ACCOUNTS.c.closed_at.is_(None))
    )


def has_pin(session: Session, account_id: int) -> bool:
    """Return whether an account has a PIN that still opens a tablet."""
    own = select(PINS.c.account_id).where(PINS.c.account_id == account_id)
    return session.execute(own.order_by(PINS.c.account_id)).first() is not None


def lock_pin(session: Session, account_id: int) -> AnyRow | None:
    """Lock and return the PIN row of an account, so that concurrent attempts wait until this transaction ends."""
    own = select(PINS).where(PINS.c.account_id == account_id).order_by(PINS.c.account_id)
    return session.execute(own.with_for_update()).first()
