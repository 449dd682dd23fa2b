"""The numbers of consultations by desk and day: seasons, weekdays, busy and quiet desks, and an exact sum."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate

from app.demo.programme.distributions import seeded_random
from app.demo.programme.places import DemoDesk, Period
from app.places.rules import is_open

SEASON = (0.92, 1.0, 1.08, 0.95, 1.0, 1.05, 1.1, 1.14, 1.18, 1.12, 1.0, 0.74)
INLAND = (1.3, 1.12, 1.0, 0.98, 0.9, 0.25, 0.0)
BORDER = (1.15, 1.05, 1.0, 1.0, 1.0, 0.8, 0.6)
HOLIDAYS = frozenset({(1, 1), (5, 1), (12, 24), (12, 25), (12, 31)})
MINIMUM_TODAY = 6
"""Least number of consultations of a country's main desk on the last day, so that *Hoy* is not empty."""

Allocation = tuple[DemoDesk, date, int]


def allocate_consultations(
    seed: int, consultations: int, desks: Sequence[DemoDesk], period: Period
) -> Iterator[Allocation]:
    """Yield the number of consultations per desk and day, desk by desk; they add up to `consultations`."""
    today = {
        desk.code: MINIMUM_TODAY for desk in desks if desk.is_main and _is_open(desk, period.last)
    }
    if consultations < 20 * sum(today.values()):
        today = {}
    days = [
        (period.first + timedelta(days=n)) for n in range((period.last - period.first).days + 1)
    ]
    cells = [(desk, day) for desk in desks for day in days if _is_open(desk, day)]
    weights = list(accumulate(_weight(seed, desk, day, period) for desk, day in cells))
    left, before = consultations - sum(today.values()), 0
    for (desk, day), cumulative in zip(cells, weights, strict=True):
        allocated = round(left * cumulative / weights[-1])
        minimum = today.get(desk.code, 0) if day == period.last else 0
        if allocated - before + minimum:
            yield desk, day, allocated - before + minimum
        before = allocated


def _is_open(desk: DemoDesk, day: date) -> bool:
    return is_open(desk.fields["opened_on"], desk.fields["closed_on"], day)


def _weight(seed: int, desk: DemoDesk, day: date, period: Period) -> float:
    if (day.month, day.day) in HOLIDAYS:
        return 0.001
    week = BORDER if desk.at_border else INLAND
    years = (day - period.first).days / 365
    trend = float(desk.growth**years)
    luck = seeded_random(seed, desk.code, day).lognormvariate(0, 0.45)
    return 0.001 + desk.weight * SEASON[day.month - 1] * week[day.weekday()] * trend * luck
