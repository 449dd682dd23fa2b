"""Reads a month of some desks from person lines and from cells, in the same shape, so that they can be compared."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.db.session import Record
from app.people.models.aggregates import BreakdownAggregate, ReachAggregate, VolumeAggregate
from app.people.queries.cards import CARDS
from app.people.queries.lines import LINES
from app.people.rules.aggregates import AggregateDelta, DeskMonth, PreviousMonths

REACH, PARTS, VOLUMES = (
    some.__table__ for some in (ReachAggregate, BreakdownAggregate, VolumeAggregate)
)
LINE = LINES.c
PAST = (LINE.previous_in_country, LINE.previous_in_programme, LINE.known)
ATTRIBUTES: dict[str, Any] = {
    "sex_age": LINE.sex + "." + LINE.age_band,
    "nationality": LINE.nationality,
    "situation": LINE.situation,
    "main_topic": LINE.main_topic,
    "topic_any": LINE.topics,
}


def list_outcomes(session: Session) -> list[str]:
    """Every outcome that has a volume cell, the empty one of all consultations first."""
    wanted = select(VOLUMES.c.outcome).distinct().order_by(VOLUMES.c.outcome)
    return list(session.scalars(wanted))


def find_desk_months(session: Session) -> set[tuple[int, int]]:
    """Pairs of month and desk that have cells."""
    found: set[tuple[int, int]] = set()
    for table in (REACH, PARTS, VOLUMES):
        key = (table.c.month, table.c.desk_id)
        found.update((row[0], row[1]) for row in session.execute(select(*key).distinct()))
    return found


def aggregates_from_lines(
    session: Session, month: int, desks: Collection[int]
) -> tuple[AggregateDelta, int]:
    """What the cells of people must hold by the lines of desks in a month; and how many lines there are."""
    sums, here = AggregateDelta(), (LINE.desk_id.in_(desks), LINE.month == month)
    keys = (LINE.country, LINE.desk_id, *PAST)
    for country, desk_id, *past, n in _grouped(session, here, keys):
        sums.add_people(DeskMonth(month, country, desk_id), PreviousMonths(*past), n)
    for part, column in ATTRIBUTES.items():
        for country, desk_id, *past, code, n in _grouped(session, here, (*keys, column)):
            for one in code if part == "topic_any" else (code,):
                sums.add_breakdown(
                    DeskMonth(month, country, desk_id), PreviousMonths(*past), (part, one), n
                )
    lines = session.scalar(select(func.count()).select_from(LINES).where(*here))
    return sums, lines or 0


def _grouped(session: Session, here: tuple[Any, ...], keys: tuple[Any, ...]) -> list[Any]:
    counting = select(*keys, func.sum(LINE.n)).where(
        *here, LINE.qualifying, LINE.is_void.is_(False)
    )
    return list(session.execute(counting.group_by(*keys).order_by(*keys)))


def stored_aggregates(
    session: Session, month: int, desks: Collection[int], outcomes: Collection[str]
) -> AggregateDelta:
    """What the cells of desks in a month hold; cells of 0 as well."""
    sums = AggregateDelta()
    for table, into in ((REACH, sums.reach), (PARTS, sums.breakdowns)):
        for row in _cells(session, table, month, desks):
            _take_up(into, table, row)
    for row in _cells(session, VOLUMES, month, desks, VOLUMES.c.outcome.in_(outcomes)):
        _take_up(sums.volumes, VOLUMES, row)
    return sums


def _cells(
    session: Session, table: Any, month: int, desks: Collection[int], *also: Any
) -> list[Any]:
    wanted = select(table).where(table.c.month == month, table.c.desk_id.in_(desks), *also)
    return list(session.execute(wanted.order_by(*table.primary_key)))


def _take_up(into: dict[Any, Any], table: Any, row: Any) -> None:
    keys = len(table.primary_key)
    into[tuple(row[:keys])] = list(row[keys:])


def list_previous_months_by_answer(
    session: Session, month: int, desks: Collection[int]
) -> list[Record]:
    """Desk, answer and past that counting lines without a card have at desks in a month, each once."""
    keys = (LINE.desk_id, LINE.repeat_contact, *PAST)
    wanted = select(*keys).where(LINE.desk_id.in_(desks), LINE.month == month)
    counting = wanted.where(LINE.card_id.is_(None), LINE.qualifying, LINE.is_void.is_(False))
    return list(session.execute(counting.distinct().order_by(*keys)))


def list_card_groups_after(session: Session, root_id: int, most: int) -> Sequence[int]:
    """The next cards that stand for people, in the order of their ids."""
    wanted = select(CARDS.c.id).where(CARDS.c.id > root_id, CARDS.c.root_id.is_(None))
    return session.scalars(wanted.order_by(CARDS.c.id).limit(most)).all()
