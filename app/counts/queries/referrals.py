"""Reads the totals of referrals and beds of a month in the account's scope."""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from app import clock
from app.counts.queries import referral_statements as statements
from app.counts.queries.statement_params import ResolvedQuery, StatementRunner
from app.counts.rules.referrals import BedDelta, ReferralCohort, ReferralTotals, beds_by_day
from app.month import Month
from app.places.vocabulary import programme
from app.referrals.rules import states

AROUND, MIDNIGHT = timedelta(days=3), time(tzinfo=UTC)
"""All moments of the month lie within this margin in UTC: time zones, and a day until a no-show."""


def get_referral_totals(runner: StatementRunner, resolved: ResolvedQuery) -> ReferralTotals:
    """Return the events of the month, the outcomes of the referrals sent in it, and the beds of its days.

    Beds are those of the country, or of the programme, for every account: a desk sees its country's shelters anyway.
    """
    month, moments = resolved.query.month, _moments(resolved.query.month)
    events, declined = Counter[str](), Counter[str]()
    for state, reason, n in runner.rows(statements.events):
        events[state] += n
        if state == states.DECLINED:
            declined[reason] += n
    for state, deadline, hold_until, time_zone in runner.rows(statements.overdue, **moments):
        moment = states.ended_by_time_at(state, deadline, hold_until)
        events[state] += Month.containing(clock.day_at(moment, time_zone)) == month
    accepted, refused, expired, median = runner.rows(statements.cohort, **moments).one()
    cohort = ReferralCohort(accepted or 0, refused or 0, expired or 0, _seconds(median))
    deltas = [
        BedDelta(closed_on, day, int(usable), int(occupied))
        for closed_on, day, usable, occupied in runner.rows(statements.beds, **moments)
    ]
    beds = beds_by_day(deltas, month.first_day, _last_day(resolved, deltas))
    return ReferralTotals(dict(events), dict(sorted(declined.items())), cohort, beds)


def _seconds(median: Any) -> float | None:
    return None if median is None else float(median)


def _last_day(resolved: ResolvedQuery, deltas: list[BedDelta]) -> date:
    """Return the month's last day or, while it runs, today in the time zone that is furthest ahead."""
    country, month = resolved.query.country, resolved.query.month
    zones = {desk.time_zone for desk in resolved.desks} | {
        place.time_zone for code, place in programme().items() if country in (None, code)
    }
    begun = [clock.today_at(zone) for zone in sorted(zones)] + [delta.day for delta in deltas]
    return min(month.last_day, max(begun))


def _moments(month: Month) -> dict[str, date]:
    now = clock.now()
    return {
        "now": now,
        "a_day_ago": now - states.NO_SHOW_AFTER,
        "begins": datetime.combine(month.first_day - AROUND, MIDNIGHT),
        "ends": datetime.combine(month.last_day + AROUND, MIDNIGHT),
        "first_day": month.first_day,
        "last_day": month.last_day,
    }
