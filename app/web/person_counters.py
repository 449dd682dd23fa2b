"""Reads the counters of people in a form, by sex and age band."""

from collections.abc import Mapping
from typing import Any

from app.codelists.shared_codelists import AGE_BANDS, SEXES
from app.json_object import JsonObject


def person_counts_from_form(form: Mapping[str, str]) -> list[JsonObject]:
    """Return a form's counters, `persons-female-age_25_59` = n, in the shape of the JSON; unknown names included."""
    counts = []
    for sex in SEXES.codes:
        for band in AGE_BANDS.codes:
            text = form.get(f"persons-{sex}-{band}", "").strip()
            if text not in ("", "0"):
                is_number = text.isascii() and text.isdecimal() and len(text) < 4
                n: Any = int(text) if is_number else text
                counts.append({"sex": sex, "age_band": band, "n": n})
    unknown = [name for name in form if name.startswith("persons-") and not _is_counter(name)]
    return counts + [{name[8:88]: 1} for name in unknown]


def _is_counter(name: str) -> bool:
    _, _, rest = name.partition("-")
    sex, _, band = rest.partition("-")
    return sex in SEXES and band in AGE_BANDS
