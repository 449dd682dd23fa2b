"""Fills a scratch database with as many person lines as are wanted, over three years and twelve countries."""

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
from tests.benchmarks.families import At, Row, Visit
from tests.benchmarks.server import ROOT
from tests.benchmarks.temp_database import MODULE, PASSWORD

READER = "reader"
DESKS_EACH, MONTHS, BATCH = 3, 36, 2000
CARD = ("id", "year", "digest", "is_replaced")


def fill_with(url: str, lines: int) -> None:
    """Adds that many person lines to a database that scratch.prepare has filled; cells stay as they are."""
    command = [sys.executable, "-m", "flask", "--app", MODULE, "fill-scale", str(lines)]
    wanted = {**os.environ, "DATABASE_URL": url}
    subprocess.run(command, cwd=ROOT, env=wanted, check=True)


@click.command("fill-scale")
@click.argument("lines", type=click.IntRange(1))
@with_appcontext
def fill(lines: int) -> None:
    """The same, inside the app of that database."""
    with unit_of_work():
        _open_places(db.session())
    today = clock.today_at(programme()["HND"].time_zone)
    last = Month.of(today).plus(-1)
    months = months_between(last.plus(1 - MONTHS), last)
    with unit_of_work():
        seen = list_desks(db.session(), Scope(programme=True))
        desks = [At(desk.id, desk.country) for desk in seen if desk.code.startswith("SCALE")]
        if not families.is_as_linked(months, desks):
            raise RuntimeError("the families do not count as the rule says")
        _write(db.session(), _enough(lines, months, desks))


def _open_places(session: Session) -> None:
    for country, known in programme().items():
        for n in range(DESKS_EACH):
            desk = {
                "code": f"SCALE-{country}-{n}",
                "name": f"{country} {n}",
                "country": country,
                "adm1": next(area.pcode for area in areas().values() if area.country == country),
                "time_zone": known.time_zone,
                "organisation": "-",
                "modality": "informational",
                "opened_on": date(2020, 1, 1),
                "closed_on": None,
            }
            open_desk(session, None, desk)
    account = {"username": READER, "role": "regional", "locale": "es"}
    insert_account(session, {**account, "password_hash": hash_password(PASSWORD)}, [], [])


def _enough(lines: int, months: list[Month], desks: list[At]) -> Iterator[tuple[int, list[Visit]]]:
    family, written = 0, 0
    while written < lines:
        told = list(families.visits(family, months, desks))
        written += len(told) * families.PERSONS
        yield family + 1, told
        family += 1


def _write(session: Session, told: Iterator[tuple[int, list[Visit]]]) -> None:
    while batch := list(islice(told, BATCH)):
        cards = [(family, 2020, f"{family:064x}", 0) for family, _ in batch]
        every = [visit for _, some in batch for visit in some]
        _copy(session, CARDS.name, CARD, cards)
        rows = [visit.consultation for visit in every]
        _copy(session, "consultation", families.CONSULTATION, rows)
        lines = (line for visit in every for line in visit.lines)
        _copy(session, LINES.name, families.LINE, lines)


def _copy(session: Session, table: str, columns: tuple[str, ...], rows: Iterable[Row]) -> None:
    """Puts rows in by the driver's quickest way."""
    raw, names = raw_connection(session), ", ".join(columns)
    if session.get_bind().dialect.name == "postgresql":
        with (
            raw.cursor() as cursor,
            cursor.copy(" ".join(("COPY", table, f"({names}) FROM STDIN"))) as copy,
        ):
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(columns))
    raw.executemany(" ".join(("INSERT INTO", table, f"({names}) VALUES ({marks})")), rows)


def distinct_by_rows(session: Session, first: Month, last: Month) -> int:
    """Distinct people of a period by their rows, as other systems count: the figure that cells give at once."""
    line = LINES.c
    people = select(line.card_id, line.sex, line.age_band, line.nationality, line.ordinal).where(
        line.month.between(int(first), int(last)), line.qualifying, line.is_void.is_(False)
    )
    return session.scalar(select(func.count()).select_from(people.distinct().subquery())) or 0
