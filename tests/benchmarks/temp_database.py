"""A scratch database with one desk and one account, and the consultations that are sent."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

from flask_migrate import upgrade
from sqlalchemy import create_engine, text

from app import clock
from app.db.session import db, unit_of_work
from app.places.actions import open_desk
from app.places.queries import find_desk
from app.places.vocabulary import areas, programme
from app.staff.actions.accounts import insert_account
from app.staff.actions.hashing import hash_password
from app.web.access import Scope
from tests.benchmarks.queries import BARE
from tests.benchmarks.server import ROOT

MODULE = "tests.benchmarks.baseline_app:application"
COUNTRY, DESK, USERNAME, PASSWORD = "HND", "BENCH-01", "bench", "nobody-keeps-this-one"


def scratch_sqlite(folder: Path, name: str) -> str:
    """The address of a SQLite file that is not there yet."""
    return f"sqlite:///{folder / name}.sqlite"


def scratch_postgresql(server: str, name: str) -> str:
    """The address of a new, empty database of a PostgreSQL server."""
    engine = create_engine(server.rstrip("/") + "/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE bench_{name}"))
    engine.dispose()
    return f"{server.rstrip('/')}/bench_{name}"


def prepare(url: str) -> None:
    """Migrates an empty database and puts a desk, an account and the scratch table there."""
    filling = [sys.executable, "-m", "flask", "--app", MODULE, "fill-scratch"]
    wanted = {**os.environ, "DATABASE_URL": url}
    subprocess.run(filling, cwd=ROOT, env=wanted, check=True)


def fill() -> None:
    """The same, inside the app of that database."""
    upgrade()
    with unit_of_work():
        _fill()


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
