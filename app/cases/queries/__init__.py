"""Queries that span packages: a desk's day (`day`, `referrals`, `returns`) and the `timeline` of a consultation."""

from app.cases.queries.day import Day, DayConsultation, Totals, get_day
from app.cases.queries.referrals import DayReferral
from app.cases.queries.timeline import Timeline, find_timeline

__all__ = [
    "Day",
    "DayConsultation",
    "DayReferral",
    "Timeline",
    "Totals",
    "find_timeline",
    "get_day",
]
