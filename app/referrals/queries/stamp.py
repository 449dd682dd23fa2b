"""Reads whether anything changed in an account's inboxes: the cheap question that every open page asks again and again.

Two things change an inbox: somebody, and then `inbox_version` of the shelter grows; or the clock, at moments that are
known beforehand. So a stamp names the versions and the next such moment, and stands while neither has moved on.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, case, func, select
from sqlalchemy.orm import Session

from app import clock
from app.db.session import Moment, connection_of
from app.referrals.queries.referrals import OFFERS, REFERRALS
from app.referrals.rules import inbox as rules
from app.referrals.rules import states
from app.shelters.queries.beds import BEDS
from app.shelters.queries.shelters import SHELTERS
from app.shelters.rules import STALE_AFTER
from app.web.access import Scope

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
MINE = OFFERS.join(REFERRALS, REFERRALS.c.id == OFFERS.c.referral_id)


@dataclass(frozen=True)
class Waiting:
    """How many wait for an answer and are on the way, the next moment that an answer is due, and what to compare."""

    etag: str
    waiting: int
    on_the_way: int
    next_deadline: datetime | None


def still_stands(session: Session, scope: Scope, etag: str) -> bool:
    """Whether a stamp that was given out before says what is true now; a strange one does not."""
    versions, _, until = etag.rpartition(".")
    if not (until.isascii() and until.isdecimal() and len(until) < 13):
        return False
    return clock.now().timestamp() < int(until) and versions == _versions(session, scope)


def _versions(session: Session, scope: Scope) -> str:
    own = sorted(scope.shelters)
    if not own:
        return "0"
    given = {f"own_{place}": shelter_id for place, shelter_id in enumerate(own)}
    found = connection_of(session).execute(_of_shelters(len(own)), given).scalar_one()
    return ".".join(map(str, (*own, found)))


@cache
def _of_shelters(n: int) -> Select[Any]:
    """The statement for so many shelters: each stands in it by itself, so that nothing is built at a request."""
    grown = func.sum(SHELTERS.c.inbox_version + SHELTERS.c.version)
    return select(grown).where(SHELTERS.c.id.in_([bindparam(f"own_{place}") for place in range(n)]))


def get_waiting(session: Session, scope: Scope) -> Waiting:
    """What an open page is told when something changed."""
    now = clock.now()
    versions = _versions(
        session, scope
    )  # before the rest: what changes meanwhile is told at the next question
    still, coming = _still_open(session, scope, now), _coming(session, scope, now)
    moments = [still.next_due, still.next_end, _next_stale(session, scope, now)]
    moments += [coming.next_over, coming.next_missed and coming.next_missed + states.NO_SHOW_AFTER]
    next_change = min((one for one in moments if one), default=NEVER)
    due = min((one for one in (still.next_due, still.next_end) if one), default=None)
    etag = f"{versions}.{_whole_seconds(next_change)}"
    return Waiting(etag, int(still.waiting), int(coming.number), due)


def _whole_seconds(moment: datetime) -> int:
    """The first whole second at which the moment is reached."""
    return -int(-moment.timestamp() // 1)


def _next(column: Any, now: datetime) -> Any:
    return func.min(case((column > now, column)), type_=Moment())


def _still_open(session: Session, scope: Scope, now: datetime) -> Any:
    waiting = case((OFFERS.c.state.in_(rules.TO_ANSWER), 1), else_=0)
    wanted = select(
        func.coalesce(func.sum(waiting), 0).label("waiting"),
        _next(OFFERS.c.reply_by, now).label("next_due"),
        func.min(REFERRALS.c.deadline, type_=Moment()).label("next_end"),
    ).select_from(MINE)
    open_ones = OFFERS.c.is_open & (REFERRALS.c.deadline > now)
    return session.execute(wanted.where(_own(OFFERS, scope), open_ones)).one()


def _coming(session: Session, scope: Scope, now: datetime) -> Any:
    wanted = select(
        func.count().label("number"),
        _next(REFERRALS.c.hold_until, now).label("next_over"),
        func.min(REFERRALS.c.hold_until, type_=Moment()).label("next_missed"),
    ).select_from(MINE)
    accepted = (OFFERS.c.state == states.ACCEPTED) & (REFERRALS.c.state == states.ACCEPTED)
    lately = OFFERS.c.changed_at > now - rules.MIGHT_COME
    expected = REFERRALS.c.hold_until > now - states.NO_SHOW_AFTER
    return session.execute(wanted.where(_own(OFFERS, scope), accepted, lately, expected)).one()


def _next_stale(session: Session, scope: Scope, now: datetime) -> datetime | None:
    oldest = func.min(BEDS.c.confirmed_at, type_=Moment())
    fresh = select(oldest).where(_own(BEDS, scope), BEDS.c.confirmed_at > now - STALE_AFTER)
    found: datetime | None = session.execute(fresh).scalar_one()
    return found + STALE_AFTER if found else None


def _own(table: Any, scope: Scope) -> Any:
    return table.c.shelter_id.in_(scope.shelters)
