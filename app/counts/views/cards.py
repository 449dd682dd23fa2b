"""The large figures of a month: each with its change, and with those who do not know about before."""

from dataclasses import dataclass

from app.counts.indicators.indicator import Indicator
from app.counts.indicators.people import INDICATORS
from app.counts.queries.cells import YEAR_BEFORE, Wanted
from app.counts.queries.figures import Figures
from app.counts.rules.people import Cells, is_minimum
from app.month import Month, months_between

CARDS = ("reached_low", "consultations", "persons_in_consultations", "new", "year_reached_low")
YEAR_TO_DATE = "year_reached_low"
UNSURE = {
    "reached_low": ("reached_high", "reached_unknown"),
    YEAR_TO_DATE: ("year_reached_high", "year_reached_unknown"),
}


@dataclass(frozen=True)
class Change:
    """What a figure was in the month compared with; `share` (0 to 1) is None where it was zero."""

    before: int
    by: int
    share: float | None


@dataclass(frozen=True)
class Unsure:
    """The most that a figure can be, and the share (0 to 1) of it who do not know about before."""

    high: int
    share: float
    is_minimum: bool


@dataclass(frozen=True)
class Card:
    """One figure large; `change` and `unsure` are None where there is nothing to say."""

    indicator: Indicator[Cells, int]
    value: int
    change: Change | None
    unsure: Unsure | None


@dataclass(frozen=True)
class Comparison:
    """What the month is compared with: whether it and the year before it have records, since when.

    `first` is the first month with records of that year to date, None where it is its first month.
    """

    has_month: bool
    has_year: bool
    first: Month | None


def compare(wanted: Wanted, cells: Cells) -> Comparison:
    """Whether there is anything to compare with."""
    before = wanted.before
    months = months_between(before.reporting_year_start(wanted.year_start.number), before)
    with_records = {volume.month for volume in cells.volumes if volume.consultations}
    heard = [month for month in months if int(month) in with_records]
    first = heard[0] if heard and heard[0] > months[0] else None
    return Comparison(before in heard, bool(heard), first)


def list_cards(figures: Figures, comparison: Comparison) -> list[Card]:
    """The large figures in their order."""
    return [
        Card(
            INDICATORS[code],
            figures.values[code],
            _change(figures, code) if _is_compared(figures.wanted, comparison, code) else None,
            _unsure(figures.values, code),
        )
        for code in CARDS
    ]


def _is_compared(wanted: Wanted, comparison: Comparison, code: str) -> bool:
    if code == YEAR_TO_DATE:
        return wanted.compared == YEAR_BEFORE and comparison.has_year
    return comparison.has_month


def _change(figures: Figures, code: str) -> Change:
    now, before = figures.values[code], figures.before[code]
    return Change(before, now - before, abs(now - before) / before if before else None)


def _unsure(values: dict[str, int], code: str) -> Unsure | None:
    if code not in UNSURE:
        return None
    high, unknown = (values[name] for name in UNSURE[code])
    return Unsure(high, unknown / high, is_minimum(values[code], high)) if unknown else None
