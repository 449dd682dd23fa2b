"""Types of the fields of bodies: codes, texts, numbers, days, record numbers; each reports a code of FIELD_ERRORS."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from app.text_limits import MAX_TEXT_LENGTH, is_too_long
from app.web.schemas.errors import error_of

UUID_PATTERN = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
DAY_PATTERN = r"(?:19|[2-9]\d)\d{2}-\d{2}-\d{2}"
_UUID = re.compile(UUID_PATTERN)
_DAY = re.compile(DAY_PATTERN, re.ASCII)
_DIGITS = re.compile("[0-9]{1,8}")


@dataclass(frozen=True)
class CodeOf:
    """A code of a list, else `unknown_code`; required unless there is a default, which null and "" stand for too."""

    codes: Collection[str]
    default: str | None = None

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        if self.default is None:
            return with_code("unknown_code", core_schema.literal_schema([*self.codes]))
        optional = with_code("unknown_code", core_schema.literal_schema([*self.codes, "", None]))
        filled = core_schema.no_info_after_validator_function(self._fill, optional)
        return core_schema.with_default_schema(filled, default=self.default)

    def _fill(self, value: str | None) -> str:
        return value or self.default or ""


@dataclass(frozen=True)
class ReadBy:
    """A field that a function reads: it returns the value or raises `error_of(code)`; `schema` describes its input.

    With `optional` the field may be left out; null is left to the function.
    """

    function: Callable[[Any], Any]
    schema: CoreSchema
    blank: Any = None
    optional: bool = False

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        described = core_schema.nullable_schema(self.schema) if self.optional else self.schema
        schema = core_schema.no_info_plain_validator_function(
            self.function, json_schema_input_schema=described, metadata={"blank": self.blank}
        )
        return (
            core_schema.with_default_schema(schema, default=self.blank) if self.optional else schema
        )


@dataclass(frozen=True)
class WholeNumber:
    """A whole number within limits, else `out_of_range` or `not_a_number`; with `code` that code for both.

    With `optional` the field may be left out or null.
    """

    least: int | None = None
    most: int | None = None
    code: str = ""
    optional: bool = False

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema: CoreSchema = core_schema.int_schema(strict=True, ge=self.least, le=self.most)
        if self.optional:
            schema = core_schema.nullable_schema(schema)
        if self.code:
            schema = with_code(self.code, schema)
        return core_schema.with_default_schema(schema, default=None) if self.optional else schema


class Checkbox:
    """True or false, else `unreadable`; false if it is left out."""

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = with_code("unreadable", core_schema.bool_schema(strict=True))
        return core_schema.with_default_schema(schema, default=False)


def with_code(code: str, schema: CoreSchema) -> CoreSchema:
    """Return the schema whose every error has this code."""
    return core_schema.custom_error_schema(
        schema, custom_error_type=code, custom_error_message=code
    )


def read_text(value: Any) -> str:
    """Return a required text of at most MAX_TEXT_LENGTH characters."""
    if value is None or value == "":
        raise error_of("required")
    if not isinstance(value, str):
        raise error_of("unreadable")
    if is_too_long(value):
        raise error_of("too_long")
    return value


def read_uuid(value: Any) -> str:
    """Return a required UUID of version 4 in lower case, as clients make them."""
    text = read_text(value).lower()
    if not _UUID.fullmatch(text):
        raise error_of("not_a_uuid")
    return text


def read_day(value: Any) -> date:
    """Return a required day of ISO 8601, written with dashes, not before 1900."""
    text = read_text(value)
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise error_of("not_a_date")


def read_reference(value: Any) -> str:
    """Return the id of another record in any notation of a UUID; empty if there is none."""
    if value in (None, ""):
        return ""
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise error_of("not_a_uuid") from None


def read_number(value: Any) -> int | None:
    """Return an optional whole number; forms send it as digits."""
    if value in (None, ""):
        return None
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise error_of("not_a_number")


_TEXT = core_schema.str_schema(min_length=1, max_length=MAX_TEXT_LENGTH)
RequiredText = Annotated[str, ReadBy(read_text, _TEXT, "")]
ClientUuid = Annotated[
    str, ReadBy(read_uuid, core_schema.str_schema(pattern=f"^(?i:{UUID_PATTERN})$"), "")
]
Day = Annotated[date, ReadBy(read_day, core_schema.date_schema())]
"""A day; None in what the lenient schema reads if there is no readable one."""
Version = Annotated[int, WholeNumber()]
OptionalVersion = Annotated[int | None, WholeNumber(optional=True)]
Reference = Annotated[str, ReadBy(read_reference, core_schema.uuid_schema(), "", optional=True)]
"""The id of the record that this one comes from; empty if there is none."""
NUMBER = core_schema.union_schema(
    [core_schema.int_schema(), core_schema.str_schema(pattern=f"^{_DIGITS.pattern}$")]
)
"""A whole number in a body, also as digits."""
OptionalNumber = Annotated[int | None, ReadBy(read_number, NUMBER, optional=True)]
