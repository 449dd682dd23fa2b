"""Types of the fields of a return request and its steps; each reports a code of FIELD_ERRORS."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated, Any, TypeAlias
from uuid import UUID

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from app.codelists.shared_codelists import languages
from app.composition import PersonCount
from app.returns.vocabulary import texts
from app.web.schemas.errors import error_of
from app.web.schemas.fields import UUID_PATTERN, CodeOf, ReadBy, read_text, read_uuid
from app.web.schemas.lists import PERSONS

_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FIRST_YEAR, _LAST_YEAR = 2000, 2100
_Info: TypeAlias = core_schema.ValidationInfo


@dataclass(frozen=True)
class TickOf:
    """A statement, false if it is left out; it must be true if `is_required`, given the fields before it."""

    is_required: Callable[[Mapping[str, object]], bool]
    schema: CoreSchema

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        schema = core_schema.with_info_plain_validator_function(
            self._read, json_schema_input_schema=self.schema
        )
        return core_schema.with_default_schema(schema, default=False, validate_default=True)

    def _read(self, value: Any, info: _Info) -> bool:
        if not isinstance(value, bool):
            raise error_of("unreadable")
        if not value and self.is_required(info.data):
            raise error_of("tick_needed")
        return value


def tick_required_with(name: str, code: str) -> TickOf:
    """Return the type of a statement that must be true if an earlier field has this code."""
    return TickOf(lambda earlier: earlier.get(name) == code, core_schema.bool_schema())


class _OptionalPersons:
    """People by sex and age band; None if they are left out."""

    def __get_pydantic_core_schema__(self, _: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        persons = PERSONS.__get_pydantic_core_schema__(None, handler)
        return core_schema.with_default_schema(core_schema.nullable_schema(persons), default=None)


def _read_open_day(value: Any) -> str | None:
    """Return a day as ISO 8601, None if it was left open."""
    if value in (None, ""):
        return None
    is_iso = isinstance(value, str) and _ISO_DAY.fullmatch(value)
    try:
        day = date.fromisoformat(value) if is_iso else None
    except ValueError:
        day = None
    if day is None or not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise error_of("not_a_date")
    return day.isoformat()


def _read_text_version(value: Any) -> str:
    version = read_text(value)
    if version != texts.current():
        raise error_of("text_outdated" if version in texts.versions() else "unknown_code")
    return version


def _read_version(value: Any) -> int:
    if value in (None, ""):
        raise error_of("required")
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 9:
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise error_of("not_a_number")
    return value


def _read_optional_version(value: Any) -> int | None:
    return None if value in (None, "") else _read_version(value)


def _read_code(codes: Collection[str], value: Any) -> str:
    code = read_text(value)
    if code not in codes:
        raise error_of("unknown_code")
    return code


def code_text(codes: Collection[str]) -> ReadBy:
    """Return the type of a required code; what is no text is `unreadable`."""
    return ReadBy(partial(_read_code, codes), core_schema.literal_schema([*sorted(codes)]), "")


def _read_consultation(value: Any) -> str:
    """Return the id of a consultation, empty if there is none."""
    if value in (None, ""):
        return ""
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise error_of("not_a_uuid") from None


_INTEGER = core_schema.int_schema()
_UUID = core_schema.str_schema(pattern=f"^(?i:{UUID_PATTERN})$")
Tick = Annotated[bool, TickOf(lambda _: False, core_schema.bool_schema())]
RequiredTick = Annotated[bool, TickOf(lambda _: True, core_schema.literal_schema([True]))]
OptionalPersons = Annotated[tuple[PersonCount, ...] | None, _OptionalPersons()]
OpenDay = Annotated[str | None, ReadBy(_read_open_day, core_schema.date_schema(), optional=True)]
SpokenLanguage = Annotated[str, CodeOf(languages())]
TextVersion = Annotated[str, ReadBy(_read_text_version, core_schema.str_schema(min_length=1), "")]
SeenVersion = Annotated[int, ReadBy(_read_version, _INTEGER, 0)]
OptionalSeenVersion = Annotated[int | None, ReadBy(_read_optional_version, _INTEGER, optional=True)]
OptionalUuid = Annotated[str, ReadBy(read_uuid, _UUID, "", optional=True)]
OriginConsultation = Annotated[
    str, ReadBy(_read_consultation, core_schema.str_schema(), "", optional=True)
]
