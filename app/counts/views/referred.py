"""What the page of a month shows of referrals and beds."""

from dataclasses import dataclass
from typing import Any

from app.counts.indicators.indicator import Indicator
from app.counts.indicators.referrals import PERCENT, REFERRALS
from app.counts.queries.figures import Figures
from app.counts.views import charts
from app.i18n.language import number, percent
from app.referrals.vocabulary import DECLINE_REASONS

GROUPS = (
    ("sent", "accepted", "declined", "expired"),
    ("arrived", "no_show", "completed"),
    ("acceptance_pct", "median_answer_hours", "refused_no_places"),
    ("beds_available", "occupancy_pct"),
)
UNKNOWN = "–"


@dataclass(frozen=True)
class ReferredFigure:
    """One figure and how it is written."""

    indicator: Indicator[Any, Any]
    text: str


@dataclass(frozen=True)
class ReferredPart:
    """The figures in their groups, and the reasons of refusals as bars in the order of the list."""

    groups: list[list[ReferredFigure]]
    declined: list[charts.Row]


def get_part(figures: Figures) -> ReferredPart:
    """What is shown of these figures."""
    groups = [
        [ReferredFigure(REFERRALS[code], _text(code, figures.referrals[code])) for code in group]
        for group in GROUPS
    ]
    return ReferredPart(groups, charts.rows(figures.declined, DECLINE_REASONS.codes))


def _text(code: str, value: float | None) -> str:
    if value is None:
        return UNKNOWN
    return percent(value / 100) if REFERRALS[code].unit == PERCENT else number(value)
