"""A desk's day: its consultations with their people, and the totals."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.base.access import Scope
from app.base.lists import CHILDREN
from app.consultations.queries import list_day
from app.consultations.vocabulary import RESTRICTED_TOPICS, VOID
from app.people.queries import list_lines_of_day
from app.places.queries import DeskRow


@dataclass(frozen=True)
class DayLine:
    """One consultation of the day, as the list shows it; `main_topic` is empty where no list may name it."""

    id: UUID
    received_at: datetime
    author_id: int
    country: str
    time_zone: str
    persons: int
    nationalities: tuple[str, ...]
    main_topic: str
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


def get_day(session: Session, scope: Scope, desk: DeskRow, day: date) -> Day:
    """The day of a desk within the scope."""
    rows = list_day(session, scope, desk.id, day)
    people = list_lines_of_day(session, scope, desk.id, day, day)
    nations: dict[UUID, list[str]] = {}
    for some in people:
        nations.setdefault(some.consultation_id, []).append(some.nationality)
    lines = [
        DayLine(
            row.id,
            row.received_at,
            row.author_id,
            row.country,
            desk.time_zone,
            row.persons,
            tuple(dict.fromkeys(nations.get(row.id, ()))),
            "" if row.main_topic in RESTRICTED_TOPICS else row.main_topic,
            row.is_tally,
            row.state == VOID,
            row.version,
        )
        for row in rows
    ]
    live = [line for line in lines if not line.is_void]
    by_sex: Counter[str] = Counter()
    children = 0
    for some in people:
        if not some.is_void:
            by_sex[some.sex] += some.n
            children += some.n if some.age_band in CHILDREN else 0
    other = by_sex["other"] + by_sex["not_stated"]
    totals = Totals(
        len(live),
        sum(line.is_tally for line in live),
        sum(line.persons for line in live),
        by_sex["female"],
        by_sex["male"],
        other,
        children,
    )
    return Day(desk, day, lines, totals)
