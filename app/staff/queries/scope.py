"""Reads what an account may see: its desks, shelters and countries."""

from sqlalchemy import column, select, table
from sqlalchemy.orm import Session

from app.places.models import Desk
from app.places.vocabulary import programme
from app.staff.models import AccountCountry, AccountDesk, AccountShelter
from app.staff.queries.accounts import AccountRow
from app.web.access import Scope

ACCOUNT_DESKS = AccountDesk.__table__
ACCOUNT_COUNTRIES = AccountCountry.__table__
ACCOUNT_SHELTERS = AccountShelter.__table__
SHELTERS = table("shelter", column("id"), column("code"), column("country"))
"""What this room may know of shelters, which stand in a room above it."""


def get_scope(session: Session, account: AccountRow) -> Scope:
    """What an account may see, by its role and its desks or countries."""
    if account.role == "regional":
        return Scope(programme=True)
    desk = Desk.__table__
    desks = (
        select(desk.c.id, desk.c.country)
        .join(ACCOUNT_DESKS, ACCOUNT_DESKS.c.desk_id == desk.c.id)
        .where(ACCOUNT_DESKS.c.account_id == account.id)
        .order_by(desk.c.code)
    )
    countries = select(ACCOUNT_COUNTRIES.c.country).where(
        ACCOUNT_COUNTRIES.c.account_id == account.id
    )
    shelters = (
        select(SHELTERS.c.id, SHELTERS.c.country)
        .join(ACCOUNT_SHELTERS, ACCOUNT_SHELTERS.c.shelter_id == SHELTERS.c.id)
        .where(ACCOUNT_SHELTERS.c.account_id == account.id)
        .order_by(SHELTERS.c.code)
    )
    own = session.execute(desks).all()
    coordinated = session.execute(shelters).all()
    nations = frozenset(session.scalars(countries.order_by("country")))
    home = next((row.country for row in (*own, *coordinated)), min(nations, default=""))
    known = programme().get(home)
    return Scope(
        frozenset(row.id for row in own),
        nations,
        shelters=frozenset(row.id for row in coordinated),
        home=home,
        number_locale=known.locale if known else "",
    )
