"""The statements that read referrals and beds for figures, built once for each shape of query."""

from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
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

from app.counts.queries.statement_params import (
    MONTH,
    QUERY_COUNTRIES,
    QueryShape,
    narrow_by_index,
)
from app.db.types import UtcDateTime
from app.places.queries import DESKS
from app.referrals.queries.referrals import EVENTS
from app.referrals.queries.referrals import REFERRALS as ROWS
from app.referrals.rules import states
from app.shelters.models import BedCensus
from app.shelters.queries.beds import BEDS
from app.shelters.queries.shelters import SHELTERS

CENSUS = BedCensus.__table__
UNCONDITIONAL = (states.ARRIVED, states.COMPLETED, states.EXPIRED, states.NO_SHOW, states.SENT)
UNDONE = "undone"
NOW, A_DAY_AGO = (bindparam(name, type_=UtcDateTime) for name in ("now", "a_day_ago"))
FROM, UNTIL = (bindparam(name, type_=UtcDateTime) for name in ("begins", "ends"))
FIRST_DAY, LAST_DAY = (bindparam(name, type_=Date) for name in ("first_day", "last_day"))


@cache
def events(shape: QueryShape) -> Select[Any]:
    """Select the number of events of the month by state and, if declined, reason."""
    state = EVENTS.c.state
    reason = case((state == states.DECLINED, EVENTS.c.reason), else_="")
    counts = or_(
        state.in_(UNCONDITIONAL),
        (state == states.ACCEPTED) & ~_undone_after(EVENTS) & ~_accepted_before(),
        (state == states.DECLINED) & _is_final() & ~_declined_after(),
    )
    counted = state.in_((*UNCONDITIONAL, states.ACCEPTED, states.DECLINED))
    month = select(state, reason, func.count()).where(EVENTS.c.month == MONTH, counted, counts)
    keys = (state, reason)
    return narrow_by_index(month.group_by(*keys).order_by(*keys), EVENTS, shape)


def _undone_after(event: Any) -> ColumnElement[bool]:
    later = EVENTS.alias()
    same = later.c.referral_id == event.c.referral_id
    after = later.c.id > event.c.id
    return exists().where(same, after, later.c.reason == UNDONE).correlate(event)


def _accepted_before() -> ColumnElement[bool]:
    """Whether an acceptance that was not undone came earlier: then this one held the places a second time."""
    earlier = EVENTS.alias()
    same = (earlier.c.referral_id == EVENTS.c.referral_id) & (earlier.c.id < EVENTS.c.id)
    accepted = same & (earlier.c.state == states.ACCEPTED) & ~_undone_after(earlier)
    return exists().where(accepted).correlate(EVENTS)


def _is_final() -> ColumnElement[bool]:
    declined = (ROWS.c.id == EVENTS.c.referral_id) & (ROWS.c.state == states.DECLINED)
    return exists().where(declined).correlate(EVENTS)


def _declined_after() -> ColumnElement[bool]:
    later = EVENTS.alias()
    same = (later.c.referral_id == EVENTS.c.referral_id) & (later.c.id > EVENTS.c.id)
    return exists().where(same, later.c.state == states.DECLINED).correlate(EVENTS)


@cache
def overdue(shape: QueryShape) -> Any:
    """Select referrals that ended by time around the month without an event: state, two moments, time zone."""
    shelter = ROWS.c.closed_at.is_(None) & (ROWS.c.service == states.SHELTER)
    waits = shelter & ROWS.c.state.in_(states.WAITING)
    expired = waits & ROWS.c.deadline.between(FROM, UNTIL) & (ROWS.c.deadline <= NOW)
    holds = shelter & (ROWS.c.state == states.ACCEPTED)
    missed = holds & ROWS.c.hold_until.between(FROM, UNTIL) & (ROWS.c.hold_until <= A_DAY_AGO)
    ended = union_all(
        _ended(states.EXPIRED, expired, shape), _ended(states.NO_SHOW, missed, shape)
    ).subquery()
    return select(ended).order_by(ended.c.deadline)


def _ended(state: str, condition: ColumnElement[bool], shape: QueryShape) -> Select[Any]:
    columns = (literal(state).label("state"), ROWS.c.deadline, ROWS.c.hold_until)
    statement = select(*columns, DESKS.c.time_zone).join(DESKS, DESKS.c.id == ROWS.c.desk_id)
    return narrow_by_index(statement.where(condition), ROWS, shape)


@cache
def cohort(shape: QueryShape) -> Select[Any]:
    """Select, of the referrals to shelters sent in the month: accepted, declined, expired, median answer time."""
    waited = extract("epoch", ROWS.c.first_answer_at) - extract("epoch", ROWS.c.sent_at)
    late = ROWS.c.state.in_(states.WAITING) & (ROWS.c.deadline <= NOW)
    outcomes = {
        "accepted": ROWS.c.accepted_at.is_not(None),
        "declined": ROWS.c.state == states.DECLINED,
        "expired": (ROWS.c.state == states.EXPIRED) | late,
    }
    columns = [case((is_met, 1), else_=0).label(name) for name, is_met in outcomes.items()]
    answered = ROWS.c.first_answer_at.is_not(None)
    rank = func.row_number().over(partition_by=answered, order_by=waited).label("rank")
    total = func.count().over(partition_by=answered).label("total")
    referrals = select(*columns, case((answered, waited)).label("waited"), rank, total)
    month = referrals.where(ROWS.c.month == MONTH, ROWS.c.service == states.SHELTER)
    cohort_rows = narrow_by_index(month, ROWS, shape).subquery().c
    is_middle = (2 * cohort_rows.rank - cohort_rows.total).between(0, 2)
    median = func.avg(case((is_middle, cohort_rows.waited)))
    sums = [func.sum(cohort_rows[name]) for name in outcomes]
    return select(*sums, median).order_by(None)


@cache
def beds(_shape: QueryShape) -> Select[Any]:
    """Select daily changes of usable places and of people in them; the census before counts on the first day."""
    same_bed = (CENSUS.c.shelter_id == BEDS.c.shelter_id) & (CENSUS.c.category == BEDS.c.category)
    before = select(func.max(CENSUS.c.day)).where(same_bed, CENSUS.c.day < FIRST_DAY)
    since = func.coalesce(before.correlate(BEDS).scalar_subquery(), FIRST_DAY)
    usable, occupied = CENSUS.c.capacity - CENSUS.c.blocked, CENSUS.c.occupied
    day = case((CENSUS.c.day < FIRST_DAY, FIRST_DAY), else_=CENSUS.c.day).label("day")
    bed = (CENSUS.c.shelter_id, CENSUS.c.category)
    deltas = [
        (n - func.lag(n, 1, 0).over(partition_by=bed, order_by=CENSUS.c.day)).label(name)
        for name, n in (("usable", usable), ("occupied", occupied))
    ]
    here = SHELTERS.c.country.in_(QUERY_COUNTRIES)
    is_open = SHELTERS.c.closed_on.is_(None) | (SHELTERS.c.closed_on >= FIRST_DAY)
    rows = (
        select(SHELTERS.c.closed_on, day, *deltas)
        .select_from(SHELTERS)
        .join(BEDS, BEDS.c.shelter_id == SHELTERS.c.id)
        .join(CENSUS, same_bed & (CENSUS.c.day >= since) & (CENSUS.c.day <= LAST_DAY))
        .where(here, is_open)
        .subquery()
    )
    keys = (rows.c.closed_on, rows.c.day)
    sums = (func.sum(rows.c.usable), func.sum(rows.c.occupied))
    return select(*keys, *sums).group_by(*keys).order_by(rows.c.day)
