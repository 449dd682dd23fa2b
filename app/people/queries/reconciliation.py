"""Reads a month of some desks from person lines and from aggregates in the same shape, for comparison."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.session import AnyRow
from app.people.models.aggregates import BreakdownAggregate, ReachAggregate, VolumeAggregate
from app.people.queries.cards import CARDS
from app.people.queries.lines import LINES
from app.people.rules.aggregates import AggregateDelta, DeskMonth, PreviousMonths

REACH, BREAKDOWNS, VOLUMES = (
    model.__table__ for model in (ReachAggregate, BreakdownAggregate, VolumeAggregate)
)
LINE = LINES.c
PREVIOUS_MONTHS = (LINE.previous_in_country, LINE.previous_in_programme, LINE.is_known)
CODE_COLUMNS: dict[str, Any] = {
    "sex_age": LINE.sex + "." + LINE.age_band,
    "nationality": LINE.nationality,
    "situation": LINE.situation,
    "main_topic": LINE.main_topic,
    "topic_any": LINE.topics,
}


def list_outcomes(session: Session) -> list[str]:
    """Return every outcome that has a volume aggregate, the empty one of all consultations first."""
    query = select(VOLUMES.c.outcome).distinct().order_by(VOLUMES.c.outcome)
    return list(session.scalars(query))


def find_desk_months(session: Session) -> set[tuple[int, int]]:
    """Return the pairs of month and desk id that have aggregates."""
    desk_months: set[tuple[int, int]] = set()
    for table in (REACH, BREAKDOWNS, VOLUMES):
        key = (table.c.month, table.c.desk_id)
        desk_months.update((row[0], row[1]) for row in session.execute(select(*key).distinct()))
    return desk_months


def aggregates_from_lines(
    session: Session, month: int, desks: Collection[int]
) -> tuple[AggregateDelta, int]:
    """Return the aggregates of people computed from the lines of desks in a month, and the number of lines."""
    expected, is_here = AggregateDelta(), (LINE.desk_id.in_(desks), LINE.month == month)
    keys = (LINE.country, LINE.desk_id, *PREVIOUS_MONTHS)
    for country, desk_id, *previous, n in _grouped(session, is_here, keys):
        expected.add_people(DeskMonth(month, country, desk_id), PreviousMonths(*previous), n)
    for dimension, column in CODE_COLUMNS.items():
        for country, desk_id, *previous, value, n in _grouped(session, is_here, (*keys, column)):
            desk_month = DeskMonth(month, country, desk_id)
            for code in value if dimension == "topic_any" else (value,):
                pair = (dimension, code)
                expected.add_breakdown(desk_month, PreviousMonths(*previous), pair, n)
    lines = session.scalar(select(func.count()).select_from(LINES).where(*is_here))
    return expected, lines or 0


def _grouped(session: Session, is_here: tuple[Any, ...], keys: tuple[Any, ...]) -> list[Any]:
    query = select(*keys, func.sum(LINE.n)).where(
        *is_here, LINE.qualifying, LINE.is_void.is_(False)
    )
    return list(session.execute(query.group_by(*keys).order_by(*keys)))


def stored_aggregates(
    session: Session, month: int, desks: Collection[int], outcomes: Collection[str]
) -> AggregateDelta:
    """Return the stored aggregates of desks in a month, including rows of 0."""
    stored = AggregateDelta()
    for table, values in ((REACH, stored.reach), (BREAKDOWNS, stored.breakdowns)):
        for row in _rows(session, table, month, desks):
            _put(values, table, row)
    for row in _rows(session, VOLUMES, month, desks, VOLUMES.c.outcome.in_(outcomes)):
        _put(stored.volumes, VOLUMES, row)
    return stored


def _rows(
    session: Session, table: Any, month: int, desks: Collection[int], *conditions: Any
) -> list[Any]:
    query = select(table).where(table.c.month == month, table.c.desk_id.in_(desks), *conditions)
    return list(session.execute(query.order_by(*table.primary_key)))


def _put(values: dict[Any, Any], table: Any, row: Any) -> None:
    n_keys = len(table.primary_key)
    values[tuple(row[:n_keys])] = list(row[n_keys:])


def list_previous_months_by_answer(
    session: Session, month: int, desks: Collection[int]
) -> list[AnyRow]:
    """Return each distinct desk id, answer and previous contacts of counting lines without a card in a month."""
    keys = (LINE.desk_id, LINE.repeat_contact, *PREVIOUS_MONTHS)
    query = select(*keys).where(LINE.desk_id.in_(desks), LINE.month == month)
    counting = query.where(LINE.card_id.is_(None), LINE.qualifying, LINE.is_void.is_(False))
    return list(session.execute(counting.distinct().order_by(*keys)))


def list_card_groups_after(session: Session, root_id: int, most: int) -> Sequence[int]:
    """Return the ids of the next root cards after one, at most `most`, in order."""
    query = select(CARDS.c.id).where(CARDS.c.id > root_id, CARDS.c.root_id.is_(None))
    return session.scalars(query.order_by(CARDS.c.id).limit(most)).all()
