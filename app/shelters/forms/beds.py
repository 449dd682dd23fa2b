"""Parses updates of a shelter's beds, and whether it accepts people."""

from typing import Any

from app.field_errors import FieldError
from app.shelters.actions.beds import BedUpdate
from app.shelters.vocabulary import BED_CATEGORIES
from app.web.json_reader import JsonReader

BED_FIELDS = frozenset(
    {"category", "capacity", "blocked", "occupied", "occupied_by", "confirmed", "reason"}
)


def parse_bed_update(raw: dict[str, Any]) -> tuple[BedUpdate, list[FieldError]]:
    """Return the update of one category and every error; a number that is absent stays unchanged."""
    reader = JsonReader(raw)
    reader.refuse_unknown_fields(raw, BED_FIELDS, "")
    if raw.get("confirmed") not in (True, "1", "true"):
        reader.add_error("confirmed", "required")
    bed_update = BedUpdate(
        reader.choice(raw, "category", BED_CATEGORIES, None),
        _number(reader, "capacity"),
        _number(reader, "blocked"),
        _number(reader, "occupied"),
        _number(reader, "occupied_by", -99) or 0,
        str(raw.get("reason") or ""),
    )
    return bed_update, [FieldError(*error) for error in reader.errors]


def parse_accepting(raw: dict[str, Any]) -> tuple[bool, list[FieldError]]:
    """Return whether the shelter accepts people, and every error."""
    reader = JsonReader(raw)
    reader.refuse_unknown_fields(raw, frozenset({"accepting"}), "")
    value = raw.get("accepting")
    if value in (None, ""):
        reader.add_error("accepting", "required")
    elif not isinstance(value, bool) and value not in ("1", "0"):
        reader.add_error("accepting", "unreadable")
    return value in (True, "1"), [FieldError(*error) for error in reader.errors]


def _number(reader: JsonReader, name: str, minimum: int = 0) -> int | None:
    value = reader.raw.get(name)
    if value in (None, ""):
        return None
    n = _whole_number(value)
    if n is None or not minimum <= n <= 9999:
        reader.add_error(name, "not_a_bed_number")
        return None
    return n


def _whole_number(value: Any) -> int | None:
    if isinstance(value, str):
        digits = value.removeprefix("-")
        is_valid = digits.isascii() and digits.isdecimal() and len(digits) < 5
        return int(value) if is_valid else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None
