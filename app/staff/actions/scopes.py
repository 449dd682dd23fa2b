"""Assignments of accounts to shelters."""

from collections.abc import Collection

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from app.staff.queries import ACCOUNT_SHELTERS, ACCOUNTS


def assign_shelters(session: Session, account_id: int, shelter_ids: Collection[int]) -> None:
    """Let an account coordinate exactly these shelters, from its next request on."""
    own = ACCOUNT_SHELTERS.c.account_id == account_id
    session.execute(delete(ACCOUNT_SHELTERS).where(own))
    if shelter_ids:
        pairs = [
            {"account_id": account_id, "shelter_id": shelter_id}
            for shelter_id in sorted(shelter_ids)
        ]
        session.execute(insert(ACCOUNT_SHELTERS), pairs)
    own_row = update(ACCOUNTS).where(ACCOUNTS.c.id == account_id)
    session.execute(own_row.values(version=ACCOUNTS.c.version + 1))
