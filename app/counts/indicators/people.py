"""Figures of people and their contacts: code, label, unit, definition in words and formula (counting.md)."""

from app.codelists.codelist import N_
from app.counts.indicators.indicator import Indicator
from app.counts.rules.people import PeopleAggregates

IN_TWO_COUNTRIES = N_(
    "Visitor cards are exact across countries; somebody without a card may be counted in two."
)
CONTACT, PERSON = N_("contacts"), N_("persons")

_ALL: tuple[Indicator[PeopleAggregates, int], ...] = (
    Indicator(
        "consultations",
        N_("consultations"),
        CONTACT,
        N_("Contacts of a person or group with a desk in the month, refusals included."),
        PeopleAggregates.consultations,
    ),
    Indicator(
        "tallies",
        N_("refusals to be recorded"),
        CONTACT,
        N_(
            "Consultations in which the person did not want to be recorded: counted, nothing noted."
        ),
        PeopleAggregates.tallies,
    ),
    Indicator(
        "persons_in_consultations",
        N_("persons in consultations"),
        PERSON,
        N_(
            "Everybody present in a consultation of the month; a person who came twice counts twice."
        ),
        PeopleAggregates.persons_in_consultations,
    ),
    Indicator(
        "reached_low",
        N_("persons reached"),
        PERSON,
        N_(
            "Different persons who received something in the month. People who come again are"
            " recognised by the visitor card and the same sex, age and nationality, or by "
            "their answer."
        ),
        PeopleAggregates.reached_low,
        IN_TWO_COUNTRIES,
    ),
    Indicator(
        "reached_high",
        N_("persons reached at most"),
        PERSON,
        N_("Persons reached, and everybody who does not know whether they came before."),
        PeopleAggregates.reached_high,
    ),
    Indicator(
        "reached_unknown",
        N_("do not know whether they came before"),
        PERSON,
        N_("Persons who received something and cannot say whether they came before."),
        PeopleAggregates.reached_unknown,
    ),
    Indicator(
        "new",
        N_("new persons"),
        PERSON,
        N_("Persons whose first contact of the year was in the month, by card or by answer."),
        PeopleAggregates.new,
    ),
    Indicator(
        "year_reached_low",
        N_("persons reached, year to date"),
        PERSON,
        N_(
            "Different persons since the year began: new persons added up, never the months' "
            "persons reached."
        ),
        PeopleAggregates.year_reached_low,
        IN_TWO_COUNTRIES,
    ),
    Indicator(
        "year_reached_high",
        N_("persons reached at most, year to date"),
        PERSON,
        N_(
            "Persons reached since the year began, and everybody who does not know whether they came before."
        ),
        PeopleAggregates.year_reached_high,
    ),
    Indicator(
        "year_reached_unknown",
        N_("do not know whether they came before, year to date"),
        PERSON,
        N_("Persons since the year began who cannot say whether they came before."),
        PeopleAggregates.year_reached_unknown,
    ),
    Indicator(
        "year_consultations",
        N_("consultations, year to date"),
        CONTACT,
        N_("Contacts since the reporting year began, refusals included."),
        PeopleAggregates.year_consultations,
    ),
    Indicator(
        "year_persons_in_consultations",
        N_("persons in consultations, year to date"),
        PERSON,
        N_("Everybody present in a consultation since the reporting year began, repeats included."),
        PeopleAggregates.year_persons_in_consultations,
    ),
)
PEOPLE = {indicator.code: indicator for indicator in _ALL}
