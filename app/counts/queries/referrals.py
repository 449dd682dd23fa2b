"""Reads what a month's figures of referrals are reckoned from, within the scope of who asks."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.counts.queries import referral_statements as statements
from app.counts.queries.asking import asking
from app.counts.queries.cells import Asked, Wanted
from app.counts.rules.referrals import BedsChanged, Cohort, Referred, each_day
from app.month import Month
from app.places.vocabulary import programme
from app.referrals.rules import states
from app.web.access import Scope

AROUND, MIDNIGHT = timedelta(days=3), time(tzinfo=UTC)
"""So far around the month, in UTC, lies everything that can be of it: time zones, and a day until a no-show."""


def get_referred(session: Session, scope: Scope, asked: Asked) -> Referred:
    """What happened in the month, what became of those sent in it, and the beds of its days.

    Beds are those of the country, or of the programme, whoever asks: a desk sees the shelters of its country anyway.
    """
    ask = _asking(session, scope, asked.wanted)
    happened, declined = Counter[str](), Counter[str]()
    for state, reason, n in ask(statements.happened):
        happened[state] += n
        if state == states.DECLINED:
            declined[reason] += n
    for state, deadline, hold_until, time_zone in ask(statements.overdue):
        moment = states.ended_by_time_at(state, deadline, hold_until)
        happened[state] += Month.of(clock.day_at(moment, time_zone)) == asked.wanted.month
    accepted, refused, expired, median = ask(statements.cohort).one()
    cohort = Cohort(accepted or 0, refused or 0, expired or 0, _seconds(median))
    changes = [
        BedsChanged(row[0], row[1], int(row[2]), int(row[3])) for row in ask(statements.beds)
    ]
    month = asked.wanted.month
    beds = each_day(changes, month.first_day, _last_day(asked, changes))
    return Referred(dict(happened), dict(sorted(declined.items())), cohort, beds)


def _seconds(median: Any) -> float | None:
    return None if median is None else float(median)


def _last_day(asked: Asked, changes: list[BedsChanged]) -> date:
    """The month's last day, or today while it runs: where it is latest."""
    zones = {one.time_zone for one in asked.desks} | {
        one.time_zone for code, one in programme().items() if asked.wanted.country in (None, code)
    }
    begun = [clock.today_at(zone) for zone in sorted(zones)] + [one.day for one in changes]
    return min(asked.wanted.month.last_day, max(begun))


def _asking(session: Session, scope: Scope, wanted: Wanted) -> Callable[..., Any]:
    month = wanted.month
    span = {
        "now": clock.now(),
        "a_day_ago": clock.now() - states.NO_SHOW_AFTER,
        "begins": datetime.combine(month.first_day - AROUND, MIDNIGHT),
        "ends": datetime.combine(month.last_day + AROUND, MIDNIGHT),
        "first_day": month.first_day,
        "last_day": month.last_day,
    }
    return asking(session, scope, wanted, span)
