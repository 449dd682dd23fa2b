"""Forms of pages: what was sent, read once; each problem is a code, and no unknown field passes."""

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
from app.text_limits import cut
from app.web.requests import is_form

REQUIRED = "required"
DEGREES = re.compile(r"-?[0-9]{1,3}(\.[0-9]{1,12})?")
NOT_A_FIELD = frozenset({"csrf_token"})


class PageForm(Form):  # type: ignore[misc]
    """What a page's form sent; the token was checked by `@allow`.

    A text longer than any field may hold is cut before a field looks at it, shown again as far as it was kept, and
    refused at its field.
    """

    too_long: frozenset[str] = frozenset()

    def process(self, formdata: Any = None, *arguments: Any, **named: Any) -> None:
        """Takes up what was sent, no text longer than texts.LONGEST."""
        if formdata is not None:
            formdata, self.too_long = cut(formdata.lists())
        super().process(formdata, *arguments, **named)

    @classmethod
    def from_request(cls, **known: Any) -> Any:
        """The form as it was sent in this request; 415 where the body is something else."""
        if not is_form() and request.content_length:
            raise UnsupportedMediaType
        return cls(request.form, **known)

    def field_errors(self) -> list[FieldError]:
        """Everything that is wrong with what was sent, one problem a field."""
        unknown = sorted(set(request.form) - set(self._fields) - NOT_A_FIELD)
        strange = [FieldError(name[:40], "unknown_field") for name in unknown]
        self.validate()
        wrong = {name: str(codes[0]) for name, codes in self.errors.items()}
        wrong |= dict.fromkeys(sorted(self.too_long & self._fields.keys()), "too_long")
        return strange + [FieldError(name, code) for name, code in wrong.items()]


class SafeTextField(StringField):  # type: ignore[misc]
    """A line of text about work: trimmed, printable, with nothing that identifies a person."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = " ".join(valuelist[0].split()) if valuelist else None

    def pre_validate(self, form: Form) -> None:
        if self.data and not self.data.isprintable():
            raise ValidationError("unreadable")
        if self.data and find_identifier(self.data):
            raise ValidationError("identifier")


class CodeField(StringField):  # type: ignore[misc]
    """One code of a closed list."""

    def __init__(self, *arguments: Any, codes: Collection[str] = (), **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.codes = codes

    def pre_validate(self, form: Form) -> None:
        if self.data and self.data not in self.codes:
            raise ValidationError("unknown_code")


class CodesField(Field):  # type: ignore[misc]
    """Any number of codes, each once, in order; the action says which the account may choose."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = sorted(set(valuelist))


class DayField(Field):  # type: ignore[misc]
    """A calendar day, sent as ISO 8601; `data` is None where it could not be read."""

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
        """What stands in the box: what was typed, else the day."""
        if self.raw_data:
            return str(self.raw_data[0])
        return self.data.isoformat() if self.data else ""


class DegreesField(Field):  # type: ignore[misc]
    """A latitude or a longitude in degrees, at most so many; `data` is None where it is empty or unreadable."""

    widget = TextInput()

    def __init__(self, *arguments: Any, most: int, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.most = most

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        text = valuelist[0].strip().replace(",", ".").replace("\u2212", "-") if valuelist else ""
        if not text:
            return
        if not DEGREES.fullmatch(text) or abs(float(text)) > self.most:
            raise ValueError("not_degrees")
        self.data = float(text)

    def input_value(self) -> str:
        """What stands in the box: what was typed, else the degrees."""
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:.6f}".rstrip("0").rstrip(".")


class WholeNumberField(Field):  # type: ignore[misc]
    """A whole number that the page itself sends back, as a version is."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        if not valuelist or not (valuelist[0].isascii() and valuelist[0].isdecimal()):
            raise ValueError("unreadable")
        self.data = min(int(valuelist[0][:9]), 999_999_999)


def required() -> DataRequired:
    """Refuses an empty answer."""
    return DataRequired(REQUIRED)


def required_day() -> InputRequired:
    """Refuses a missing day and leaves an unreadable one its own sentence."""
    return InputRequired(REQUIRED)


def max_length(signs: int) -> Length:
    """Refuses a longer text."""
    return Length(max=signs, message="too_long")
