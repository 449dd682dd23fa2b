"""The kinds of fields that the page of a step may have, each with its label; `schemas` reads their answers."""

from dataclasses import dataclass

from app.codelists.codelist import Codelist


@dataclass(frozen=True)
class TickField:
    """A statement to tick."""

    name: str
    label: str


@dataclass(frozen=True)
class ChoiceField:
    """One code of a closed list; `codes` are those that can be chosen."""

    name: str
    label: str
    terms: Codelist
    codes: tuple[str, ...]


@dataclass(frozen=True)
class MultiChoiceField:
    """Any codes of a closed list."""

    name: str
    label: str
    terms: Codelist


@dataclass(frozen=True)
class DayField:
    """A calendar day, ISO 8601; None if it was left open."""

    name: str
    label: str


@dataclass(frozen=True)
class LanguageField:
    """The language (ISO 639-3) of the conversation with the person."""

    name: str
    label: str


@dataclass(frozen=True)
class TextVersionField:
    """The version of the text that was read aloud; a hidden field of the page."""

    name: str
    label: str


@dataclass(frozen=True)
class PersonsField:
    """A group of people by sex and age band; None if it was left open."""

    name: str
    label: str


StepField = (
    TickField
    | ChoiceField
    | MultiChoiceField
    | DayField
    | LanguageField
    | TextVersionField
    | PersonsField
)
