"""Base form and fields of pages; each error is a code of FIELD_ERRORS, and unknown fields are errors."""

import re
from collections.abc import Collection
from datetime import date
from typing import Any

from flask import request
from werkzeug.exceptions import UnsupportedMediaType
from wtforms import Field, Form, StringField, ValidationError
from wtforms.validators import DataRequired, InputRequired, Length
from wtforms.widgets import TextInput

from app.field_errors import FieldError
from app.privacy.identifiers import find_identifier
from app.text_limits import truncate
from app.web.requests import NOT_FIELDS, is_form

REQUIRED = "required"
DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,12})?")


class PageForm(Form):  # type: ignore[misc]
    """The form of a page; `@allow` has checked the CSRF token.

    A text longer than MAX_TEXT_LENGTH is truncated before a field reads it, shown again truncated, and an error of its
    field.
    """

    too_long: frozenset[str] = frozenset()

    def process(self, formdata: Any = None, *arguments: Any, **named: Any) -> None:
        """Process the form data, each text truncated to MAX_TEXT_LENGTH."""
        if formdata is not None:
            formdata, self.too_long = truncate(formdata.lists())
        super().process(formdata, *arguments, **named)

    @classmethod
    def from_request(cls, **defaults: Any) -> Any:
        """Return the form of this request; raises UnsupportedMediaType (415) if the body is not a form."""
        if not is_form() and request.content_length:
            raise UnsupportedMediaType
        return cls(request.form, **defaults)

    def field_errors(self) -> list[FieldError]:
        """Validate and return all errors of the form data, one per field."""
        unknown = sorted(set(request.form) - set(self._fields) - NOT_FIELDS)
        errors = [FieldError(name[:40], "unknown_field") for name in unknown]
        self.validate()
        codes = {name: str(field_codes[0]) for name, field_codes in self.errors.items()}
        codes |= dict.fromkeys(sorted(self.too_long & self._fields.keys()), "too_long")
        return errors + [FieldError(name, code) for name, code in codes.items()]


class SafeTextField(StringField):  # type: ignore[misc]
    """A line of text about work: trimmed, printable, without anything that identifies a person."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = " ".join(valuelist[0].split()) if valuelist else None

    def pre_validate(self, form: Form) -> None:
        if self.data and not self.data.isprintable():
            raise ValidationError("unreadable")
        if self.data and find_identifier(self.data):
            raise ValidationError("identifier")


class CodeField(StringField):  # type: ignore[misc]
    """One code of a codelist."""

    def __init__(self, *arguments: Any, codes: Collection[str] = (), **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.codes = codes

    def pre_validate(self, form: Form) -> None:
        if self.data and self.data not in self.codes:
            raise ValidationError("unknown_code")


class AnyCodesField(Field):  # type: ignore[misc]
    """Any number of codes, sorted, each once; the action checks which of them the account may choose."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = sorted(set(valuelist))


class IsoDayField(Field):  # type: ignore[misc]
    """A calendar day, sent as ISO 8601; `data` is None if it is empty or not a date."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if not valuelist or not valuelist[0].strip():
            return
        try:
            self.data = date.fromisoformat(valuelist[0].strip())
        except ValueError as error:
            raise ValueError("not_a_date") from error

    def input_value(self) -> str:
        """Return the value of the input: the text as typed, else the day."""
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if self.data else ""


class DegreesField(Field):  # type: ignore[misc]
    """A latitude or longitude, from `-limit` to `limit` degrees; `data` is None if it is empty or not a number."""

    widget = TextInput()

    def __init__(self, *arguments: Any, limit: int, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.limit = limit

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        text = valuelist[0].strip().replace(",", ".").replace("\u2212", "-") if valuelist else ""
        if not text:
            return
        if not DEGREES.fullmatch(text) or abs(float(text)) > self.limit:
            raise ValueError("not_degrees")
        self.data = float(text)

    def input_value(self) -> str:
        """Return the value of the input: the text as typed, else the degrees."""
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:.6f}".rstrip("0").rstrip(".")


class WholeNumberField(Field):  # type: ignore[misc]
    """A whole number that the page itself sends back, such as a version."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if not valuelist or not (valuelist[0].isascii() and valuelist[0].isdecimal()):
            raise ValueError("unreadable")
        self.data = min(int(valuelist[0][:9]), 999_999_999)


def required() -> DataRequired:
    """Return the validator of an answer that must not be empty."""
    return DataRequired(REQUIRED)


def required_day() -> InputRequired:
    """Return the validator of a day that must be given; an unreadable day keeps its own error."""
    return InputRequired(REQUIRED)


def max_length(characters: int) -> Length:
    """Return the validator of a text of at most `characters`."""
    return Length(max=characters, message="too_long")
