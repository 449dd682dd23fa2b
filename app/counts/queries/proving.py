"""Compares cells with the rows they are sums of, one desk's month at a time, and links with what they must be."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.consultations.models import Consultation
from app.consultations.vocabulary import LIVE
from app.month import Month, months_between
from app.people.queries.lines import LINES
from app.people.queries.reconciliation import (
    find_desk_months,
    list_previous_months_by_answer,
    stored_aggregates,
    aggregates_from_lines,
)
from app.people.rules.aggregates import ALL_OUTCOMES, AggregateKey, DeskMonth, AggregateDelta
from app.people.rules.reach import PreviousContact, previous_by_answer
from app.places.models import Desk

ROWS = Consultation.__table__
DESKS = Desk.__table__


@dataclass(frozen=True)
class Chunk:
    """One month of some desks of a country: what is compared at a time."""

    month: int
    country: str
    desks: tuple[int, ...]


@dataclass(frozen=True)
class Fault:
    """A figure that does not agree: of which desk, what it is, what the cells hold, what the rows make."""

    desk_id: int
    figure: str
    in_cells: int
    in_rows: int


def list_chunks(session: Session) -> list[Chunk]:
    """Every desk's months from its first consultation to its last, and any other that has cells; in order."""
    countries = {row.id: row.country for row in session.execute(select(DESKS).order_by(DESKS.c.id))}
    found = find_desk_months(session)
    for desk_id in countries:
        mine = ROWS.c.desk_id == desk_id
        first = session.scalar(select(func.min(ROWS.c.held_on)).where(mine))
        last = session.scalar(select(func.max(ROWS.c.held_on)).where(mine))
        if first is not None and last is not None:
            months = months_between(Month.of(first), Month.of(last))
            found |= {(int(month), desk_id) for month in months}
    together: dict[tuple[int, str], list[int]] = {}
    for month, desk_id in sorted(found):
        together.setdefault((month, countries.get(desk_id, "")), []).append(desk_id)
    return [Chunk(*key, tuple(desks)) for key, desks in sorted(together.items())]


def compare(session: Session, chunk: Chunk, outcomes: list[str]) -> tuple[AggregateDelta, AggregateDelta, int]:
    """What the rows of a chunk make, what its cells hold, and how many lines were read; in one snapshot."""
    rows, lines = aggregates_from_lines(session, chunk.month, chunk.desks)
    _add_volumes(session, rows, chunk)
    known = sorted({*outcomes, *(key[0] for key in rows.volumes)})
    return rows, stored_aggregates(session, chunk.month, chunk.desks, known), lines


def _add_volumes(session: Session, sums: AggregateDelta, chunk: Chunk) -> None:
    keys = (ROWS.c.country, ROWS.c.desk_id, ROWS.c.held_on, ROWS.c.outcomes, ROWS.c.is_tally)
    month = Month(chunk.month // 100, chunk.month % 100)
    days = ROWS.c.held_on.between(month.first_day, month.last_day)
    counted = (func.count(), func.sum(ROWS.c.persons), func.max(ROWS.c.received_at))
    live = select(*keys, *counted).where(
        ROWS.c.desk_id.in_(chunk.desks), days, ROWS.c.state == LIVE
    )
    found = session.execute(live.group_by(*keys).order_by(*keys))
    for country, desk_id, day, outcomes, is_tally, n, persons, received_at in found:
        place = DeskMonth(chunk.month, country, desk_id)
        for outcome in (ALL_OUTCOMES, *outcomes):
            sums.add_day((outcome, *place, day), [n, n if is_tally else 0, persons], received_at)


def differences(rows: AggregateDelta, cells: AggregateDelta) -> AggregateDelta:
    """What must be added to the cells so that they hold what the rows make."""
    found = AggregateDelta()
    for ours, theirs, into in _tables(rows, cells, found):
        for key in sorted(ours.keys() | theirs.keys()):
            change = _change(ours.get(key), theirs.get(key))
            if any(change[:3]):
                into[key] = change
    return found


def faults(rows: AggregateDelta, cells: AggregateDelta) -> Iterator[Fault]:
    """Every figure in which cells and rows differ, in the order of their keys."""
    changes = differences(rows, cells)
    for ours, theirs, into in _tables(rows, cells, changes):
        for key, change in into.items():
            place = next(n for n, some in enumerate(change[:3]) if some)
            held = theirs.get(key, [0, 0, 0])[place]
            is_volume = into is changes.volumes
            desk_id, name = key[3 if is_volume else 2], _name(is_volume, key, place)
            yield Fault(desk_id, name, held, ours.get(key, [0, 0, 0])[place])


def _tables(rows: AggregateDelta, cells: AggregateDelta, into: AggregateDelta) -> Iterator[tuple[dict[AggregateKey, Any], ...]]:
    for name in ("reach", "parts", "volumes"):
        yield dict(getattr(rows, name)), dict(getattr(cells, name)), getattr(into, name)


def _change(ours: list[Any] | None, theirs: list[Any] | None) -> list[Any]:
    width = len(ours or theirs or ())
    numbers = min(width, 3)
    mine, held = ours or [0] * numbers, theirs or [0] * numbers
    change = [mine[n] - held[n] for n in range(numbers)]
    return [*change, (ours or theirs or [])[3]] if width > 3 else change


def _name(is_volume: bool, key: AggregateKey, place: int) -> str:
    if is_volume:
        what = ("consultations", "tallies", "persons in consultations")[place]
        return f"{what} of {key[4]}" + (f", {key[0]}" if key[0] != ALL_OUTCOMES else "")
    if isinstance(key[3], int):
        known = "known" if key[5] else "unknown"
        return f"persons whose previous contact was {key[3]} here, {key[4]} anywhere, {known}"
    scope = ("country", "programme")[place]
    return f"persons reached in the {scope}'s figure, {key[3]} {key[4]}"


def wrong_answer(session: Session, chunk: Chunk) -> tuple[int, str] | None:
    """A desk and an answer whose lines without a card hold another previous contact than it says; None where none."""
    month = Month(chunk.month // 100, chunk.month % 100)
    for desk_id, answer, *past in list_previous_months_by_answer(session, chunk.month, chunk.desks):
        in_country, in_programme, known = past
        held = PreviousContact(bool(known), in_country, in_programme)
        if held != previous_by_answer(answer, month):
            return desk_id, str(answer)
    return None


def find_estranged(session: Session, chunk: Chunk) -> int | None:
    """A desk with a line that says something else than its consultation does; None where none has."""
    line, row = LINES.c, ROWS.c
    differs = or_(
        line.desk_id != row.desk_id,
        line.country != row.country,
        line.held_on != row.held_on,
        line.month != row.month,
        line.topics != row.topics,
        line.main_topic != row.main_topic,
        line.qualifying != row.qualifying,
        line.is_void != (row.state != LIVE),
    )
    here = (line.desk_id.in_(chunk.desks), line.month == chunk.month)
    both = select(line.desk_id).join(ROWS, row.id == line.consultation_id).where(*here, differs)
    return session.scalar(both.order_by(line.id).limit(1))
