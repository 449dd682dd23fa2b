"""Field types that only the forms of shelters use."""

import re
from collections.abc import Collection
from typing import Any

from wtforms import Field, StringField
from wtforms.widgets import TextInput

from app.email.queue import is_email_address
from app.web.forms import AnyCodesField

PHONE = re.compile(r"[0-9+ -]*")
TIME_OF_DAY = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
MIN_PHONE_DIGITS = 3


class PhoneField(StringField):  # type: ignore[misc]
    """A phone number of a shelter: digits, spaces, + and -."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = " ".join(valuelist[0].split()) if valuelist else ""
        digits = sum(character.isdecimal() for character in self.data)
        if self.data and (not PHONE.fullmatch(self.data) or digits < MIN_PHONE_DIGITS):
            raise ValueError("not_a_phone")


class EmailField(StringField):  # type: ignore[misc]
    """An e-mail address that notices can be sent to, or empty."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0].strip() if valuelist else ""
        if self.data and not is_email_address(self.data):
            raise ValueError("not_a_mailbox")


class TimeOfDayField(StringField):  # type: ignore[misc]
    """A time of day, `HH:MM`, or empty."""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist[0].strip() if valuelist else ""
        if self.data and not TIME_OF_DAY.fullmatch(self.data):
            raise ValueError("not_a_clock_time")


class NumberField(Field):  # type: ignore[misc]
    """A whole number within limits; `data` is None if it is empty or wrong, and `code` is the error of a wrong one."""

    widget = TextInput()

    def __init__(self, *arguments: Any, within: tuple[int, int], code: str, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.within, self.code = within, code

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        text = valuelist[0].strip() if valuelist else ""
        if not text:
            return
        minimum, maximum = self.within
        is_number = text.isascii() and text.isdecimal() and len(text) <= 9
        if not is_number or not minimum <= int(text) <= maximum:
            raise ValueError(self.code)
        self.data = int(text)

    def input_value(self) -> str:
        """Return the value of the input: the text as typed, else the number."""
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else str(self.data)


class CheckboxField(Field):  # type: ignore[misc]
    """A checkbox: "1" or absent."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = valuelist == ["1"]
        if valuelist not in ([], ["1"]):
            raise ValueError("unreadable")


class CodelistField(AnyCodesField):
    """Any number of codes of a codelist."""

    def __init__(self, *arguments: Any, codes: Collection[str], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.codes = codes

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        if any(code not in self.codes for code in self.data):
            raise ValueError("unknown_code")
