"""Reads the aggregates of people and consultations in the account's scope; never a personal row."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session

from app.codelists.shared_codelists import CHILDREN, SEXES
from app.counts.queries.statement_params import (
    FIRST,
    MONTH,
    YEAR_START,
    FigureQuery,
    QueryShape,
    StatementRunner,
    narrow,
    statement_runner,
)
from app.counts.rules.people import MonthVolume, PeopleAggregates, ReachCount
from app.people.models.aggregates import BreakdownAggregate, ReachAggregate, VolumeAggregate
from app.people.rules.aggregates import ALL_OUTCOMES, DIMENSIONS
from app.people.rules.reach import NEVER
from app.web.access import Scope

REACH, BREAKDOWN, VOLUME = (
    model.__table__ for model in (ReachAggregate, BreakdownAggregate, VolumeAggregate)
)
CHILDREN_CODES = tuple(f"{sex}.{band}" for sex in SEXES.codes for band in sorted(CHILDREN))


@dataclass(frozen=True)
class PeopleByDesk:
    """The distinct people of the month at one desk of a country, women and children among them."""

    country: str
    desk_id: int
    reached: int
    women: int
    children: int


@dataclass(frozen=True)
class NewPeopleByDesk:
    """The people of the month at one desk whose first contact of the reporting year it was."""

    country: str
    desk_id: int
    new: int


@dataclass(frozen=True)
class ConsultationsByDesk:
    """The live consultations of one desk in the month, and when the last one was received."""

    country: str
    desk_id: int
    consultations: int
    last_received_at: datetime


@dataclass(frozen=True)
class Breakdowns:
    """A month's people who count by attribute, and its people and consultations by desk.

    `by` holds one mapping of code to people for each of people.rules.aggregates.DIMENSIONS.
    """

    by: dict[str, dict[str, int]]
    people: tuple[PeopleByDesk, ...]
    new_people: tuple[NewPeopleByDesk, ...]
    consultations: tuple[ConsultationsByDesk, ...]


@dataclass(frozen=True)
class DayVolume:
    """One day of a desk: live consultations, tallies among them, persons present."""

    day: date
    consultations: int
    tallies: int
    persons: int


def get_people_aggregates(runner: StatementRunner, query: FigureQuery) -> PeopleAggregates:
    """Return the sums of the reporting year to date and of twelve months, without attributes."""
    reach = tuple(
        ReachCount(month, previous, bool(is_known), n)
        for month, previous, is_known, n in runner.rows(_reach)
    )
    volumes = tuple(MonthVolume(*row) for row in runner.rows(_volumes))
    return PeopleAggregates(int(query.month), int(query.year_start), reach, volumes)


def get_breakdowns(runner: StatementRunner) -> Breakdowns:
    """Return the month's distinct people by attribute and by desk, and its consultations by desk."""
    by: dict[str, dict[str, int]] = {dimension: {} for dimension in DIMENSIONS}
    for dimension, code, people in runner.rows(_breakdowns):
        by[dimension][code] = people
    return Breakdowns(
        by,
        tuple(PeopleByDesk(*row) for row in runner.rows(_people_by_desk)),
        tuple(NewPeopleByDesk(*row) for row in runner.rows(_new_people_by_desk)),
        tuple(ConsultationsByDesk(*row) for row in runner.rows(_consultations_by_desk)),
    )


def list_days(session: Session, scope: Scope, query: FigureQuery) -> list[DayVolume]:
    """Return the month day by day, days without a consultation left out."""
    runner = statement_runner(session, scope, query)
    return [DayVolume(*row) for row in runner.rows(_days)]


# Statements, built once for each shape of query: building costs more than most results.


@cache
def _reach(shape: QueryShape) -> Select[Any]:
    """Select people by month, previous month and whether it is known, from month `first` to `month`."""
    keys = (REACH.c.month, *_previous(shape))
    statement = select(*keys, func.sum(REACH.c.n)).where(REACH.c.month.between(FIRST, MONTH))
    return narrow(statement.group_by(*keys).order_by(*keys), REACH, shape)


@cache
def _volumes(shape: QueryShape) -> Select[Any]:
    """Select consultations, tallies and persons by month."""
    month = VOLUME.c.month
    statement = select(month, *_volume_sums()).where(VOLUME.c.outcome == ALL_OUTCOMES)
    window = statement.where(month.between(FIRST, MONTH)).group_by(month).order_by(month)
    return narrow(window, VOLUME, shape)


@cache
def _consultations_by_desk(shape: QueryShape) -> Select[Any]:
    """Select the month's consultations by country and desk, and the last receipt."""
    keys, n = (VOLUME.c.country, VOLUME.c.desk_id), func.sum(VOLUME.c.consultations)
    statement = select(*keys, n, func.max(VOLUME.c.last_received_at))
    month = statement.where(VOLUME.c.outcome == ALL_OUTCOMES, VOLUME.c.month == MONTH)
    return narrow(month.group_by(*keys).having(n > 0).order_by(*keys), VOLUME, shape)


@cache
def _days(shape: QueryShape) -> Select[Any]:
    """Select consultations, tallies and persons by day of the month."""
    day = VOLUME.c.held_on
    statement = select(day, *_volume_sums()).where(VOLUME.c.outcome == ALL_OUTCOMES)
    month = statement.where(VOLUME.c.month == MONTH)
    grouped = month.group_by(day).having(func.sum(VOLUME.c.consultations) > 0).order_by(day)
    return narrow(grouped, VOLUME, shape)


@cache
def _breakdowns(shape: QueryShape) -> Select[Any]:
    """Select the month's distinct people by dimension and code."""
    keys, n = (BREAKDOWN.c.dimension, BREAKDOWN.c.code), func.sum(_people(shape))
    statement = select(*keys, n).where(BREAKDOWN.c.month == MONTH).group_by(*keys)
    return narrow(statement.having(n > 0).order_by(*keys), BREAKDOWN, shape)


@cache
def _people_by_desk(shape: QueryShape) -> Select[Any]:
    """Select the month's distinct people by country and desk: all, women, children."""
    keys, n = (BREAKDOWN.c.country, BREAKDOWN.c.desk_id), _people(shape)
    code = BREAKDOWN.c.code
    women = case((code.like("female.%"), n), else_=0)
    children = case((code.in_(CHILDREN_CODES), n), else_=0)
    sums = (func.sum(people) for people in (n, women, children))
    month = (BREAKDOWN.c.month == MONTH, BREAKDOWN.c.dimension == "sex_age")
    statement = select(*keys, *sums).where(*month)
    return narrow(statement.group_by(*keys).order_by(*keys), BREAKDOWN, shape)


@cache
def _new_people_by_desk(shape: QueryShape) -> Select[Any]:
    """Select the month's people by country and desk that is_distinct counts since the reporting year began."""
    keys, (previous, is_known) = (REACH.c.country, REACH.c.desk_id), _previous(shape)
    statement = select(*keys, func.sum(REACH.c.n)).where(
        REACH.c.month == MONTH, is_known, previous < YEAR_START
    )
    return narrow(statement.group_by(*keys).order_by(*keys), REACH, shape)


def _previous(shape: QueryShape) -> tuple[Any, Any]:
    """Return the columns of the previous month and whether it is known, for the country or the programme."""
    if shape.country:
        return REACH.c.previous_in_country, REACH.c.is_known
    previous = REACH.c.previous_in_programme
    return previous, or_(REACH.c.is_known, previous != NEVER)


def _people(shape: QueryShape) -> Any:
    return BREAKDOWN.c.in_country if shape.country else BREAKDOWN.c.in_programme


def _volume_sums() -> tuple[Any, ...]:
    columns = (VOLUME.c.consultations, VOLUME.c.tallies, VOLUME.c.persons)
    return tuple(func.sum(column) for column in columns)
