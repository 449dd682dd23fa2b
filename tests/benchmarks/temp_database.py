"""A temporary database with one desk and one account, and the consultations that are sent."""

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
from tests.benchmarks.queries import BASELINE
from tests.benchmarks.server import ROOT

MODULE = "tests.benchmarks.baseline_app:application"
COUNTRY, DESK, USERNAME, PASSWORD = "HND", "BENCH-01", "bench", "nobody-keeps-this-one"


def temp_sqlite(folder: Path, name: str) -> str:
    """Return the URL of a SQLite file that does not exist yet."""
    return f"sqlite:///{folder / name}.sqlite"


def temp_postgresql(server: str, name: str) -> str:
    """Return the URL of a new, empty database of a PostgreSQL server."""
    engine = create_engine(server.rstrip("/") + "/postgres", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE bench_{name}"))
    engine.dispose()
    return f"{server.rstrip('/')}/bench_{name}"


def prepare(url: str) -> None:
    """Migrate an empty database and add a desk, an account and the benchmark's table."""
    command = [sys.executable, "-m", "flask", "--app", MODULE, "fill-database"]
    environment = {**os.environ, "DATABASE_URL": url}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def fill() -> None:
    """Migrate and fill the database inside its app."""
    upgrade()
    with unit_of_work():
        _fill()


def _fill() -> None:
    session = db.session()
    BASELINE.create(session.connection())
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
    bench_desk = find_desk(session, Scope(programme=True), DESK)
    account = {"username": USERNAME, "role": "desk_staff", "locale": "es"}
    hashed = {"password_hash": hash_password(PASSWORD)}
    insert_account(session, {**account, **hashed}, [bench_desk.id] if bench_desk else [], [])


def a_family() -> dict[str, Any]:
    """Return a new consultation of three people with two topics."""
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
