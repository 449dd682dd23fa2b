"""The kinds of fields that a step may have; each says what is asked, and reads its answer."""

import re
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.codelists.codelist import Terms
from app.returns.vocabulary import texts
from app.web.json_reader import Reader

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True)
class Tick:
    """A statement that must be ticked; `only_with` names a choice and the code with which it must be."""

    name: str
    label: str
    only_with: tuple[str, str] | None = None

    def read(self, reader: Reader) -> Any:
        value = reader.raw.get(self.name, False)
        if not isinstance(value, bool):
            reader.wrong(self.name, "unreadable")
        elif not value and self._is_needed(reader):
            reader.wrong(self.name, "tick_needed")
        return value is True

    def _is_needed(self, reader: Reader) -> bool:
        return self.only_with is None or reader.raw.get(self.only_with[0]) == self.only_with[1]


@dataclass(frozen=True)
class Choice:
    """One code of a closed list, or of some of its codes."""

    name: str
    label: str
    terms: Terms
    codes: tuple[str, ...]

    def read(self, reader: Reader) -> Any:
        value = reader.choice(reader.raw, self.name, self.terms, None)
        if value and value not in self.codes:
            reader.wrong(self.name, "unknown_code")
        return value


@dataclass(frozen=True)
class Several:
    """Any codes of a closed list."""

    name: str
    label: str
    terms: Terms
    is_required: bool

    def read(self, reader: Reader) -> Any:
        return list(reader.codes(self.name, self.terms, required=self.is_required))


@dataclass(frozen=True)
class OneDay:
    """A calendar day, ISO 8601; None where it was left open."""

    name: str
    label: str

    def read(self, reader: Reader) -> Any:
        value = reader.raw.get(self.name)
        if value in (None, ""):
            return None
        try:
            right = isinstance(value, str) and ISO_DAY.fullmatch(value)
            day = date.fromisoformat(str(value)) if right else None
        except ValueError:
            day = None
        if day is None or not FIRST_YEAR <= day.year <= LAST_YEAR:
            reader.wrong(self.name, "not_a_date")
            return None
        return day.isoformat()


@dataclass(frozen=True)
class Spoken:
    """The language (ISO 639-3) in which the person was spoken with."""

    name: str
    label: str

    def read(self, reader: Reader) -> Any:
        value = reader.language()
        if not value and not any(field == "language" for field, _ in reader.problems):
            reader.wrong(self.name, "required")
        return value


@dataclass(frozen=True)
class TextRead:
    """The version of the text that was read; the page sends it itself."""

    name: str
    label: str

    def read(self, reader: Reader) -> Any:
        value = reader.text(self.name)
        if value and value != texts.current():
            known = value in texts.versions()
            reader.wrong(self.name, "text_outdated" if known else "unknown_code")
        return value


@dataclass(frozen=True)
class People:
    """A group by sex and age band; None where it was left open."""

    name: str
    label: str

    def read(self, reader: Reader) -> Any:
        value = reader.raw.get(self.name)
        if value is None:
            return None
        return [[one.sex, one.age_band, one.n] for one in reader.persons(value, "")]


Field = Tick | Choice | Several | OneDay | Spoken | TextRead | People
