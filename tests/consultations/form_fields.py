"""Writes a consultation's JSON as the form fields of the same content."""

from typing import Any

LISTS = ("topics", "outcomes", "flags")


def as_fields(content: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the form fields, in order, without what is null or left out."""
    fields = []
    for name, value in content.items():
        if name == "groups":
            fields += [pair for n, group in enumerate(value or ()) for pair in _of_group(n, group)]
        elif name in LISTS:
            fields += [(name, code) for code in value or ()]
        elif value is not None:
            fields.append((name, str(value)))
    return fields


def _of_group(n: int, group: dict[str, Any]) -> list[tuple[str, str]]:
    plain = ("nationality", "situation", "repeat_contact")
    fields = [(f"groups-{n}-{name}", group[name]) for name in plain if name in group]
    for persons in group["persons"]:
        fields.append((f"groups-{n}-{persons['sex']}-{persons['age_band']}", str(persons["n"])))
    return fields
