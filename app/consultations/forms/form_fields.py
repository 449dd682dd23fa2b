"""Turns the form fields of a consultation into the same shape as its JSON."""

import re
from typing import Any

from werkzeug.datastructures import MultiDict

from app.codelists.shared_codelists import AGE_BANDS, SEXES

LISTS = ("topics", "outcomes", "flags")
NUMBERS = ("taps", "milliseconds", "sequence", "version")
GROUP_FIELD = re.compile(r"groups-([0-7])-(nationality|situation|repeat_contact)")
PERSONS_FIELD = re.compile(
    r"groups-([0-7])-(" + "|".join(SEXES.codes) + r")-(" + "|".join(AGE_BANDS.codes) + r")"
)
NOT_CONTENT = frozenset({"csrf_token"})
TOUCHED = frozenset({"nationality", "persons"})
WHOLE = re.compile(r"-?[0-9]{1,11}")


def from_form(form: "MultiDict[str, str]") -> dict[str, Any]:
    """The JSON shape of form fields.

    A box left empty or at 0 holds nobody; a further group that nobody touched is no group.

    A field that is none of ours keeps its name and so is refused as unknown by whoever reads the result.
    """
    raw: dict[str, Any] = {}
    groups: dict[int, dict[str, Any]] = {}
    for name, values in form.lists():
        if name in NOT_CONTENT:
            continue
        if name in LISTS:
            raw[name] = list(values)
        elif name == "card":
            raw[name] = _last_said(values)
        elif not _take_group_field(groups, name, values):
            value = values[-1]
            raw[name] = _number(value) if name in NUMBERS else value or None
    kept = [groups[n] for n in sorted(groups) if n == 0 or groups[n].keys() & TOUCHED]
    return {"groups": kept, **raw} if kept else raw


def _take_group_field(groups: dict[int, dict[str, Any]], name: str, values: list[str]) -> bool:
    plain = GROUP_FIELD.fullmatch(name)
    if plain:
        chosen = [value for value in values if value]
        if chosen:
            groups.setdefault(int(plain[1]), {})[plain[2]] = chosen[-1]
        return True
    cell = PERSONS_FIELD.fullmatch(name)
    if cell:
        n = _number(values[-1])
        if n not in (0, None):
            some = {"sex": cell[2], "age_band": cell[3], "n": n}
            groups.setdefault(int(cell[1]), {}).setdefault("persons", []).append(some)
    return cell is not None


def _last_said(values: list[str]) -> str | None:
    """The code typed, else that a card is attached as it was: the page offers both in a correction."""
    return next((value.strip() for value in reversed(values) if value.strip()), None)


def _number(value: str) -> int | str | None:
    text = value.strip()
    return int(text) if WHOLE.fullmatch(text) else text or None
