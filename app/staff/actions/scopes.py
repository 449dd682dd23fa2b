"""Assigns accounts to shelters."""

from collections.abc import Collection

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from app.staff.queries import ACCOUNT_SHELTERS, ACCOUNTS


def assign_shelters(session: Session, account_id: int, shelters: Collection[int]) -> None:
    """Lets an account coordinate exactly these shelters, from its next request on."""
    mine = ACCOUNT_SHELTERS.c.account_id == account_id
    session.execute(delete(ACCOUNT_SHELTERS).where(mine))
    if shelters:
        pairs = [{"account_id": account_id, "shelter_id": one} for one in sorted(shelters)]
        session.execute(insert(ACCOUNT_SHELTERS), pairs)
    changed = update(ACCOUNTS).where(ACCOUNTS.c.id == account_id)
    session.execute(changed.values(version=ACCOUNTS.c.version + 1))
