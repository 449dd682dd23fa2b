"""Figures of voluntary return: code, label, unit, definition in words and formula (domain.md §4.3)."""

from app.codelists.codelist import N_
from app.counts.indicators.indicator import Indicator
from app.counts.rules.returns import CHILDREN_ALONE, DEPARTED, MEDIAN_DAYS, ReturnTotals

REQUESTS, PERSONS, DAYS = N_("requests"), N_("persons"), N_("days")

_ALL: tuple[Indicator[ReturnTotals, int | float | None], ...] = (
    Indicator(
        "opened",
        N_("return requests opened"),
        REQUESTS,
        N_(
            "People or groups who asked about voluntary return in the month; duplicates do not count."
        ),
        ReturnTotals.opened,
    ),
    Indicator(
        "withdrawn",
        N_("requests withdrawn"),
        REQUESTS,
        N_("The people changed their mind in the month, as they may at any time before departure."),
        ReturnTotals.withdrawn,
    ),
    Indicator(
        "handed_over",
        N_("requests handed over"),
        REQUESTS,
        N_(
            "Handed over in the month to the return programme, with both conditions of a free choice and a valid "
            "consent."
        ),
        ReturnTotals.handed_over,
    ),
    Indicator(
        DEPARTED,
        N_("persons departed"),
        PERSONS,
        N_(
            "People who departed in the month, each once, by the date at the desk. A removal by an authority is no "
            "return and never counts."
        ),
        ReturnTotals.departed_persons,
    ),
    Indicator(
        CHILDREN_ALONE,
        N_("children who departed alone"),
        PERSONS,
        N_(
            "Those under 18 among the persons departed, in requests of a child without an adult of the family; never "
            "given for one desk."
        ),
        ReturnTotals.children_alone,
    ),
    Indicator(
        MEDIAN_DAYS,
        N_("days from consent to departure"),
        DAYS,
        N_(
            "Of the requests that departed in the month: half of them took less than this from the first consent to "
            "the day of departure."
        ),
        ReturnTotals.median_days,
    ),
)
RETURNS = {indicator.code: indicator for indicator in _ALL}
