"""The counters of a page by sex and age band, as they were typed: `female-age_25_59` = "2"."""

from collections.abc import Iterable, Mapping

from app.codelists.shared_codelists import AGE_BANDS, SEXES, UNKNOWN_AGES
from app.composition import PersonCount

PREFIX = "persons-"


def counts_of(people: Iterable[PersonCount]) -> dict[str, str]:
    """The counters that show a group."""
    return {f"{one.sex}-{one.age_band}": str(one.n) for one in people}


def counts_of_form(form: Mapping[str, str]) -> dict[str, str]:
    """The counters as they were sent, right or wrong."""
    return {name.removeprefix(PREFIX): form[name][:4] for name in form if name.startswith(PREFIX)}


def has_unknown(counts: Mapping[str, str]) -> bool:
    """Whether anything stands in a box of people whose age is not known."""
    return any(counts.get(f"{sex}-{band}") for sex in SEXES.codes for band in UNKNOWN_AGES)


def party_of(counts: Mapping[str, str]) -> list[PersonCount]:
    """The people that can be read from what was typed."""
    read = []
    for sex in SEXES.codes:
        for band in AGE_BANDS.codes:
            said = counts.get(f"{sex}-{band}", "").strip()
            if said.isascii() and said.isdecimal() and len(said) < 3 and int(said):
                read.append(PersonCount(sex, band, int(said)))
    return read
