"""Figures of people and their contacts: code, label, unit, definition in words and formula (counting.md)."""

from app.codelists.codelist import N_
from app.counts.indicators.indicator import Indicator
from app.counts.rules.people import Cells, low, unknown

IN_TWO_COUNTRIES = N_(
    "Visitor cards are exact across countries; somebody without a card may be counted in two."
)
CONTACT, PERSON = N_("contacts"), N_("persons")


def _consultations(cells: Cells) -> int:
    return sum(v.consultations for v in cells.volumes if v.month == cells.month)


def _tallies(cells: Cells) -> int:
    return sum(v.tallies for v in cells.volumes if v.month == cells.month)


def _persons(cells: Cells) -> int:
    return sum(v.persons for v in cells.volumes if v.month == cells.month)


def _reached_low(cells: Cells) -> int:
    return low(cells.reaches, cells.month, cells.month)


def _reached_unknown(cells: Cells) -> int:
    return unknown(cells.reaches, cells.month, cells.month)


def _reached_high(cells: Cells) -> int:
    return _reached_low(cells) + _reached_unknown(cells)


def _new(cells: Cells) -> int:
    this_month = tuple(some for some in cells.reaches if some.month == cells.month)
    return low(this_month, cells.year_start, cells.month)


def _year_low(cells: Cells) -> int:
    return low(cells.reaches, cells.year_start, cells.month)


def _year_unknown(cells: Cells) -> int:
    return unknown(cells.reaches, cells.year_start, cells.month)


def _year_high(cells: Cells) -> int:
    return _year_low(cells) + _year_unknown(cells)


def _year_consultations(cells: Cells) -> int:
    year = range(cells.year_start, cells.month + 1)
    return sum(v.consultations for v in cells.volumes if v.month in year)


def _year_persons(cells: Cells) -> int:
    year = range(cells.year_start, cells.month + 1)
    return sum(v.persons for v in cells.volumes if v.month in year)


_ALL: tuple[Indicator[Cells, int], ...] = (
    Indicator(
        "consultations",
        N_("consultations"),
        CONTACT,
        N_("Contacts of a person or group with a desk in the month, refusals included."),
        _consultations,
    ),
    Indicator(
        "tallies",
        N_("refusals to be recorded"),
        CONTACT,
        N_(
            "Consultations in which the person did not want to be recorded: counted, nothing noted."
        ),
        _tallies,
    ),
    Indicator(
        "persons_in_consultations",
        N_("persons in consultations"),
        PERSON,
        N_("Everybody present in a consultation of the month; who came twice counts twice."),
        _persons,
    ),
    Indicator(
        "reached_low",
        N_("persons reached"),
        PERSON,
        N_(
            "Different persons who received something in the month. Who comes again is known by the "
            "visitor card and the same sex, age and nationality, or by their answer."
        ),
        _reached_low,
        IN_TWO_COUNTRIES,
    ),
    Indicator(
        "reached_high",
        N_("persons reached at most"),
        PERSON,
        N_("Persons reached, and everybody who does not know whether they came before."),
        _reached_high,
    ),
    Indicator(
        "reached_unknown",
        N_("do not know whether they came before"),
        PERSON,
        N_("Persons who received something and cannot say whether they came before."),
        _reached_unknown,
    ),
    Indicator(
        "new",
        N_("new persons"),
        PERSON,
        N_("Persons whose first contact of the year was in the month, by card or by answer."),
        _new,
    ),
    Indicator(
        "year_reached_low",
        N_("persons reached, year to date"),
        PERSON,
        N_(
            "Different persons since the year began: new persons added up, never the months' "
            "persons reached."
        ),
        _year_low,
        IN_TWO_COUNTRIES,
    ),
    Indicator(
        "year_reached_high",
        N_("persons reached at most, year to date"),
        PERSON,
        N_("Persons reached since the year began, and everybody who does not know about before."),
        _year_high,
    ),
    Indicator(
        "year_reached_unknown",
        N_("do not know whether they came before, year to date"),
        PERSON,
        N_("Persons since the year began who cannot say whether they came before."),
        _year_unknown,
    ),
    Indicator(
        "year_consultations",
        N_("consultations, year to date"),
        CONTACT,
        N_("Contacts since the reporting year began, refusals included."),
        _year_consultations,
    ),
    Indicator(
        "year_persons_in_consultations",
        N_("persons in consultations, year to date"),
        PERSON,
        N_("Everybody present in a consultation since the reporting year began, repeats included."),
        _year_persons,
    ),
)
INDICATORS = {indicator.code: indicator for indicator in _ALL}


def reckon(cells: Cells) -> dict[str, int]:
    """Every figure by its code."""
    return {code: indicator.formula(cells) for code, indicator in INDICATORS.items()}
