"""A desk's day: its consultations with their people, and the totals."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.base.access import Scope
from app.base.database import Record
from app.base.lists import CHILDREN
from app.base.month import Month
from app.cases.rules import came_before
from app.consultations.queries import list_day
from app.consultations.vocabulary import RESTRICTED_TOPICS, VOID
from app.people.queries.lines import list_lines_of_day
from app.people.rules.previous import NEVER
from app.places.queries import DeskRow


@dataclass(frozen=True)
class DayLine:
    """One consultation of the day, as the list shows it; `main_topic` is empty where no list may name it.

    `came_before` is a code of REPEAT_CONTACTS: its people's latest return in this country; empty where none is known.
    """

    id: UUID
    received_at: datetime
    author_id: int
    country: str
    time_zone: str
    persons: int
    nationalities: tuple[str, ...]
    main_topic: str
    came_before: str
    has_card: bool
    is_tally: bool
    is_void: bool
    version: int


@dataclass(frozen=True)
class Totals:
    """The day's live consultations and the people in them; `other` is neither women nor men."""

    consultations: int
    tallies: int
    persons: int
    female: int
    male: int
    other: int
    children: int


@dataclass(frozen=True)
class Day:
    """A desk's day: lines, the last received first, and totals."""

    desk: DeskRow
    day: date
    lines: list[DayLine]
    totals: Totals


def get_day(session: Session, scope: Scope, desk: DeskRow, day: date, year_start: Month) -> Day:
    """The day of a desk within the scope; `year_start` is the first month of the reporting year that it lies in."""
    rows = list_day(session, scope, desk.id, day)
    people = list_lines_of_day(session, scope, desk.id, day, day)
    of_each: dict[UUID, list[Record]] = {}
    for some in people:
        of_each.setdefault(some.consultation_id, []).append(some)
    period = Month.of(day), year_start
    lines = [_line(desk, row, of_each.get(row.id, []), period) for row in rows]
    return Day(desk, day, lines, _totals(lines, people))


def _line(desk: DeskRow, row: Record, people: list[Record], period: tuple[Month, Month]) -> DayLine:
    previous = max((some.previous_in_country for some in people), default=NEVER)
    return DayLine(
        row.id,
        row.received_at,
        row.author_id,
        row.country,
        desk.time_zone,
        row.persons,
        tuple(dict.fromkeys(some.nationality for some in people)),
        "" if row.main_topic in RESTRICTED_TOPICS else row.main_topic,
        came_before(previous, *period),
        any(some.card_id is not None for some in people),
        row.is_tally,
        row.state == VOID,
        row.version,
    )


def _totals(lines: list[DayLine], people: Sequence[Record]) -> Totals:
    live = [line for line in lines if not line.is_void]
    by_sex: Counter[str] = Counter()
    children = 0
    for some in people:
        if not some.is_void:
            by_sex[some.sex] += some.n
            children += some.n if some.age_band in CHILDREN else 0
    return Totals(
        len(live),
        sum(line.is_tally for line in live),
        sum(line.persons for line in live),
        by_sex["female"],
        by_sex["male"],
        by_sex["other"] + by_sex["not_stated"],
        children,
    )
