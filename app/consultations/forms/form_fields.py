"""Converts the form fields of a consultation to the shape of its JSON."""

import re

from werkzeug.datastructures import MultiDict

from app.codelists.shared_codelists import AGE_BANDS, SEXES
from app.json_object import JsonObject

LIST_FIELDS = ("topics", "outcomes", "flags")
NUMBER_FIELDS = ("taps", "milliseconds", "sequence", "version")
GROUP_FIELD = re.compile(r"groups-([0-7])-(nationality|situation|repeat_contact)")
PERSONS_FIELD = re.compile(
    r"groups-([0-7])-(" + "|".join(SEXES.codes) + r")-(" + "|".join(AGE_BANDS.codes) + r")"
)
NOT_CONTENT = frozenset({"csrf_token"})
GROUP_MARKERS = frozenset({"nationality", "persons"})
WHOLE = re.compile(r"-?[0-9]{1,11}")


def from_form(form: "MultiDict[str, str]") -> JsonObject:
    """Return form fields in the shape of the JSON.

    A counter that is empty or 0 holds nobody; a second or later group without nationality and people is left out. An
    unknown field keeps its name, so that `parse_consultation` refuses it.
    """
    raw: JsonObject = {}
    groups: dict[int, JsonObject] = {}
    for name, values in form.lists():
        if name in NOT_CONTENT:
            continue
        if name in LIST_FIELDS:
            raw[name] = list(values)
        elif name == "card":
            raw[name] = _last_card(values)
        elif not _take_group_field(groups, name, values):
            value = values[-1]
            raw[name] = _number(value) if name in NUMBER_FIELDS else value or None
    used = [groups[n] for n in sorted(groups) if n == 0 or groups[n].keys() & GROUP_MARKERS]
    return {"groups": used, **raw} if used else raw


def _take_group_field(groups: dict[int, JsonObject], name: str, values: list[str]) -> bool:
    group_field = GROUP_FIELD.fullmatch(name)
    if group_field:
        chosen = [value for value in values if value]
        if chosen:
            groups.setdefault(int(group_field[1]), {})[group_field[2]] = chosen[-1]
        return True
    cell = PERSONS_FIELD.fullmatch(name)
    if cell:
        n = _number(values[-1])
        if n not in (0, None):
            count = {"sex": cell[2], "age_band": cell[3], "n": n}
            groups.setdefault(int(cell[1]), {}).setdefault("persons", []).append(count)
    return cell is not None


def _last_card(values: list[str]) -> str | None:
    """Return the typed code, else the mark that a card stays attached: a correction form has both fields."""
    return next((value.strip() for value in reversed(values) if value.strip()), None)


def _number(value: str) -> int | str | None:
    text = value.strip()
    return int(text) if WHOLE.fullmatch(text) else text or None
