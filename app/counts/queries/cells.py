"""Reads the cells that figures are reckoned from, within the scope of who asks."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session

from app.base.access import Scope
from app.base.month import Month
from app.consultations.models import Consultation
from app.consultations.vocabulary import LIVE
from app.counts.rules import Cells, Named, Profile, Reach, Volume
from app.people.models import PersonLine
from app.places.queries import DeskRow

LINES = PersonLine.__table__
CONSULTATIONS = Consultation.__table__
TREND = 12


@dataclass(frozen=True)
class Wanted:
    """Whose figures of which month: a country's, one of its desks', or the programme's (None)."""

    country: str | None
    desk: DeskRow | None
    month: Month
    year_start: Month

    @property
    def window(self) -> tuple[int, int]:
        """The months that a page needs: the reporting year to date and a year's trend."""
        return min(int(self.year_start), int(self.month.plus(1 - TREND))), int(self.month)

    @property
    def name(self) -> str:
        """The desk's code, else the country's, else `programme`: for the trail."""
        return self.desk.code if self.desk else self.country or "programme"


@dataclass(frozen=True)
class Asked:
    """What is wanted, the desks in sight there, and the last month that has begun."""

    wanted: Wanted
    desks: tuple[DeskRow, ...]
    latest: Month


@dataclass(frozen=True)
class DayVolume:
    """One day of a desk: live consultations, tallies among them, people present."""

    day: date
    consultations: int
    tallies: int
    persons: int


def _narrow(chosen: Select[Any], table: Any, scope: Scope, wanted: Wanted) -> Select[Any]:
    if not scope.programme:
        own = table.c.desk_id.in_(scope.desks) | table.c.country.in_(scope.countries)
        chosen = chosen.where(own)
    if wanted.desk:
        return chosen.where(table.c.desk_id == wanted.desk.id)
    return chosen.where(table.c.country == wanted.country) if wanted.country else chosen


def _reaches(wanted: Wanted, *also: Any) -> Select[Any]:
    previous = LINES.c.previous_in_country if wanted.country else LINES.c.previous_in_programme
    keys = (LINES.c.month, previous, LINES.c.known)
    return (
        select(*keys, func.sum(LINES.c.n), *also)
        .where(LINES.c.qualifying, LINES.c.is_void.is_(False))
        .group_by(*keys, *also)
        .order_by(*keys, *also)
    )


def get_cells(session: Session, scope: Scope, wanted: Wanted) -> Cells:
    """The cells of the reporting year to date and of twelve months, without profiles."""
    chosen = _reaches(wanted).where(LINES.c.month.between(*wanted.window))
    rows = session.execute(_narrow(chosen, LINES, scope, wanted))
    reaches = tuple(Reach(*row) for row in rows)
    volumes = tuple(_list_volumes(session, scope, wanted))
    return Cells(int(wanted.month), int(wanted.year_start), reaches, volumes)


def _list_volumes(session: Session, scope: Scope, wanted: Wanted) -> list[Volume]:
    rows = CONSULTATIONS.c
    keys = (rows.country, rows.desk_id, rows.month)
    sums = (*_sums(), func.max(rows.received_at))
    live = select(*keys, *sums).where(rows.state == LIVE, rows.month.between(*wanted.window))
    grouped = live.group_by(*keys).order_by(*keys)
    narrowed = _narrow(grouped, CONSULTATIONS, scope, wanted)
    return [Volume(*row) for row in session.execute(narrowed)]


def _sums() -> tuple[Any, ...]:
    tallies = func.sum(case((CONSULTATIONS.c.is_tally, 1), else_=0))
    return func.count(), tallies, func.sum(CONSULTATIONS.c.persons)


def list_profiles(session: Session, scope: Scope, wanted: Wanted) -> list[Profile]:
    """The month's cells with their profiles."""
    line = LINES.c
    attributes = (line.country, line.desk_id, line.sex, line.age_band)
    more = (line.nationality, line.situation, line.main_topic)
    chosen = _reaches(wanted, *attributes, *more).where(line.month == int(wanted.month))
    rows = session.execute(_narrow(chosen, LINES, scope, wanted))
    return [Profile(*row) for row in rows]


def list_topics(session: Session, scope: Scope, wanted: Wanted) -> list[Named]:
    """The month's cells with all topics of their consultation."""
    chosen = (
        _reaches(wanted, CONSULTATIONS.c.topics)
        .join(CONSULTATIONS, CONSULTATIONS.c.id == LINES.c.consultation_id)
        .where(LINES.c.month == int(wanted.month))
    )
    rows = session.execute(_narrow(chosen, LINES, scope, wanted))
    return [Named(*row) for row in rows]


def list_days(session: Session, scope: Scope, wanted: Wanted) -> list[DayVolume]:
    """The month day by day, days without a consultation left out."""
    rows = CONSULTATIONS.c
    chosen = (
        select(rows.held_on, *_sums())
        .where(rows.state == LIVE, rows.month == int(wanted.month))
        .group_by(rows.held_on)
        .order_by(rows.held_on)
    )
    narrowed = _narrow(chosen, CONSULTATIONS, scope, wanted)
    return [DayVolume(*row) for row in session.execute(narrowed)]
