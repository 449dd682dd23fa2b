"""Schemas of the administration of tablets: what adds one, what moves one to another desk."""

from typing import Annotated, Any

from pydantic_core import core_schema

from app.privacy.identifiers import find_identifier
from app.text_limits import is_too_long
from app.web.schemas.body import Body
from app.web.schemas.errors import error_of
from app.web.schemas.fields import ReadBy

MAX_NAME_LENGTH = 39


def _read_line(value: Any) -> str:
    """Return a required line of text, trimmed."""
    if not isinstance(value, str) or not value.strip():
        raise error_of("required")
    if is_too_long(value):
        raise error_of("too_long")
    return " ".join(value.split())


def _read_desk(value: Any) -> str:
    return _read_line(value).upper()


def _read_name(value: Any) -> str:
    """Return the name of a tablet: printable, without anything that identifies a person."""
    name = _read_line(value)
    if not name.isprintable():
        raise error_of("unreadable")
    if find_identifier(name):
        raise error_of("identifier")
    if len(name) > MAX_NAME_LENGTH:
        raise error_of("too_long")
    return name


class DeviceDeskBody(Body):
    """The desk that a tablet belongs to."""

    desk: Annotated[str, ReadBy(_read_desk, core_schema.str_schema(min_length=1), "")]


class DeviceBody(DeviceDeskBody):
    """A new tablet; without a name it gets the next number of its desk."""

    name: Annotated[
        str | None,
        ReadBy(
            _read_name,
            core_schema.str_schema(min_length=1, max_length=MAX_NAME_LENGTH),
            optional=True,
        ),
    ]
