"""Codelists that several packages share: sex, age, situation, modality, nationality, language."""

import csv
from functools import cache
from pathlib import Path

from app.codelists.codelist import N_, Codelist, Term

HERE = Path(__file__).parent

SEXES = Codelist(
    "sex",
    Term("female", N_("Female")),
    Term("male", N_("Male")),
    Term("other", N_("Other / non-binary")),
    Term("not_stated", N_("Sex not stated")),
)
SHORT_SEXES = {"other": N_("Other identity"), "not_stated": N_("No answer")}
AGE_BANDS = Codelist(
    "age_band",
    Term("age_0_4", N_("0–4 years")),
    Term("age_5_11", N_("5–11 years")),
    Term("age_12_17", N_("12–17 years")),
    Term("age_18_24", N_("18–24 years")),
    Term("age_25_59", N_("25–59 years")),
    Term("age_60_plus", N_("60 years or over")),
    Term("unknown_child", N_("Under 18, band unknown")),
    Term("unknown_adult", N_("18 or over, band unknown")),
    Term("unknown", N_("Age not stated")),
)
SHORT_AGES = {
    "age_0_4": "0–4",
    "age_5_11": "5–11",
    "age_12_17": "12–17",
    "age_18_24": "18–24",
    "age_25_59": "25–59",
    "age_60_plus": "60+",
}
STATED_AGE_BANDS = tuple(SHORT_AGES)
CHILDREN = frozenset({"age_0_4", "age_5_11", "age_12_17", "unknown_child"})
UNKNOWN_AGE_BANDS = ("unknown_child", "unknown_adult", "unknown")
COUNTER_LISTS: dict[str, object] = {
    "SEXES": SEXES,
    "SHORT_SEXES": SHORT_SEXES,
    "AGE_BANDS": AGE_BANDS,
    "SHORT_AGES": SHORT_AGES,
    "STATED_AGE_BANDS": STATED_AGE_BANDS,
    "UNKNOWN_AGE_BANDS": UNKNOWN_AGE_BANDS,
}
"""The variables of every template with counters of people by sex and age band."""
SITUATIONS = Codelist(
    "mobility_situation",
    Term("in_transit", N_("In transit")),
    Term("in_destination", N_("In destination country")),
    Term("pendular", N_("Pendular / cross-border")),
    Term("returnee", N_("Returnee")),
    Term("potential_migrant", N_("Potential migrant")),
    Term("host_community", N_("Host community member")),
    Term("internally_displaced", N_("Internally displaced")),
    Term("stranded", N_("Stranded")),
    Term("family_of_migrant", N_("Relative of a migrant")),
    Term("unknown", N_("Situation not stated")),
)
REPEAT_CONTACTS = Codelist(
    "repeat_contact",
    Term("first_this_year", N_("First time this year")),
    Term("first_this_month", N_("Came this year, first this month")),
    Term("repeat_this_month", N_("Already came this month")),
    Term("unknown", N_("Does not know")),
)
MODALITIES = Codelist(
    "service_modality",
    Term("informational", N_("Informational")),
    Term("transactional", N_("Transactional (appointment, form, upload)")),
    Term("accompaniment", N_("Accompaniment to another office")),
)
SPECIAL_NATIONALITIES = Codelist(
    "nationality",
    Term("XXA", N_("Stateless")),
    Term("XXX", N_("Nationality not stated")),
)
USUAL_NATIONALITIES = ("HND", "GTM", "SLV", "NIC", "VEN", "HTI", "CUB", "COL", "ECU", "MEX")


@cache
def world_countries() -> dict[str, str]:
    """Return the alpha-2 codes of ISO 3166-1 by alpha-3."""
    with (HERE / "countries.csv").open(encoding="utf-8", newline="") as file:
        return {row["alpha3"]: row["alpha2"] for row in csv.DictReader(file)}


@cache
def nationalities() -> frozenset[str]:
    """Return every code of a nationality: ISO alpha-3, stateless, unspecified."""
    return frozenset((*world_countries(), *SPECIAL_NATIONALITIES.codes))


@cache
def languages() -> dict[str, tuple[str, str]]:
    """Return the languages spoken at desks by ISO 639-3 code: alpha-2 (may be empty) and the Spanish name."""
    with (HERE / "languages.csv").open(encoding="utf-8", newline="") as file:
        return {row["code"]: (row["alpha2"], row["name"]) for row in csv.DictReader(file)}
