"""Figures as the page of a month shows them: the large ones with a comparison, referrals and returns in groups."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask_babel import gettext

from app.codelists.codelist import N_
from app.codelists.shared_codelists import AGE_BANDS, SEXES
from app.counts.indicators.indicator import Indicator
from app.counts.indicators.people import PEOPLE
from app.counts.indicators.referrals import PERCENT, REFERRALS
from app.counts.indicators.returns import RETURNS
from app.counts.queries.figures import Figures
from app.counts.queries.statement_params import YEAR_BEFORE, FigureQuery
from app.counts.queries.tables import ComparedRecords
from app.counts.rules.people import PeopleAggregates, is_minimum
from app.counts.rules.returns import CHILDREN_ALONE, DEPARTED, MEDIAN_DAYS, MINIMUM_COUNT
from app.counts.views.charts import BarRow, bar_rows
from app.i18n.language import country_name, format_number, format_percent
from app.referrals.vocabulary import DECLINE_REASONS
from app.returns.vocabulary import TRANSPORT_MODES
from app.web.pages import term

CARDS = ("reached_low", "consultations", "persons_in_consultations", "new", "year_reached_low")
YEAR_TO_DATE = "year_reached_low"
BOUNDS = {
    "reached_low": ("reached_high", "reached_unknown"),
    YEAR_TO_DATE: ("year_reached_high", "year_reached_unknown"),
}
REFERRAL_GROUPS = (
    ("sent", "accepted", "declined", "expired"),
    ("arrived", "no_show", "completed"),
    ("acceptance_pct", "median_answer_hours", "refused_no_places"),
    ("beds_available", "occupancy_pct"),
)
RETURN_GROUPS = (("opened", "withdrawn", "handed_over"), (DEPARTED, CHILDREN_ALONE, MEDIAN_DAYS))
RETURN_SPLITS: dict[str, tuple[str, Callable[[str], Any], tuple[str, ...]]] = {
    "sex": (N_("Departed, by sex"), partial(term, SEXES), SEXES.codes),
    "age_band": (N_("Departed, by age"), partial(term, AGE_BANDS), AGE_BANDS.codes),
    "nationality": (N_("Departed, by nationality"), country_name, ()),
    "transport_mode": (
        N_("Departed, by means of transport"),
        partial(term, TRANSPORT_MODES),
        TRANSPORT_MODES.codes,
    ),
}
NO_VALUE = "–"


@dataclass(frozen=True)
class FigureChange:
    """The figure of the month compared with, and the difference; `share` (0 to 1) is None if it was zero."""

    before: int
    by: int
    share: float | None


@dataclass(frozen=True)
class FigureRange:
    """The most that a figure can be, and the share (0 to 1) of it who do not know about before."""

    high: int
    share: float
    is_minimum: bool


@dataclass(frozen=True)
class FigureCard:
    """One large figure; `change` and `range` are None if they do not apply."""

    indicator: Indicator[PeopleAggregates, int]
    value: int
    change: FigureChange | None
    range: FigureRange | None


@dataclass(frozen=True)
class FigureText:
    """One figure and its formatted value."""

    indicator: Indicator[Any, Any]
    text: str


@dataclass(frozen=True)
class FigureTable:
    """The people or referrals of one figure by code: heading, label of a code, bars."""

    title: str
    label: Callable[[str], Any]
    rows: list[BarRow]


@dataclass(frozen=True)
class FigureSection:
    """Figures in their groups, the tables that are shown, and whether anything is hidden."""

    groups: list[list[FigureText]]
    tables: list[FigureTable]
    has_hidden: bool = False


def list_cards(figures: Figures, records: ComparedRecords) -> list[FigureCard]:
    """Return the large figures in their order."""
    return [
        FigureCard(
            PEOPLE[code],
            figures.values[code],
            _change(figures, code) if _is_compared(figures.query, records, code) else None,
            _range(figures.values, code),
        )
        for code in CARDS
    ]


def _is_compared(query: FigureQuery, records: ComparedRecords, code: str) -> bool:
    if code == YEAR_TO_DATE:
        return query.compared == YEAR_BEFORE and records.has_year
    return records.has_month


def _change(figures: Figures, code: str) -> FigureChange:
    now, before = figures.values[code], figures.before[code]
    return FigureChange(before, now - before, abs(now - before) / before if before else None)


def _range(values: dict[str, int], code: str) -> FigureRange | None:
    if code not in BOUNDS:
        return None
    high, unknown = (values[name] for name in BOUNDS[code])
    return FigureRange(high, unknown / high, is_minimum(values[code], high)) if unknown else None


def referral_section(figures: Figures) -> FigureSection:
    """Return the figures of referrals and beds, and the reasons of refusals in the order of their list."""
    groups = [
        [FigureText(REFERRALS[code], _referral_text(code, figures)) for code in group]
        for group in REFERRAL_GROUPS
    ]
    rows = bar_rows(figures.declined, DECLINE_REASONS.codes)
    label = partial(term, DECLINE_REASONS)
    tables = [FigureTable(gettext("Why shelters said no"), label, rows)] if rows else []
    return FigureSection(groups, tables)


def _referral_text(code: str, figures: Figures) -> str:
    value = figures.referrals[code]
    if value is None:
        return NO_VALUE
    return format_percent(value / 100) if REFERRALS[code].unit == PERCENT else format_number(value)


def return_section(figures: Figures) -> FigureSection:
    """Return the figures of voluntary return and the people who departed, as far as they are visible."""
    groups = [
        [FigureText(RETURNS[code], _return_text(code, figures)) for code in group]
        for group in RETURN_GROUPS
    ]
    tables = [
        FigureTable(gettext(title), label, bar_rows(counts, order))
        for split, (title, label, order) in RETURN_SPLITS.items()
        if (counts := figures.returns.departed[split])
    ]
    hides = not figures.returns.visible.issuperset((*RETURNS, *RETURN_SPLITS))
    return FigureSection(groups, tables, hides)


def _return_text(code: str, figures: Figures) -> str:
    value = figures.returns.values[code]
    if value is not None:
        return format_number(value)
    if code in figures.returns.visible:
        return NO_VALUE
    is_total = figures.query.country is not None and code not in (CHILDREN_ALONE, MEDIAN_DAYS)
    if is_total:
        return str(gettext("fewer than %(n)s", n=format_number(MINIMUM_COUNT)))
    return str(gettext("not shown"))
