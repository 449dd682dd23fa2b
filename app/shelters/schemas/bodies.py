"""Schemas of what a shelter reports, by JSON or form: the beds of a category, and whether it accepts people."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic_core import CoreSchema, core_schema

from app.field_errors import FieldError
from app.shelters.actions.beds import BedUpdate
from app.shelters.vocabulary import BED_CATEGORIES, BED_REASONS
from app.text_limits import is_too_long
from app.web.schemas.body import Body, parse
from app.web.schemas.errors import error_of
from app.web.schemas.fields import CodeOf, ReadBy

MAX_BEDS = 9999
MAX_CHANGE = 99
CONFIRMED = (True, "1", "true")
ACCEPTING = {"1": True, "0": False}
"""How a form says whether a shelter accepts people."""


def _read_beds(value: Any) -> int | None:
    return _read_number(value, 0)


def _read_change(value: Any) -> int | None:
    return _read_number(value, -MAX_CHANGE)


def _read_number(value: Any, least: int) -> int | None:
    """Return an optional number of beds; forms send it as digits."""
    if value in (None, ""):
        return None
    n = _whole_number(value)
    if n is None or not least <= n <= MAX_BEDS:
        raise error_of("not_a_bed_number")
    return n


def _whole_number(value: Any) -> int | None:
    if isinstance(value, str):
        digits = value.removeprefix("-")
        is_valid = digits.isascii() and digits.isdecimal() and len(digits) < 5
        return int(value) if is_valid else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _read_confirmed(value: Any) -> bool:
    if value not in CONFIRMED:
        raise error_of("required")
    return True


def _read_reason(value: Any) -> str:
    """Return the reason as text; the action looks it up once the beds are locked."""
    if is_too_long(value):
        raise error_of("too_long")
    return str(value or "")


def _read_accepting(value: Any) -> bool:
    if value in (None, ""):
        raise error_of("required")
    if isinstance(value, bool):
        return value
    if not isinstance(value, str) or value not in ACCEPTING:
        raise error_of("unreadable")
    return ACCEPTING[value]


def _number_schema(least: int) -> CoreSchema:
    digits = core_schema.str_schema(pattern="^-?[0-9]{1,4}$" if least < 0 else "^[0-9]{1,4}$")
    return core_schema.union_schema([core_schema.int_schema(ge=least, le=MAX_BEDS), digits])


_BEDS = ReadBy(_read_beds, _number_schema(0), optional=True)
_CHANGE = ReadBy(_read_change, _number_schema(-MAX_CHANGE), optional=True)
_REASON = core_schema.literal_schema([*BED_REASONS.codes, ""])


class BedsBody(Body):
    """The numbers of one category; one that is left out stays, `occupied_by` is added to `occupied`."""

    category: Annotated[str, CodeOf(BED_CATEGORIES.codes)]
    capacity: Annotated[int | None, _BEDS]
    blocked: Annotated[int | None, _BEDS]
    occupied: Annotated[int | None, _BEDS]
    occupied_by: Annotated[int | None, _CHANGE]
    confirmed: Annotated[bool, ReadBy(_read_confirmed, core_schema.literal_schema([*CONFIRMED]))]
    reason: Annotated[str, ReadBy(_read_reason, _REASON, "", optional=True)]


class AcceptingBody(Body):
    """Whether the shelter accepts people."""

    accepting: Annotated[
        bool, ReadBy(_read_accepting, core_schema.literal_schema([True, False, *ACCEPTING]))
    ]


def parse_bed_update(raw: Mapping[str, Any]) -> tuple[BedUpdate, list[FieldError]]:
    """Return the update of one category and every error; a number that is left out stays unchanged."""
    parsed = parse(BedsBody, raw)
    body = parsed.body
    bed_update = BedUpdate(
        category=body.category,
        capacity=body.capacity,
        blocked=body.blocked,
        occupied=body.occupied,
        occupied_by=body.occupied_by or 0,
        reason=body.reason,
    )
    return bed_update, parsed.field_errors
