"""The accounts of the demo programme."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from app.demo.programme.places import DemoDesk
from app.demo.programme.shelters import DemoShelter
from app.places.queries import DeskRow
from app.places.vocabulary import programme
from app.shelters.queries.shelters import ShelterRow
from app.staff.actions.accounts import insert_account
from app.staff.actions.hashing import hash_password
from app.staff.actions.scopes import assign_shelters

PASSWORD = "ventanilla-demo"  # noqa: S105 - published on purpose; production refuses demo accounts


@dataclass(frozen=True)
class Crew:
    """Account ids: who records at each desk (by its code), supervises each country, answers at each shelter."""

    at_desk: dict[str, int]
    supervisors: dict[str, int]
    at_shelter: dict[str, int]


@cache
def _hashed() -> str:
    return hash_password(PASSWORD)


def hire(session: Session, plans: list[DemoDesk], desks: dict[str, DeskRow]) -> Crew:
    """Makes the accounts; answers who is where. Those of shelters are made by `hire_at_shelters`."""
    password_hash, crew = _hashed(), Crew({}, {}, {})

    def account(username: str, role: str, locale: str, **scope: Any) -> int:
        fields: dict[str, Any] = {"username": username, "role": role, "locale": locale}
        fields |= {"password_hash": password_hash, "is_demo": True}
        return insert_account(session, fields, scope.get("desks", ()), scope.get("countries", ()))

    for country, known in programme().items():
        name, shown = country.lower(), known.shown_in
        crew.supervisors[country] = account(
            f"supervisor.{name}", "supervisor", shown, countries=[country]
        )
    for plan in plans:
        username = f"desk.{plan.country.lower()}" if plan.leads else f"desk.{plan.code.lower()}"
        shown = programme()[plan.country].shown_in
        own = [desks[plan.code].id]
        crew.at_desk[plan.code] = account(username, "desk_staff", shown, desks=own)
    account("regional", "regional", "es")
    account("admin", "admin", "es")
    return crew


def hire_at_shelters(
    session: Session, plans: list[DemoShelter], shelters: dict[str, ShelterRow], crew: Crew
) -> None:
    """Makes the accounts that answer at each shelter, one for each, and adds them to the crew."""
    password_hash = _hashed()
    for plan in plans:
        fields: dict[str, Any] = {"username": plan.account, "role": "shelter_coordinator"}
        fields |= {"locale": programme()[plan.country].shown_in, "is_demo": True}
        account_id = insert_account(session, fields | {"password_hash": password_hash}, (), ())
        assign_shelters(session, account_id, [shelters[plan.code].id])
        crew.at_shelter[plan.code] = account_id
