"""SELECTs of what an account may see: its desks, shelters and countries."""

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
# Declared by name: the package shelters lies above this one, which may not import its models.
SHELTERS = table("shelter", column("id"), column("code"), column("country"))


def get_scope(session: Session, account: AccountRow) -> Scope:
    """Return what an account may see, by its role and its desks, shelters or countries."""
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
    desk_rows = session.execute(desks).all()
    shelter_rows = session.execute(shelters).all()
    supervised = frozenset(session.scalars(countries.order_by("country")))
    home = next((row.country for row in (*desk_rows, *shelter_rows)), min(supervised, default=""))
    country = programme().get(home)
    return Scope(
        frozenset(row.id for row in desk_rows),
        supervised,
        shelters=frozenset(row.id for row in shelter_rows),
        home_country=home,
        number_locale=country.locale if country else "",
    )
