"""Create shelters, beds, coordinators and referrals; a call names only what its test is about."""

from typing import Any
from uuid import uuid4

from sqlalchemy import insert

from app.db.session import db, unit_of_work
from app.shelters.actions.beds import add_category
from app.shelters.models import Shelter
from app.shelters.queries.shelters import ShelterRow, find_shelter
from app.staff.actions.scopes import assign_shelters
from app.web.outcomes import Accepted
from tests.factories.records import make_account

DEFAULTS: dict[str, Any] = {
    "name": "Casa San José",
    "type": "civil_society_shelter",
    "organisation": "Pastoral",
    "country": "HND",
    "adm1": "HN08",
    "address": "Avenida Central 12",
    "directions": "Two blocks behind the bus station",
    "latitude": None,
    "longitude": None,
    "phone": "2222-1111",
    "email": "casa@example.org",
    "meeting_point": "",
    "time_zone": "America/Tegucigalpa",
    "opens_at": "",
    "closes_at": "",
    "languages": ("spa",),
    "sexes": ("female", "male", "other", "not_stated"),
    "admits_children": True,
    "admits_groups": True,
    "youngest": None,
    "oldest": None,
    "stay_limit_days": None,
    "is_protected": False,
    "is_accepting": True,
    "hold_minutes": 90,
    "reply_minutes": 30,
    "closed_on": None,
    "version": 1,
    "inbox_version": 0,
}


def make_shelter(
    code: str = "HND-S1", beds: dict[str, int] | None = None, **fields: Any
) -> ShelterRow:
    """Return a shelter that takes everybody, with places by category (three for women by default)."""
    with unit_of_work():
        db.session.execute(insert(Shelter.__table__).values(code=code, **{**DEFAULTS, **fields}))
        shelter = find_shelter(db.session(), code)
        assert shelter is not None
        for category, capacity in (beds or {"women": 3}).items():
            outcome = add_category(db.session(), None, shelter, category, capacity)
            assert outcome == Accepted(None)
    shelter = find_shelter(db.session(), code)
    db.session.rollback()
    assert shelter is not None
    return shelter


def make_coordinator(username: str, *shelters: ShelterRow) -> int:
    """Create an account that coordinates these shelters; return its id."""
    account = make_account(username, "shelter_coordinator")
    with unit_of_work():
        assign_shelters(db.session(), account.account_id, [shelter.id for shelter in shelters])
    return account.account_id


def referral_json(desk: str = "HND-01", **fields: Any) -> dict[str, Any]:
    """Return the JSON of one woman who needs a bed tonight; `fields` replace the defaults."""
    defaults = {
        "id": str(uuid4()),
        "desk": desk,
        "shelters": ["HND-S1"],
        "priority": "tonight",
        "persons": [{"sex": "female", "age_band": "age_25_59", "n": 1}],
        "consent": True,
    }
    return {**defaults, **fields}


__all__ = ["make_coordinator", "make_shelter", "referral_json"]
