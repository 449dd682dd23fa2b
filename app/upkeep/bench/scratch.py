"""A scratch database with one desk and one account, and the consultations that are sent."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

from flask_migrate import upgrade

from app.base import clock
from app.base.access import Scope
from app.base.database import db, unit_of_work
from app.places.actions import open_desk
from app.places.queries import find_desk
from app.places.vocabulary import areas, programme
from app.staff.actions.accounts import insert_account
from app.staff.actions.signing_in import hash_password
from app.upkeep.bench.queries import BARE
from config import Settings

COUNTRY, DESK, USERNAME, PASSWORD = "HND", "BENCH-01", "bench", "nobody-keeps-this-one"


def prepare(settings: Settings, url: str) -> None:
    """Migrates an empty database and puts a desk, an account and the scratch table there."""
    from app import create_app  # the app itself knows this command

    app = create_app(replace(settings, database_url=url))
    with app.app_context():
        upgrade()
        with unit_of_work():
            _fill()
        db.engine.dispose()


def _fill() -> None:
    session = db.session()
    BARE.create(session.connection())
    desk = {
        "code": DESK,
        "name": DESK,
        "country": COUNTRY,
        "adm1": next(area.pcode for area in areas().values() if area.country == COUNTRY),
        "time_zone": programme()[COUNTRY].time_zone,
        "organisation": "-",
        "modality": "informational",
        "opened_on": date(2020, 1, 1),
        "closed_on": None,
    }
    open_desk(session, None, desk)
    made = find_desk(session, Scope(programme=True), DESK)
    account = {"username": USERNAME, "role": "desk_staff", "locale": "es"}
    hashed = {"password_hash": hash_password(PASSWORD)}
    insert_account(session, {**account, **hashed}, [made.id] if made else [], [])


def a_family() -> dict[str, Any]:
    """A new consultation of three people with two topics."""
    persons = [
        {"sex": "female", "age_band": "age_25_59", "n": 1},
        {"sex": "male", "age_band": "age_5_11", "n": 2},
    ]
    group = {
        "nationality": "HND",
        "situation": "in_transit",
        "repeat_contact": "first_this_year",
        "persons": persons,
    }
    return {
        "id": str(uuid4()),
        "desk": DESK,
        "held_on": clock.today_at(programme()[COUNTRY].time_zone).isoformat(),
        "groups": [group],
        "topics": ["asylum", "health"],
        "outcomes": ["information_given"],
    }
