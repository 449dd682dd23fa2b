"""The statements that read cells, built once for each shape of question: building costs more than most answers."""

from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Select, Table, bindparam, case, func, or_, select

from app.codelists.shared_codelists import CHILDREN, SEXES
from app.people.models.aggregates import BreakdownAggregate, ReachAggregate, VolumeAggregate
from app.people.rules.aggregates import ALL_OUTCOMES
from app.people.rules.reach import NEVER

REACH, PART, VOLUME = (some.__table__ for some in (ReachAggregate, BreakdownAggregate, VolumeAggregate))
CHILDREN_CODES = tuple(f"{sex}.{band}" for sex in SEXES.codes for band in sorted(CHILDREN))
FIRST: BindParameter[int] = bindparam("first")
MONTH: BindParameter[int] = bindparam("month")
YEAR_START: BindParameter[int] = bindparam("year_start")


class Shape(NamedTuple):
    """Whether the asker sees the whole programme; whether one country is wanted, or one desk of it."""

    sees_all: bool
    country: bool
    desk: bool


def narrow(chosen: Select[Any], table: Table, shape: Shape) -> Select[Any]:
    """The rows that the asker may see, of the country or the desk that is wanted."""
    if not shape.sees_all:
        desks = table.c.desk_id.in_(bindparam("desks", expanding=True))
        chosen = chosen.where(desks | table.c.country.in_(bindparam("countries", expanding=True)))
    if shape.desk:
        return chosen.where(table.c.desk_id == bindparam("desk_id"))
    return chosen.where(table.c.country == bindparam("country")) if shape.country else chosen


def _past(shape: Shape) -> tuple[Any, Any]:
    """The columns of the previous month and of what is known about it, in the scope that is wanted."""
    if shape.country:
        return REACH.c.previous_in_country, REACH.c.known
    previous = REACH.c.previous_in_programme
    return previous, or_(REACH.c.known, previous != NEVER)


def _people(shape: Shape) -> Any:
    return PART.c.in_country if shape.country else PART.c.in_programme


def _volumes() -> tuple[Any, ...]:
    summed = (VOLUME.c.consultations, VOLUME.c.tallies, VOLUME.c.persons)
    return tuple(func.sum(column) for column in summed)


@cache
def reaches(shape: Shape) -> Select[Any]:
    """People by month, previous month and whether it is known, from month `first` to `month`."""
    keys = (REACH.c.month, *_past(shape))
    chosen = select(*keys, func.sum(REACH.c.n)).where(REACH.c.month.between(FIRST, MONTH))
    return narrow(chosen.group_by(*keys).order_by(*keys), REACH, shape)


@cache
def volumes(shape: Shape) -> Select[Any]:
    """Consultations, tallies and persons by month."""
    month = VOLUME.c.month
    chosen = select(month, *_volumes()).where(VOLUME.c.outcome == ALL_OUTCOMES)
    window = chosen.where(month.between(FIRST, MONTH)).group_by(month).order_by(month)
    return narrow(window, VOLUME, shape)


@cache
def at_desks(shape: Shape) -> Select[Any]:
    """The month's consultations by country and desk, and the last receipt."""
    keys, n = (VOLUME.c.country, VOLUME.c.desk_id), func.sum(VOLUME.c.consultations)
    chosen = select(*keys, n, func.max(VOLUME.c.last_received_at))
    month = chosen.where(VOLUME.c.outcome == ALL_OUTCOMES, VOLUME.c.month == MONTH)
    return narrow(month.group_by(*keys).having(n > 0).order_by(*keys), VOLUME, shape)


@cache
def days(shape: Shape) -> Select[Any]:
    """Consultations, tallies and persons by day of the month."""
    day = VOLUME.c.held_on
    chosen = select(day, *_volumes()).where(VOLUME.c.outcome == ALL_OUTCOMES, VOLUME.c.month == MONTH)
    grouped = chosen.group_by(day).having(func.sum(VOLUME.c.consultations) > 0).order_by(day)
    return narrow(grouped, VOLUME, shape)


@cache
def parts(shape: Shape) -> Select[Any]:
    """The month's distinct people by part and code."""
    keys, n = (PART.c.part, PART.c.code), func.sum(_people(shape))
    chosen = select(*keys, n).where(PART.c.month == MONTH).group_by(*keys)
    return narrow(chosen.having(n > 0).order_by(*keys), PART, shape)


@cache
def placed(shape: Shape) -> Select[Any]:
    """The month's distinct people by country and desk: all, women, children."""
    keys, n, code = (PART.c.country, PART.c.desk_id), _people(shape), PART.c.code
    women = case((code.like("female.%"), n), else_=0)
    children = case((code.in_(CHILDREN_CODES), n), else_=0)
    sums = (func.sum(some) for some in (n, women, children))
    chosen = select(*keys, *sums).where(PART.c.month == MONTH, PART.c.part == "sex_age")
    return narrow(chosen.group_by(*keys).order_by(*keys), PART, shape)


@cache
def new(shape: Shape) -> Select[Any]:
    """The month's people by country and desk whom rules.is_distinct counts from the start of the reporting year."""
    keys, (previous, known) = (REACH.c.country, REACH.c.desk_id), _past(shape)
    chosen = select(*keys, func.sum(REACH.c.n)).where(
        REACH.c.month == MONTH, known, previous < YEAR_START
    )
    return narrow(chosen.group_by(*keys).order_by(*keys), REACH, shape)
