"""The ETag of an account's inboxes: the cheap check whether anything changed, which every open page polls.

Two things change an inbox: an action, which increases `inbox_version` of the shelter, or the clock, at moments that
are known beforehand. So an ETag names the versions and the next such moment, and is valid until either is passed.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, case, func, select
from sqlalchemy.orm import Session

from app import clock
from app.db.session import connection_of
from app.db.types import UtcDateTime
from app.referrals.queries.referrals import OFFERS, REFERRALS
from app.referrals.rules import inbox as rules
from app.referrals.rules import states
from app.shelters.queries.beds import BEDS
from app.shelters.queries.shelters import SHELTERS
from app.shelters.rules import STALE_AFTER
from app.web.access import Scope

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
OFFERED = OFFERS.join(REFERRALS, REFERRALS.c.id == OFFERS.c.referral_id)


@dataclass(frozen=True)
class InboxStatus:
    """The ETag, how many groups wait for an answer or are on the way, and when the next answer is due."""

    etag: str
    waiting: int
    on_the_way: int
    next_deadline: datetime | None


def is_current(session: Session, scope: Scope, etag: str) -> bool:
    """Whether an ETag issued earlier is still valid; a malformed one is not."""
    versions, _, until = etag.rpartition(".")
    if not (until.isascii() and until.isdecimal() and len(until) < 13):
        return False
    return clock.now().timestamp() < int(until) and versions == _versions(session, scope)


def _versions(session: Session, scope: Scope) -> str:
    own = sorted(scope.shelters)
    if not own:
        return "0"
    params = {f"own_{index}": shelter_id for index, shelter_id in enumerate(own)}
    total = connection_of(session).execute(_sum_versions(len(own)), params).scalar_one()
    return ".".join(map(str, (*own, total)))


@cache
def _sum_versions(n: int) -> Select[Any]:
    """Return the statement for n shelters, with one parameter each, so that no request has to build it."""
    total = func.sum(SHELTERS.c.inbox_version + SHELTERS.c.version)
    ids: list[Any] = [bindparam(f"own_{index}") for index in range(n)]
    return select(total).where(SHELTERS.c.id.in_(ids))


def get_inbox_status(session: Session, scope: Scope) -> InboxStatus:
    """Return what an open page shows after a change, and the ETag to poll with."""
    now = clock.now()
    # Read before the rest, so that the next poll reports what changes meanwhile.
    versions = _versions(session, scope)
    open_offers, expected = _open_offers(session, scope, now), _expected(session, scope, now)
    missed_at = expected.first_end and expected.first_end + states.NO_SHOW_AFTER
    moments = [open_offers.next_due, open_offers.next_end, _next_stale(session, scope, now)]
    moments += [expected.next_end, missed_at]
    next_change = min((moment for moment in moments if moment), default=NEVER)
    due_moments = (open_offers.next_due, open_offers.next_end)
    next_due = min((moment for moment in due_moments if moment), default=None)
    etag = f"{versions}.{_whole_seconds(next_change)}"
    return InboxStatus(etag, int(open_offers.waiting), int(expected.number), next_due)


def _whole_seconds(moment: datetime) -> int:
    """Return the first whole second (Unix time) at which the moment is reached."""
    return -int(-moment.timestamp() // 1)


def _next(column: Any, now: datetime) -> Any:
    return func.min(case((column > now, column)), type_=UtcDateTime())


def _open_offers(session: Session, scope: Scope, now: datetime) -> Any:
    waiting = case((OFFERS.c.state.in_(rules.UNANSWERED), 1), else_=0)
    query = select(
        func.coalesce(func.sum(waiting), 0).label("waiting"),
        _next(OFFERS.c.reply_by, now).label("next_due"),
        func.min(REFERRALS.c.deadline, type_=UtcDateTime()).label("next_end"),
    ).select_from(OFFERED)
    is_open = OFFERS.c.is_open & (REFERRALS.c.deadline > now)
    return session.execute(query.where(_is_own(OFFERS, scope), is_open)).one()


def _expected(session: Session, scope: Scope, now: datetime) -> Any:
    query = select(
        func.count().label("number"),
        _next(REFERRALS.c.hold_until, now).label("next_end"),
        func.min(REFERRALS.c.hold_until, type_=UtcDateTime()).label("first_end"),
    ).select_from(OFFERED)
    accepted = (OFFERS.c.state == states.ACCEPTED) & (REFERRALS.c.state == states.ACCEPTED)
    is_recent = OFFERS.c.changed_at > now - rules.MAX_EXPECTED
    expected = REFERRALS.c.hold_until > now - states.NO_SHOW_AFTER
    return session.execute(query.where(_is_own(OFFERS, scope), accepted, is_recent, expected)).one()


def _next_stale(session: Session, scope: Scope, now: datetime) -> datetime | None:
    oldest = func.min(BEDS.c.confirmed_at, type_=UtcDateTime())
    is_fresh = BEDS.c.confirmed_at > now - STALE_AFTER
    query = select(oldest).where(_is_own(BEDS, scope), is_fresh)
    confirmed_at: datetime | None = session.execute(query).scalar_one()
    return confirmed_at + STALE_AFTER if confirmed_at else None


def _is_own(table: Any, scope: Scope) -> Any:
    return table.c.shelter_id.in_(scope.shelters)
