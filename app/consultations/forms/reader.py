"""Takes the fields of a consultation's JSON one after the other, collecting what is wrong with each."""

import re
from datetime import date
from typing import Any
from uuid import UUID

from app.base.lists import (
    AGE_BANDS,
    REPEAT_CONTACTS,
    SEXES,
    SITUATIONS,
    languages,
    nationalities,
)
from app.base.words import Terms
from app.consultations.rules.checks import is_restricted
from app.consultations.rules.content import Group, Persons

TELEMETRY = {"taps": 10_000, "milliseconds": 86_400_000, "sequence": 2_000_000_000}
GROUP_FIELDS = frozenset({"nationality", "situation", "repeat_contact", "persons"})
PERSONS_FIELDS = frozenset({"sex", "age_band", "n"})
DEVICE = re.compile(r"[A-Za-z0-9_-]{1,40}")
DAY = re.compile(r"(?:19|[2-9]\d)\d{2}-\d{2}-\d{2}", re.ASCII)


class Reader:
    """Takes field after field, collecting what is wrong."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.problems: list[tuple[str, str]] = []

    def wrong(self, path: str, code: str) -> None:
        self.problems.append((path, code))

    def refuse_unknown(self, given: dict[str, Any], known: frozenset[str], where: str) -> None:
        for name in sorted(given.keys() - known):
            self.wrong(f"{where}{name[:80]}", "unknown_field")

    def text(self, name: str) -> str:
        value = self.raw.get(name)
        if value in (None, ""):
            self.wrong(name, "required")
        elif not isinstance(value, str):
            self.wrong(name, "unreadable")
        return value if isinstance(value, str) else ""

    def uuid(self) -> str:
        text = self.text("id").lower()
        try:
            right = not text or (str(UUID(text)) == text and UUID(text).version == 4)
        except ValueError:
            right = False
        if not right:
            self.wrong("id", "not_a_uuid")
        return text

    def desk(self) -> str:
        return self.text("desk")

    def day(self) -> date | None:
        text = self.text("held_on")
        try:
            day = date.fromisoformat(text) if DAY.fullmatch(text) else None
        except ValueError:
            day = None
        if text and day is None:
            self.wrong("held_on", "not_a_date")
        return day

    def choice(
        self, given: dict[str, Any], name: str, terms: Terms, default: str | None, where: str = ""
    ) -> str:
        value = given.get(name)
        if value is None or value == "":
            if default is None:
                self.wrong(f"{where}{name}", "required")
            return default or ""
        if not isinstance(value, str) or value not in terms:
            self.wrong(f"{where}{name}", "unknown_code")
            return ""
        return value

    def language(self) -> str:
        value = self.raw.get("language")
        if value in (None, ""):
            return ""
        if not isinstance(value, str) or value not in languages():
            self.wrong("language", "unknown_code")
            return ""
        return value

    def codes(self, name: str, terms: Terms, *, required: bool) -> tuple[str, ...]:
        value = self.raw.get(name)
        if value is None or value == []:
            if required:
                self.wrong(name, "required")
            return ()
        if not isinstance(value, list):
            self.wrong(name, "unreadable")
            return ()
        if len(value) > len(terms):
            self.wrong(name, "duplicate")
            return ()
        return self.each_code(name, terms, value)

    def each_code(self, name: str, terms: Terms, given: list[Any]) -> tuple[str, ...]:
        read: list[str] = []
        for place, code in enumerate(given):
            if not isinstance(code, str) or code not in terms:
                restricted = is_restricted(name, code)
                self.wrong(f"{name}.{place}", "restricted_flag" if restricted else "unknown_code")
            elif code in read:
                self.wrong(f"{name}.{place}", "duplicate")
            else:
                read.append(code)
        return tuple(read)

    def groups(self) -> tuple[Group, ...]:
        value = self.raw.get("groups")
        if value is None or value == []:
            self.wrong("groups", "no_people")
            return ()
        if not isinstance(value, list) or not all(isinstance(group, dict) for group in value):
            self.wrong("groups", "unreadable")
            return ()
        if len(value) > 8:
            self.wrong("groups", "too_many_groups")
            return ()
        return tuple(self.group(group, f"groups.{place}.") for place, group in enumerate(value))

    def group(self, given: dict[str, Any], where: str) -> Group:
        self.refuse_unknown(given, GROUP_FIELDS, where)
        return Group(
            self.nationality(given.get("nationality"), f"{where}nationality"),
            self.choice(given, "situation", SITUATIONS, "unknown", where),
            self.choice(given, "repeat_contact", REPEAT_CONTACTS, None, where),
            self.persons(given.get("persons"), where),
        )

    def nationality(self, value: Any, path: str) -> str:
        if value is None or value == "":
            self.wrong(path, "required")
        elif not isinstance(value, str) or value not in nationalities():
            self.wrong(path, "unknown_code")
        else:
            return value
        return ""

    def persons(self, value: Any, where: str) -> tuple[Persons, ...]:
        if value is None or value == []:
            self.wrong(f"{where}persons", "no_people")
            return ()
        if not isinstance(value, list) or not all(isinstance(some, dict) for some in value):
            self.wrong(f"{where}persons", "unreadable")
            return ()
        if len(value) > len(SEXES) * len(AGE_BANDS):
            self.wrong(f"{where}persons", "duplicate")
            return ()
        read: list[Persons] = []
        for place, given in enumerate(value):
            some = self.some(given, f"{where}persons.{place}")
            met = [(p.sex, p.age_band) for p in read if p.sex and p.age_band]
            if (some.sex, some.age_band) in met:
                self.wrong(f"{where}persons.{place}", "duplicate")
            read.append(some)
        return tuple(read)

    def some(self, given: dict[str, Any], path: str) -> Persons:
        self.refuse_unknown(given, PERSONS_FIELDS, f"{path}.")
        sex = self.choice(given, "sex", SEXES, None, f"{path}.")
        age_band = self.choice(given, "age_band", AGE_BANDS, None, f"{path}.")
        return Persons(sex, age_band, self.number_of_people(given.get("n"), f"{path}.n"))

    def number_of_people(self, n: Any, path: str) -> int:
        if n is None:
            self.wrong(path, "required")
        elif not isinstance(n, int) or isinstance(n, bool):
            self.wrong(path, "not_a_number")
        elif not 1 <= n <= 99:
            self.wrong(path, "out_of_range")
        else:
            return n
        return 0

    def telemetry(self) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for name, most in TELEMETRY.items():
            value = self.raw.get(name)
            whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and not (whole and 0 <= value <= most):
                self.wrong(name, "not_a_number")
            read[name] = value
        device = self.raw.get("device")
        if device is not None and not (isinstance(device, str) and DEVICE.fullmatch(device)):
            self.wrong("device", "unreadable")
        return {**read, "device": device}
