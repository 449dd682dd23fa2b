"""Writes the demo programme in batches, row by row as the intake would have written it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.audit.actions import note
from app.base import clock
from app.base.access import Scope
from app.base.month import Month
from app.consultations.actions.recording import columns_of, contact_of, people_of
from app.consultations.queries import ROWS, VERSIONS
from app.consultations.rules.content import canonical, digest
from app.consultations.vocabulary import LIVE, VOID
from app.people.actions import as_lines
from app.people.queries import LINES
from app.places.actions import open_desk
from app.places.queries import DeskRow, list_desks
from app.places.vocabulary import programme
from app.staff.actions.accounts import insert_account
from app.staff.actions.signing_in import hash_password
from app.upkeep.demo.consultations import DeskStory, Telling
from app.upkeep.demo.days import share_out
from app.upkeep.demo.mixes import chance_of
from app.upkeep.demo.people import Pool
from app.upkeep.demo.places import DemoDesk, Period, demo_desks

PASSWORD = "ventanilla-demo"  # noqa: S105 - published on purpose; production refuses demo accounts
BATCH = 1000


@dataclass(frozen=True)
class Wish:
    """What is asked of the demo: the seed, how many months up to now, how many consultations."""

    seed: int
    months: int
    consultations: int


@dataclass(frozen=True)
class Crew:
    """Account ids: who records at each desk (by its code), who supervises each country."""

    at_desk: dict[str, int]
    supervisors: dict[str, int]


def build(session: Session, wish: Wish, done: Callable[[int], None]) -> int:
    """Writes the programme into a database without desks; how many desks. `done` hears progress."""
    period = _period(wish.months)
    plans = demo_desks(period)
    for plan in plans:
        wrong = open_desk(session, None, plan.fields)
        if wrong:
            raise ValueError(f"{plan.code}: {wrong[0].field} {wrong[0].code}")
    desks = {desk.code: desk for desk in list_desks(session, Scope(programme=True))}
    crew = _hire(session, plans, desks)
    batch = Batch(session)
    for desk, telling in tell(wish, plans, desks, period):
        batch.add(telling, desk, crew)
        if len(batch.rows) >= BATCH:
            done(batch.write())
    done(batch.write())
    note(None, "demo_built", f"demo:{wish.seed}")
    return len(desks)


def _period(months: int) -> Period:
    today = min(clock.today_at(country.time_zone) for country in programme().values())
    return Period(Month.of(today).plus(1 - months).first_day, today)


def tell(
    wish: Wish, plans: list[DemoDesk], desks: dict[str, DeskRow], period: Period
) -> Iterator[tuple[DeskRow, Telling]]:
    """Every consultation of the demo with its desk; memory holds only who may come again."""
    story, code, now = None, "", clock.now()
    for plan, day, many in share_out(wish.seed, wish.consultations, plans, period):
        if story is None or plan.code != code:
            code, story = plan.code, _story(wish.seed, desks[plan.code], now)
        for telling in story.tell(day, many):
            yield desks[code], telling


def _story(seed: int, desk: DeskRow, now: datetime) -> DeskStory:
    chance = chance_of(seed, desk.code)
    start = current_app.config["SETTINGS"].reporting_year_start
    return DeskStory(desk, now, Pool(desk.country, start, chance), chance)


def _hire(session: Session, plans: list[DemoDesk], desks: dict[str, DeskRow]) -> Crew:
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


class Batch:
    """Rows that are written together."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.rows: list[dict[str, Any]] = []
        self.lines: list[dict[str, Any]] = []
        self.versions: list[dict[str, Any]] = []

    def add(self, telling: Telling, desk: DeskRow, crew: Crew) -> None:
        """Takes up the rows of one consultation."""
        row = _row(telling, desk, crew)
        self.rows.append(row)
        lines = as_lines(contact_of(telling.content, desk), people_of(telling.content))
        for line in lines:
            line["is_void"] = telling.is_void
        self.lines += lines
        if telling.changed_at is not None:
            self.versions.append(_first_version(telling, row))

    def write(self) -> int:
        """Writes what was taken up; answers how many consultations."""
        written = len(self.rows)
        for table, rows in ((ROWS, self.rows), (LINES, self.lines), (VERSIONS, self.versions)):
            if rows:
                self.session.execute(insert(table), rows)
            rows.clear()
        return written


def _row(telling: Telling, desk: DeskRow, crew: Crew) -> dict[str, Any]:
    author = crew.at_desk[desk.code]
    changer = crew.supervisors[desk.country] if telling.by_supervisor else author
    return columns_of(telling.content, desk) | {
        **telling.telemetry,
        "id": UUID(telling.content.id),
        "state": VOID if telling.is_void else LIVE,
        "version": 1 if telling.changed_at is None else 2,
        "arrival_digest": digest(telling.before or telling.content),
        "author_id": author,
        "received_at": telling.received_at,
        "changed_by": changer,
        "changed_at": telling.changed_at or telling.received_at,
        "reason": telling.reason,
    }


def _first_version(telling: Telling, row: dict[str, Any]) -> dict[str, Any]:
    return {
        "consultation_id": row["id"],
        "version": 1,
        "state": LIVE,
        "reason": None,
        "changed_by": row["author_id"],
        "changed_at": telling.received_at,
        "content": canonical(telling.before or telling.content),
    }
