"""The accounts of the demo programme."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.places.queries import DeskRow
from app.places.vocabulary import programme
from app.staff.actions.accounts import insert_account
from app.staff.actions.signing_in import hash_password
from app.upkeep.demo.places import DemoDesk

PASSWORD = "ventanilla-demo"  # noqa: S105 - published on purpose; production refuses demo accounts


@dataclass(frozen=True)
class Crew:
    """Account ids: who records at each desk (by its code), who supervises each country."""

    at_desk: dict[str, int]
    supervisors: dict[str, int]


def hire(session: Session, plans: list[DemoDesk], desks: dict[str, DeskRow]) -> Crew:
    """Makes the accounts; answers who is where."""
    password_hash, crew = hash_password(PASSWORD), Crew({}, {})

    def account(username: str, role: str, locale: str, **scope: Any) -> int:
        fields: dict[str, Any] = {"username": username, "role": role, "locale": locale}
        fields |= {"password_hash": password_hash, "is_demo": True}
        return insert_account(session, fields, scope.get("desks", ()), scope.get("countries", ()))

    for country, known in programme().items():
        name, shown = country.lower(), known.shown_in
        account(f"shelter.{name}", "shelter_coordinator", shown)
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
