"""The accounts of the demo programme."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from app.db.session import RowValues
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
class DemoAccounts:
    """Account ids of the staff of each desk (by code), each country's supervisor, each shelter's coordinator."""

    at_desk: dict[str, int]
    supervisors: dict[str, int]
    at_shelter: dict[str, int]


@cache
def _hashed() -> str:
    return hash_password(PASSWORD)


def create_accounts(
    session: Session, plans: list[DemoDesk], desks: dict[str, DeskRow]
) -> DemoAccounts:
    """Create the accounts and return their ids; `create_shelter_accounts` creates those of shelters."""
    password_hash, accounts = _hashed(), DemoAccounts({}, {}, {})

    def account(username: str, role: str, language: str, **scope: Any) -> int:
        fields: RowValues = {"username": username, "role": role, "locale": language}
        fields |= {"password_hash": password_hash, "is_demo": True}
        return insert_account(session, fields, scope.get("desks", ()), scope.get("countries", ()))

    for country, details in programme().items():
        name, locale = country.lower(), details.shown_in
        accounts.supervisors[country] = account(
            f"supervisor.{name}", "supervisor", locale, countries=[country]
        )
    for plan in plans:
        username = f"desk.{plan.country.lower()}" if plan.is_main else f"desk.{plan.code.lower()}"
        locale = programme()[plan.country].shown_in
        own = [desks[plan.code].id]
        accounts.at_desk[plan.code] = account(username, "desk_staff", locale, desks=own)
    account("regional", "regional", "es")
    account("admin", "admin", "es")
    return accounts


def create_shelter_accounts(
    session: Session,
    plans: list[DemoShelter],
    shelters: dict[str, ShelterRow],
    accounts: DemoAccounts,
) -> None:
    """Create one account for each shelter, and add their ids to `accounts`."""
    password_hash = _hashed()
    for plan in plans:
        fields: RowValues = {"username": plan.account, "role": "shelter_coordinator"}
        fields |= {"locale": programme()[plan.country].shown_in, "is_demo": True}
        account_id = insert_account(session, fields | {"password_hash": password_hash}, (), ())
        assign_shelters(session, account_id, [shelters[plan.code].id])
        accounts.at_shelter[plan.code] = account_id
