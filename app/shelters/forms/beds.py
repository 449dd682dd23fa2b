"""Reads what a shelter says of its beds, and whether it takes people in."""

from typing import Any

from app.field_errors import FieldError
from app.shelters.actions.beds import BedUpdate
from app.shelters.vocabulary import BED_CATEGORIES
from app.web.json_reader import JsonReader

BED_FIELDS = frozenset(
    {"category", "capacity", "blocked", "occupied", "occupied_by", "confirmed", "reason"}
)


def parse_bed_update(raw: dict[str, Any]) -> tuple[BedUpdate, list[FieldError]]:
    """What is said of one category, and everything that could not be read; what is left out stays as it is."""
    reader = JsonReader(raw)
    reader.refuse_unknown_fields(raw, BED_FIELDS, "")
    if raw.get("confirmed") not in (True, "1", "true"):
        reader.add_error("confirmed", "required")
    said = BedUpdate(
        reader.choice(raw, "category", BED_CATEGORIES, None),
        _number(reader, "capacity"),
        _number(reader, "blocked"),
        _number(reader, "occupied"),
        _number(reader, "occupied_by", -99) or 0,
        str(raw.get("reason") or ""),
    )
    return said, [FieldError(*one) for one in reader.errors]


def parse_accepting(raw: dict[str, Any]) -> tuple[bool, list[FieldError]]:
    """Whether a shelter says that it takes people in, and what could not be read."""
    reader = JsonReader(raw)
    reader.refuse_unknown_fields(raw, frozenset({"accepting"}), "")
    said = raw.get("accepting")
    if said in (None, ""):
        reader.add_error("accepting", "required")
    elif not isinstance(said, bool) and said not in ("1", "0"):
        reader.add_error("accepting", "unreadable")
    return said in (True, "1"), [FieldError(*one) for one in reader.errors]


def _number(reader: JsonReader, name: str, least: int = 0) -> int | None:
    value = reader.raw.get(name)
    if value in (None, ""):
        return None
    n = _whole(value)
    if n is None or not least <= n <= 9999:
        reader.add_error(name, "not_a_bed_number")
        return None
    return n


def _whole(value: Any) -> int | None:
    if isinstance(value, str):
        digits = value.removeprefix("-")
        right = digits.isascii() and digits.isdecimal() and len(digits) < 5
        return int(value) if right else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
