"""What the page of a month shows of voluntary return."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from flask_babel import gettext

from app.codelists.codelist import N_
from app.codelists.shared_codelists import AGE_BANDS, SEXES
from app.counts.indicators.indicator import Indicator
from app.counts.indicators.returns import RETURNS
from app.counts.queries.figures import Figures
from app.counts.rules.returns import CHILDREN_ALONE, DEPARTED, FEWEST, MEDIAN_DAYS
from app.counts.views import charts
from app.i18n.language import country, number
from app.returns.vocabulary import TRANSPORT_MODES
from app.web.pages import term

GROUPS = (("opened", "withdrawn", "handed_over"), (DEPARTED, CHILDREN_ALONE, MEDIAN_DAYS))
SPLITS = {
    "sex": (N_("Departed, by sex"), partial(term, SEXES), SEXES.codes),
    "age_band": (N_("Departed, by age"), partial(term, AGE_BANDS), AGE_BANDS.codes),
    "nationality": (N_("Departed, by nationality"), country, ()),
    "transport_mode": (
        N_("Departed, by means of transport"),
        partial(term, TRANSPORT_MODES),
        TRANSPORT_MODES.codes,
    ),
}
UNKNOWN = "–"


@dataclass(frozen=True)
class ReturnFigure:
    """One figure and how it is written."""

    indicator: Indicator[Any, Any]
    text: str


@dataclass(frozen=True)
class Split:
    """The people who departed by one thing: heading, how a code is said, bars."""

    title: str
    label: Any
    rows: list[charts.Row]


@dataclass(frozen=True)
class ReturnPart:
    """The figures in their groups, the splits that are shown, and whether anything is hidden."""

    groups: list[list[ReturnFigure]]
    splits: list[Split]
    hides: bool


def get_part(figures: Figures) -> ReturnPart:
    """What is shown of these figures."""
    returns = figures.returns
    groups = [[ReturnFigure(RETURNS[code], _text(code, figures)) for code in g] for g in GROUPS]
    splits = [
        Split(gettext(title), label, charts.rows(cells, order))
        for name, (title, label, order) in SPLITS.items()
        if (cells := returns.departed[name])
    ]
    hides = not figures.returns.shown.issuperset((*RETURNS, *SPLITS))
    return ReturnPart(groups, splits, hides)


def _text(code: str, figures: Figures) -> str:
    value = figures.returns.values[code]
    if value is not None:
        return number(value)
    if code in figures.returns.shown:
        return UNKNOWN
    is_total = figures.wanted.country is not None and code not in (CHILDREN_ALONE, MEDIAN_DAYS)
    hidden = gettext("fewer than %(n)s", n=number(FEWEST)) if is_total else gettext("not shown")
    return str(hidden)
