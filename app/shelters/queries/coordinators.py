"""Reads who may coordinate a shelter."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.shelters.queries.shelters import SHELTERS
from app.staff.queries import ACCOUNT_SHELTERS, ACCOUNTS
from app.staff.vocabulary import ROLES

COORDINATOR = ROLES["shelter_coordinator"].code


@dataclass(frozen=True)
class Coordinator:
    """An open account of a coordinator, with the ids of its shelters."""

    account_id: int
    username: str
    shelters: frozenset[int]


def list_coordinators(session: Session, country: str) -> list[Coordinator]:
    """List the coordinators of a country's shelters and those without a shelter, by username."""
    query = (
        select(ACCOUNTS.c.id, ACCOUNTS.c.username, SHELTERS.c.id, SHELTERS.c.country)
        .outerjoin(ACCOUNT_SHELTERS, ACCOUNT_SHELTERS.c.account_id == ACCOUNTS.c.id)
        .outerjoin(SHELTERS, SHELTERS.c.id == ACCOUNT_SHELTERS.c.shelter_id)
        .where(ACCOUNTS.c.role == COORDINATOR, ACCOUNTS.c.closed_at.is_(None))
        .order_by(ACCOUNTS.c.username, SHELTERS.c.code)
    )
    shelters: dict[tuple[int, str], dict[int, str]] = {}
    for account_id, username, shelter_id, shelter_country in session.execute(query):
        own = shelters.setdefault((account_id, username), {})
        if shelter_id is not None:
            own[shelter_id] = shelter_country
    return [
        Coordinator(account_id, username, frozenset(own))
        for (account_id, username), own in shelters.items()
        if not own or country in own.values()
    ]


def lock_shelters_of(session: Session, account_ids: Collection[int]) -> dict[int, set[int]]:
    """Lock accounts until the transaction ends and return the ids of each one's shelters."""
    query = select(ACCOUNTS.c.id).where(ACCOUNTS.c.id.in_(account_ids)).order_by(ACCOUNTS.c.id)
    locked_ids = session.scalars(query.with_for_update())
    shelter_ids: dict[int, set[int]] = {account_id: set() for account_id in locked_ids}
    pairs = select(ACCOUNT_SHELTERS).where(ACCOUNT_SHELTERS.c.account_id.in_(account_ids))
    for row in session.execute(pairs.order_by("account_id", "shelter_id")):
        shelter_ids[row.account_id].add(row.shelter_id)
    return shelter_ids
