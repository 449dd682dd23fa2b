"""Fills a temporary database with a number of person lines, over three years and twelve countries."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice

import click
from flask.cli import with_appcontext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import clock
from app.db.session import db, raw_connection, unit_of_work
from app.month import Month, months_between
from app.people.queries.cards import CARDS
from app.people.queries.lines import LINES
from app.places.actions import open_desk
from app.places.queries import list_desks
from app.places.vocabulary import areas, programme
from app.staff.actions.accounts import insert_account
from app.staff.actions.hashing import hash_password
from app.web.access import Scope
from tests.benchmarks import families
from tests.benchmarks.families import DeskPlace, Row, Visit
from tests.benchmarks.server import ROOT
from tests.benchmarks.temp_database import MODULE, PASSWORD

READER = "reader"
DESKS_EACH, MONTHS, BATCH = 3, 36, 2000
CARD = ("id", "year", "digest", "is_replaced")


def fill_with(url: str, lines: int) -> None:
    """Add person lines to a database that temp_database.prepare has filled; the aggregates do not change."""
    command = [sys.executable, "-m", "flask", "--app", MODULE, "fill-scale", str(lines)]
    environment = {**os.environ, "DATABASE_URL": url}
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


@click.command("fill-scale")
@click.argument("lines", type=click.IntRange(1))
@with_appcontext
def fill(lines: int) -> None:
    """Add the person lines inside the app of that database."""
    with unit_of_work():
        _open_desks(db.session())
    today = clock.today_at(programme()["HND"].time_zone)
    last = Month.containing(today).plus(-1)
    months = months_between(last.plus(1 - MONTHS), last)
    with unit_of_work():
        all_desks = list_desks(db.session(), Scope(programme=True))
        desks = [
            DeskPlace(desk.id, desk.country) for desk in all_desks if desk.code.startswith("SCALE")
        ]
        if not families.agrees_with_rule(months, desks):
            raise RuntimeError("the families disagree with the counting rule")
        _write(db.session(), _visits_for(lines, months, desks))


def _open_desks(session: Session) -> None:
    for country, details in programme().items():
        for n in range(DESKS_EACH):
            desk = {
                "code": f"SCALE-{country}-{n}",
                "name": f"{country} {n}",
                "country": country,
                "adm1": next(area.pcode for area in areas().values() if area.country == country),
                "time_zone": details.time_zone,
                "organisation": "-",
                "modality": "informational",
                "opened_on": date(2020, 1, 1),
                "closed_on": None,
            }
            open_desk(session, None, desk)
    account = {"username": READER, "role": "regional", "locale": "es"}
    insert_account(session, {**account, "password_hash": hash_password(PASSWORD)}, [], [])


def _visits_for(
    lines: int, months: list[Month], desks: list[DeskPlace]
) -> Iterator[tuple[int, list[Visit]]]:
    family, written = 0, 0
    while written < lines:
        visits = list(families.visits(family, months, desks))
        written += len(visits) * families.PERSONS
        yield family + 1, visits
        family += 1


def _write(session: Session, family_visits: Iterator[tuple[int, list[Visit]]]) -> None:
    while batch := list(islice(family_visits, BATCH)):
        cards = [(family, 2020, f"{family:064x}", 0) for family, _ in batch]
        visits = [visit for _, of_family in batch for visit in of_family]
        _copy(session, CARDS.name, CARD, cards)
        rows = [visit.consultation for visit in visits]
        _copy(session, "consultation", families.CONSULTATION, rows)
        lines = (line for visit in visits for line in visit.lines)
        _copy(session, LINES.name, families.LINE, lines)


def _copy(session: Session, table: str, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    """Insert rows by the driver's fastest way."""
    raw, names = raw_connection(session), ", ".join(columns)
    if session.get_bind().dialect.name == "postgresql":
        with (
            raw.cursor() as cursor,
            cursor.copy(" ".join(("COPY", table, f"({names}) FROM STDIN"))) as copy,
        ):
            for row in rows:
                copy.write_row(row)
        return
    placeholders = ", ".join("?" * len(columns))
    raw.executemany(" ".join(("INSERT INTO", table, f"({names}) VALUES ({placeholders})")), rows)


def distinct_by_rows(session: Session, first: Month, last: Month) -> int:
    """Return the distinct people of a period, counted from their rows as other systems do, not from aggregates."""
    line = LINES.c
    people = select(line.card_id, line.sex, line.age_band, line.nationality, line.ordinal).where(
        line.month.between(int(first), int(last)), line.qualifying, line.is_void.is_(False)
    )
    return session.scalar(select(func.count()).select_from(people.distinct().subquery())) or 0
