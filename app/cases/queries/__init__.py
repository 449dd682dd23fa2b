"""Reads what spans rooms: a desk's day (`day`, `returns`), all that came of one consultation (`timeline`)."""

from app.cases.queries.day import Day, DayLine, DayReferral, Totals, get_day
from app.cases.queries.timeline import Timeline, get_timeline

__all__ = ["Day", "DayLine", "DayReferral", "Timeline", "Totals", "get_day", "get_timeline"]
