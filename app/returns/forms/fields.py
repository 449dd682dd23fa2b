"""The kinds of fields that a step may have; each has a label and parses its answer from the payload."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.codelists.codelist import Codelist
from app.returns.vocabulary import texts
from app.web.json_reader import JsonReader

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True)
class TickField:
    """A statement that must be ticked; if `required_with` (field, code) is set, only with that answer."""

    name: str
    label: str
    required_with: tuple[str, str] | None = None

    def read(self, reader: JsonReader) -> Any:
        value = reader.raw.get(self.name, False)
        if not isinstance(value, bool):
            reader.add_error(self.name, "unreadable")
        elif not value and self._is_required(reader):
            reader.add_error(self.name, "tick_needed")
        return value is True

    def _is_required(self, reader: JsonReader) -> bool:
        if self.required_with is None:
            return True
        name, code = self.required_with
        return bool(reader.raw.get(name) == code)


@dataclass(frozen=True)
class ChoiceField:
    """One code of a closed list; `codes` are those that can be chosen."""

    name: str
    label: str
    terms: Codelist
    codes: tuple[str, ...]

    def read(self, reader: JsonReader) -> Any:
        value = reader.choice(reader.raw, self.name, self.terms, None)
        if value and value not in self.codes:
            reader.add_error(self.name, "unknown_code")
        return value


@dataclass(frozen=True)
class MultiChoiceField:
    """Any codes of a closed list."""

    name: str
    label: str
    terms: Codelist
    is_required: bool

    def read(self, reader: JsonReader) -> Any:
        return list(reader.codes(self.name, self.terms, required=self.is_required))


@dataclass(frozen=True)
class DayField:
    """A calendar day, ISO 8601; None if it was left open."""

    name: str
    label: str

    def read(self, reader: JsonReader) -> Any:
        value = reader.raw.get(self.name)
        if value in (None, ""):
            return None
        try:
            is_iso = isinstance(value, str) and ISO_DAY.fullmatch(value)
            day = date.fromisoformat(str(value)) if is_iso else None
        except ValueError:
            day = None
        if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
            reader.add_error(self.name, "not_a_date")
            return None
        return day.isoformat()


@dataclass(frozen=True)
class LanguageField:
    """The language (ISO 639-3) of the conversation with the person."""

    name: str
    label: str

    def read(self, reader: JsonReader) -> Any:
        value = reader.language()
        if not value and not any(field == "language" for field, _ in reader.errors):
            reader.add_error(self.name, "required")
        return value


@dataclass(frozen=True)
class TextVersionField:
    """The version of the text that was read aloud; a hidden field of the page."""

    name: str
    label: str

    def read(self, reader: JsonReader) -> Any:
        value = reader.text(self.name)
        if value and value != texts.current():
            is_outdated = value in texts.versions()
            reader.add_error(self.name, "text_outdated" if is_outdated else "unknown_code")
        return value


@dataclass(frozen=True)
class PersonsField:
    """A group of people by sex and age band; None if it was left open."""

    name: str
    label: str

    def read(self, reader: JsonReader) -> Any:
        value = reader.raw.get(self.name)
        if value is None:
            return None
        return [[group.sex, group.age_band, group.n] for group in reader.persons(value, "")]


StepField = (
    TickField
    | ChoiceField
    | MultiChoiceField
    | DayField
    | LanguageField
    | TextVersionField
    | PersonsField
)
