"""Reads the cells that figures are reckoned from, within the scope of who asks; never a row."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.counts.queries import statements
from app.counts.queries.statements import Shape
from app.counts.rules.people import (
    Cells,
    Parts,
    Placed,
    PlacedNew,
    PlacedVolume,
    Reach,
    Volume,
)
from app.month import Month
from app.people.rules.aggregates import DIMENSIONS
from app.places.queries import DeskRow
from app.web.access import Scope

TREND = 12
MONTH_BEFORE, YEAR_BEFORE = "month", "year"


@dataclass(frozen=True)
class Wanted:
    """Whose figures of which month: a country's, one of its desks', or the programme's (None).

    They are compared with the month before, or with the same month of the year before.
    """

    country: str | None
    desk: DeskRow | None
    month: Month
    year_start: Month
    compared: str = MONTH_BEFORE

    @property
    def before(self) -> Month:
        """The month that this one is compared with."""
        return self.month.plus(-12 if self.compared == YEAR_BEFORE else -1)

    @property
    def window(self) -> tuple[int, int]:
        """The months that a page needs: the reporting year to date, a year's trend, what it is compared with."""
        first = min(self.year_start, self.month.plus(1 - TREND))
        if self.compared == YEAR_BEFORE:
            first = min(first, self.year_start.plus(-12))
        return int(first), int(self.month)

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


def _ask(session: Session, scope: Scope, wanted: Wanted, statement: Callable[[Shape], Any]) -> Any:
    """The rows of a statement, within the scope and of the place that is wanted."""
    shape = Shape(scope.programme, wanted.country is not None, wanted.desk is not None)
    first, last = wanted.window
    said: dict[str, Any] = {"first": first, "month": last, "year_start": int(wanted.year_start)}
    if not scope.programme:
        said |= {"desks": sorted(scope.desks), "countries": sorted(scope.countries)}
    if wanted.desk:
        said["desk_id"] = wanted.desk.id
    elif wanted.country:
        said["country"] = wanted.country
    return session.execute(statement(shape), said)


def get_cells(session: Session, scope: Scope, wanted: Wanted) -> Cells:
    """The sums of the reporting year to date and of twelve months, without attributes."""
    rows = _ask(session, scope, wanted, statements.reaches)
    reaches = tuple(Reach(row[0], row[1], bool(row[2]), row[3]) for row in rows)
    volumes = tuple(Volume(*row) for row in _ask(session, scope, wanted, statements.volumes))
    return Cells(int(wanted.month), int(wanted.year_start), reaches, volumes)


def get_parts(session: Session, scope: Scope, wanted: Wanted) -> Parts:
    """The month's distinct people by attribute and by desk, and its volumes by desk."""
    by: dict[str, dict[str, int]] = {part: {} for part in DIMENSIONS}
    for part, code, people in _ask(session, scope, wanted, statements.parts):
        by[part][code] = people
    return Parts(
        by,
        tuple(Placed(*row) for row in _ask(session, scope, wanted, statements.placed)),
        tuple(PlacedNew(*row) for row in _ask(session, scope, wanted, statements.new)),
        tuple(PlacedVolume(*row) for row in _ask(session, scope, wanted, statements.at_desks)),
    )


def list_days(session: Session, scope: Scope, wanted: Wanted) -> list[DayVolume]:
    """The month day by day, days without a consultation left out."""
    return [DayVolume(*row) for row in _ask(session, scope, wanted, statements.days)]
