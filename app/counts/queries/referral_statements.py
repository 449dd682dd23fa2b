"""The statements that read referrals and beds for figures, built once for each shape of question."""

from functools import cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Select,
    Table,
    bindparam,
    case,
    exists,
    extract,
    func,
    literal,
    or_,
    select,
    union_all,
)

from app.counts.queries.statements import Shape, narrow
from app.db.session import UtcDateTime
from app.places.queries import DESKS
from app.referrals.queries.referrals import EVENTS
from app.referrals.queries.referrals import REFERRALS as ROWS
from app.referrals.rules import states
from app.shelters.models import BedCensus
from app.shelters.queries.beds import BEDS
from app.shelters.queries.shelters import SHELTERS

CENSUS = BedCensus.__table__
PLAIN = (states.ARRIVED, states.COMPLETED, states.EXPIRED, states.NO_SHOW, states.SENT)
UNDONE = "undone"
NOW, A_DAY_AGO = (bindparam(name, type_=UtcDateTime) for name in ("now", "a_day_ago"))
FROM, UNTIL = (bindparam(name, type_=UtcDateTime) for name in ("begins", "ends"))
FIRST_DAY, LAST_DAY = (bindparam(name, type_=Date) for name in ("first_day", "last_day"))
MONTH: BindParameter[int] = bindparam("month")
COUNTRIES: BindParameter[Any] = bindparam("wanted_countries", expanding=True)
"""Also where the whole programme is wanted: every index of referrals begins with the country."""


@cache
def happened(shape: Shape) -> Select[Any]:
    """What happened in the month by state and, where it was declined, reason."""
    kind, reason = (
        EVENTS.c.state,
        case((EVENTS.c.state == states.DECLINED, EVENTS.c.reason), else_=""),
    )
    counts = or_(
        kind.in_(PLAIN),
        (kind == states.ACCEPTED) & ~_undone_after(EVENTS) & ~_accepted_before(),
        (kind == states.DECLINED) & _is_over() & ~_declined_after(),
    )
    known = kind.in_((*PLAIN, states.ACCEPTED, states.DECLINED))
    month = select(kind, reason, func.count()).where(EVENTS.c.month == MONTH, known, counts)
    keys = (kind, reason)
    return _narrow(month.group_by(*keys).order_by(*keys), EVENTS, shape)


def _undone_after(one: Any) -> ColumnElement[bool]:
    later = EVENTS.alias()
    same = later.c.referral_id == one.c.referral_id
    return exists().where(same, later.c.id > one.c.id, later.c.reason == UNDONE).correlate(one)


def _accepted_before() -> ColumnElement[bool]:
    """Whether an acceptance that was not taken back came earlier: then this one held the places again."""
    earlier = EVENTS.alias()
    same = (earlier.c.referral_id == EVENTS.c.referral_id) & (earlier.c.id < EVENTS.c.id)
    accepted = same & (earlier.c.state == states.ACCEPTED) & ~_undone_after(earlier)
    return exists().where(accepted).correlate(EVENTS)


def _is_over() -> ColumnElement[bool]:
    mine = (ROWS.c.id == EVENTS.c.referral_id) & (ROWS.c.state == states.DECLINED)
    return exists().where(mine).correlate(EVENTS)


def _declined_after() -> ColumnElement[bool]:
    later = EVENTS.alias()
    same = (later.c.referral_id == EVENTS.c.referral_id) & (later.c.id > EVENTS.c.id)
    return exists().where(same, later.c.state == states.DECLINED).correlate(EVENTS)


@cache
def overdue(shape: Shape) -> Any:
    """What time has ended around the month and nobody has written down: state, its two moments, the time zone."""
    shelter = ROWS.c.closed_at.is_(None) & (ROWS.c.service == states.SHELTER)
    waits = shelter & ROWS.c.state.in_(states.WAITING)
    expired = waits & ROWS.c.deadline.between(FROM, UNTIL) & (ROWS.c.deadline <= NOW)
    holds = shelter & (ROWS.c.state == states.ACCEPTED)
    missed = holds & ROWS.c.hold_until.between(FROM, UNTIL) & (ROWS.c.hold_until <= A_DAY_AGO)
    both = union_all(
        _ended(states.EXPIRED, expired, shape), _ended(states.NO_SHOW, missed, shape)
    ).subquery()
    return select(both).order_by(both.c.deadline)


def _ended(state: str, where: ColumnElement[bool], shape: Shape) -> Select[Any]:
    columns = (literal(state).label("state"), ROWS.c.deadline, ROWS.c.hold_until)
    chosen = select(*columns, DESKS.c.time_zone).join(DESKS, DESKS.c.id == ROWS.c.desk_id)
    return _narrow(chosen.where(where), ROWS, shape)


@cache
def cohort(shape: Shape) -> Select[Any]:
    """Of the referrals to shelters sent in the month: accepted, declined, expired, and the median of the answers."""
    waited = extract("epoch", ROWS.c.first_answer_at) - extract("epoch", ROWS.c.sent_at)
    late = ROWS.c.state.in_(states.WAITING) & (ROWS.c.deadline <= NOW)
    lies = {
        "accepted": ROWS.c.accepted_at.is_not(None),
        "declined": ROWS.c.state == states.DECLINED,
        "expired": (ROWS.c.state == states.EXPIRED) | late,
    }
    columns = [case((where, 1), else_=0).label(name) for name, where in lies.items()]
    answered = ROWS.c.first_answer_at.is_not(None)
    place = func.row_number().over(partition_by=answered, order_by=waited).label("place")
    many = func.count().over(partition_by=answered).label("many")
    sent = select(*columns, case((answered, waited)).label("waited"), place, many)
    month = sent.where(ROWS.c.month == MONTH, ROWS.c.service == states.SHELTER)
    some = _narrow(month, ROWS, shape).subquery()
    is_middle = (2 * some.c.place - some.c.many).between(0, 2)
    median = func.avg(case((is_middle, some.c.waited)))
    sums = [func.sum(some.c[name]) for name in lies]
    return select(*sums, median).order_by(None)


@cache
def beds(_shape: Shape) -> Select[Any]:
    """By how much usable places and people in them changed by day, what stood before the month on its first day."""
    keys = (CENSUS.c.shelter_id == BEDS.c.shelter_id) & (CENSUS.c.category == BEDS.c.category)
    before = select(func.max(CENSUS.c.day)).where(keys, CENSUS.c.day < FIRST_DAY)
    since = func.coalesce(before.correlate(BEDS).scalar_subquery(), FIRST_DAY)
    usable, occupied = CENSUS.c.capacity - CENSUS.c.blocked, CENSUS.c.occupied
    day = case((CENSUS.c.day < FIRST_DAY, FIRST_DAY), else_=CENSUS.c.day).label("day")
    line = (CENSUS.c.shelter_id, CENSUS.c.category)
    more = [
        (some - func.lag(some, 1, 0).over(partition_by=line, order_by=CENSUS.c.day)).label(name)
        for name, some in (("usable", usable), ("occupied", occupied))
    ]
    here = SHELTERS.c.country.in_(COUNTRIES)
    stood = SHELTERS.c.closed_on.is_(None) | (SHELTERS.c.closed_on >= FIRST_DAY)
    rows = (
        select(SHELTERS.c.closed_on, day, *more)
        .select_from(SHELTERS)
        .join(BEDS, BEDS.c.shelter_id == SHELTERS.c.id)
        .join(CENSUS, keys & (CENSUS.c.day >= since) & (CENSUS.c.day <= LAST_DAY))
        .where(here, stood)
        .subquery()
    )
    by = (rows.c.closed_on, rows.c.day)
    sums = (func.sum(rows.c.usable), func.sum(rows.c.occupied))
    return select(*by, *sums).group_by(*by).order_by(rows.c.day)


def _narrow(chosen: Select[Any], table: Table, shape: Shape) -> Select[Any]:
    return narrow(chosen.where(table.c.country.in_(COUNTRIES)), table, shape)
