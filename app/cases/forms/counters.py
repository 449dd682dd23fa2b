"""The counters of people on a page, by sex and age band, as typed text: `female-age_25_59` = "2"."""

from collections.abc import Iterable, Mapping

from app.codelists.shared_codelists import AGE_BANDS, SEXES, UNKNOWN_AGE_BANDS
from app.composition import PersonCount

PREFIX = "persons-"


def counts_of(persons: Iterable[PersonCount]) -> dict[str, str]:
    """Return the counters that show a group."""
    return {f"{group.sex}-{group.age_band}": str(group.n) for group in persons}


def counts_from_form(form: Mapping[str, str]) -> dict[str, str]:
    """Return the counters as they were sent, valid or not."""
    return {name.removeprefix(PREFIX): form[name][:4] for name in form if name.startswith(PREFIX)}


def has_unknown_ages(counts: Mapping[str, str]) -> bool:
    """Whether a counter for people of unknown age is filled."""
    return any(counts.get(f"{sex}-{band}") for sex in SEXES.codes for band in UNKNOWN_AGE_BANDS)


def persons_of(counts: Mapping[str, str]) -> list[PersonCount]:
    """Return the people of all counters that hold a number from 1 to 99."""
    persons = []
    for sex in SEXES.codes:
        for band in AGE_BANDS.codes:
            text = counts.get(f"{sex}-{band}", "").strip()
            if text.isascii() and text.isdecimal() and len(text) < 3 and int(text):
                persons.append(PersonCount(sex, band, int(text)))
    return persons
