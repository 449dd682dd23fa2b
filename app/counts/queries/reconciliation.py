"""Compares aggregates with the rows they are sums of, one month of some desks at a time, and links with the answers."""

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
    aggregates_from_lines,
    find_desk_months,
    list_previous_months_by_answer,
    stored_aggregates,
)
from app.people.rules.aggregates import ALL_OUTCOMES, AggregateDelta, AggregateKey, DeskMonth
from app.people.rules.reach import PreviousContact, previous_by_answer
from app.places.models import Desk

CONSULTATIONS = Consultation.__table__
DESKS = Desk.__table__


@dataclass(frozen=True)
class Chunk:
    """One month (yyyymm) of some desks of a country: the unit that is compared in one snapshot."""

    month: int
    country: str
    desks: tuple[int, ...]


@dataclass(frozen=True)
class Mismatch:
    """A figure of a desk that differs: its name, its value in the aggregates and the sum of the rows."""

    desk_id: int
    figure: str
    in_aggregates: int
    in_rows: int


def list_chunks(session: Session) -> list[Chunk]:
    """Return every desk's months from its first consultation to its last, and any other with aggregates; in order."""
    countries = {row.id: row.country for row in session.execute(select(DESKS).order_by(DESKS.c.id))}
    desk_months = find_desk_months(session)
    for desk_id in countries:
        of_desk = CONSULTATIONS.c.desk_id == desk_id
        first = session.scalar(select(func.min(CONSULTATIONS.c.held_on)).where(of_desk))
        last = session.scalar(select(func.max(CONSULTATIONS.c.held_on)).where(of_desk))
        if first is not None and last is not None:
            months = months_between(Month.containing(first), Month.containing(last))
            desk_months |= {(int(month), desk_id) for month in months}
    desks_by_month: dict[tuple[int, str], list[int]] = {}
    for month, desk_id in sorted(desk_months):
        desks_by_month.setdefault((month, countries.get(desk_id, "")), []).append(desk_id)
    return [Chunk(*key, tuple(desks)) for key, desks in sorted(desks_by_month.items())]


def compare(
    session: Session, chunk: Chunk, outcomes: list[str]
) -> tuple[AggregateDelta, AggregateDelta, int]:
    """Return the sums of a chunk's rows, its stored aggregates, and the number of lines read; in one snapshot."""
    rows, lines = aggregates_from_lines(session, chunk.month, chunk.desks)
    _add_volumes(session, rows, chunk)
    all_outcomes = sorted({*outcomes, *(key[0] for key in rows.volumes)})
    return rows, stored_aggregates(session, chunk.month, chunk.desks, all_outcomes), lines


def _add_volumes(session: Session, sums: AggregateDelta, chunk: Chunk) -> None:
    columns = CONSULTATIONS.c
    keys = (columns.country, columns.desk_id, columns.held_on, columns.outcomes, columns.is_tally)
    month = Month(chunk.month // 100, chunk.month % 100)
    counts = (func.count(), func.sum(columns.persons), func.max(columns.received_at))
    live = select(*keys, *counts).where(
        columns.desk_id.in_(chunk.desks),
        columns.held_on.between(month.first_day, month.last_day),
        columns.state == LIVE,
    )
    groups = session.execute(live.group_by(*keys).order_by(*keys))
    for country, desk_id, day, outcomes, is_tally, n, persons, received_at in groups:
        place = DeskMonth(chunk.month, country, desk_id)
        for outcome in (ALL_OUTCOMES, *outcomes):
            sums.add_day((outcome, *place, day), [n, n if is_tally else 0, persons], received_at)


def differences(rows: AggregateDelta, stored: AggregateDelta) -> AggregateDelta:
    """Return what must be added to the stored aggregates so that they equal the sums of the rows."""
    delta = AggregateDelta()
    for in_rows, in_aggregates, changes in _tables(rows, stored, delta):
        for key in sorted(in_rows.keys() | in_aggregates.keys()):
            change = _change(in_rows.get(key), in_aggregates.get(key))
            if any(change[:3]):
                changes[key] = change
    return delta


def mismatches(rows: AggregateDelta, stored: AggregateDelta) -> Iterator[Mismatch]:
    """Yield every figure in which aggregates and rows differ, in the order of their keys."""
    delta = differences(rows, stored)
    for in_rows, in_aggregates, changes in _tables(rows, stored, delta):
        is_volume = changes is delta.volumes
        for key, change in changes.items():
            position = next(n for n, difference in enumerate(change[:3]) if difference)
            desk_id, name = key[3 if is_volume else 2], _figure_name(is_volume, key, position)
            stored_value = in_aggregates.get(key, [0, 0, 0])[position]
            yield Mismatch(desk_id, name, stored_value, in_rows.get(key, [0, 0, 0])[position])


def _tables(
    rows: AggregateDelta, stored: AggregateDelta, delta: AggregateDelta
) -> Iterator[tuple[dict[AggregateKey, Any], ...]]:
    yield dict(rows.reach), dict(stored.reach), delta.reach
    yield dict(rows.breakdowns), dict(stored.breakdowns), delta.breakdowns
    yield dict(rows.volumes), dict(stored.volumes), delta.volumes


def _change(in_rows: list[Any] | None, in_aggregates: list[Any] | None) -> list[Any]:
    width = len(in_rows or in_aggregates or ())
    numbers = min(width, 3)
    ours, theirs = in_rows or [0] * numbers, in_aggregates or [0] * numbers
    change = [ours[n] - theirs[n] for n in range(numbers)]
    return [*change, (in_rows or in_aggregates or [])[3]] if width > 3 else change


def _figure_name(is_volume: bool, key: AggregateKey, position: int) -> str:
    if is_volume:
        volume = ("consultations", "tallies", "persons in consultations")[position]
        return f"{volume} of {key[4]}" + (f", {key[0]}" if key[0] != ALL_OUTCOMES else "")
    if isinstance(key[3], int):
        certainty = "known" if key[5] else "unknown"
        return f"persons whose previous contact was {key[3]} here, {key[4]} anywhere, {certainty}"
    scope = ("country", "programme")[position]
    return f"persons reached in the {scope}'s figure, {key[3]} {key[4]}"


def find_wrong_answer(session: Session, chunk: Chunk) -> tuple[int, str] | None:
    """Return a desk and an answer whose lines without a card have another previous contact than it states, or None."""
    month = Month(chunk.month // 100, chunk.month % 100)
    for desk_id, answer, *previous in list_previous_months_by_answer(
        session, chunk.month, chunk.desks
    ):
        in_country, in_programme, is_known = previous
        stored = PreviousContact(bool(is_known), in_country, in_programme)
        if stored != previous_by_answer(answer, month):
            return desk_id, str(answer)
    return None


def find_inconsistent_desk(session: Session, chunk: Chunk) -> int | None:
    """Return a desk with a line that differs from its consultation in what both hold; None if none does."""
    line, row = LINES.c, CONSULTATIONS.c
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
    of_chunk = (line.desk_id.in_(chunk.desks), line.month == chunk.month)
    lines = select(line.desk_id).join(CONSULTATIONS, row.id == line.consultation_id)
    return session.scalar(lines.where(*of_chunk, differs).order_by(line.id).limit(1))
