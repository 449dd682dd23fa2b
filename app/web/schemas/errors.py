"""Errors of a schema as pairs of a field's path (`groups.0.persons.1.n`) and a code of FIELD_ERRORS."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from pydantic import ValidationError
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from app.field_errors import FIELD_ERRORS
from app.text_limits import is_too_long

FieldErrorCode: TypeAlias = tuple[str, str]
"""A field's path and the code of its error."""
Location: TypeAlias = tuple[int | str, ...]
MAX_NAME_LENGTH = 80
UNKNOWN = frozenset({"extra_forbidden", "unexpected_keyword_argument"})
CODES = {
    **dict.fromkeys(UNKNOWN, "unknown_field"),
    "missing": "required",
    "int_type": "not_a_number",
    "greater_than_equal": "out_of_range",
    "less_than_equal": "out_of_range",
}
"""The codes of pydantic's own types of errors; any other type that is no code is `unreadable`."""
PEOPLE_FIELDS = frozenset({"groups", "persons"})
"""Fields without which nobody came: they have a code of their own if they are missing."""
BLANK_TYPES = frozenset({"unknown_code", "int_type", "bool_type", "list_type", "string_type"})
"""Types of errors that a null causes too: the answer is missing then."""


def error_of(code: str) -> PydanticCustomError:
    """Return the exception by which a type of a field reports a code of FIELD_ERRORS."""
    # Its types ask for literal texts, so that no input gets into a message; codes are those of our own list.
    return PydanticCustomError(code, "{code}", {"code": code})  # type: ignore[arg-type,unused-ignore]


def errors_at(errors: Iterable[tuple[Location, str, Any]]) -> ValidationError:
    """Return the exception that reports several errors: each with its location within the field, code and input."""
    details = [
        InitErrorDetails(type=error_of(code), loc=location, input=value)
        for location, code, value in errors
    ]
    return ValidationError.from_exception_data("", details)


def locate(error: ValidationError) -> Iterator[tuple[Location, str, Any]]:
    """Yield location, code and input of each error."""
    for details in error.errors(include_url=False, include_context=False):
        yield details["loc"], _code(details), details["input"]


def _code(details: ErrorDetails) -> str:
    kind, location, value = details["type"], details["loc"], details["input"]
    if len(location) == 1 and kind not in UNKNOWN and is_too_long(value):
        return "too_long"
    if kind == "missing" and location[-1] in PEOPLE_FIELDS:
        return "no_people"
    is_item = bool(location) and isinstance(location[-1], int)
    if kind in BLANK_TYPES and not is_item and _is_blank(kind, value):
        return "required"
    return CODES.get(kind) or (kind if kind in FIELD_ERRORS else "unreadable")


def _is_blank(kind: str, value: Any) -> bool:
    return value is None or (value == "" and kind == "unknown_code")


def field_error_codes(error: ValidationError) -> tuple[FieldErrorCode, ...]:
    """Return one error per field, unknown fields of the body first, the others in the order of its schema."""
    codes: dict[str, str] = {}
    unknown: dict[str, str] = {}
    for location, code, _ in locate(error):
        is_unknown = code == "unknown_field" and len(location) == 1
        (unknown if is_unknown else codes).setdefault(_path(location, code), code)
    return (*sorted(unknown.items()), *codes.items())


def _path(location: Sequence[int | str], code: str) -> str:
    *parents, name = location or ("",)
    text = str(name)[:MAX_NAME_LENGTH] if code == "unknown_field" else str(name)
    return ".".join([*map(str, parents), text])
