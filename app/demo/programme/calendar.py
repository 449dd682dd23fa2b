"""When people come: seasons, weekdays, busy and quiet desks, and a sum that is exact."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from itertools import accumulate

from app.demo.programme.distributions import chance_of
from app.demo.programme.places import DemoDesk, Period
from app.places.rules import is_open

SEASON = (0.92, 1.0, 1.08, 0.95, 1.0, 1.05, 1.1, 1.14, 1.18, 1.12, 1.0, 0.74)
INLAND = (1.3, 1.12, 1.0, 0.98, 0.9, 0.25, 0.0)
BORDER = (1.15, 1.05, 1.0, 1.0, 1.0, 0.8, 0.6)
HOLIDAYS = frozenset({(1, 1), (5, 1), (12, 24), (12, 25), (12, 31)})
TODAY = 6
"""What a country's main desk has on the last day at least: there is a day to look at."""

Share = tuple[DemoDesk, date, int]


def share_out(
    seed: int, consultations: int, desks: Sequence[DemoDesk], period: Period
) -> Iterator[Share]:
    """How many each desk has on each day, desk by desk; they add up to `consultations`."""
    today = {desk.code: TODAY for desk in desks if desk.leads and _is_open(desk, period.last)}
    if consultations < 20 * sum(today.values()):
        today = {}
    days = [
        (period.first + timedelta(days=n)) for n in range((period.last - period.first).days + 1)
    ]
    cells = [(desk, day) for desk in desks for day in days if _is_open(desk, day)]
    weights = list(accumulate(_weight(seed, desk, day, period) for desk, day in cells))
    left, before = consultations - sum(today.values()), 0
    for (desk, day), upto in zip(cells, weights, strict=True):
        so_far = round(left * upto / weights[-1])
        kept = today.get(desk.code, 0) if day == period.last else 0
        if so_far - before + kept:
            yield desk, day, so_far - before + kept
        before = so_far


def _is_open(desk: DemoDesk, day: date) -> bool:
    return is_open(desk.fields["opened_on"], desk.fields["closed_on"], day)


def _weight(seed: int, desk: DemoDesk, day: date, period: Period) -> float:
    if (day.month, day.day) in HOLIDAYS:
        return 0.001
    week = BORDER if desk.at_border else INLAND
    gone = (day - period.first).days / 365
    trend = float(desk.growth**gone)
    luck = chance_of(seed, desk.code, day).lognormvariate(0, 0.45)
    return 0.001 + desk.weight * SEASON[day.month - 1] * week[day.weekday()] * trend * luck
