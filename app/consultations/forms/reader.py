"""Reads the fields of a consultation's JSON one by one and collects their errors."""

import re
from datetime import date
from typing import Any

from app.codelists.shared_codelists import REPEAT_CONTACTS, SITUATIONS, nationalities
from app.consultations.rules.checks import is_restricted
from app.consultations.rules.consultation_data import Group
from app.web import json_reader

TELEMETRY = {"taps": 10_000, "milliseconds": 86_400_000, "sequence": 2_000_000_000}
GROUP_FIELDS = frozenset({"nationality", "situation", "repeat_contact", "persons"})
DEVICE = re.compile(r"[A-Za-z0-9_-]{1,40}")
DAY = re.compile(r"(?:19|[2-9]\d)\d{2}-\d{2}-\d{2}", re.ASCII)


class ConsultationReader(json_reader.JsonReader):
    """Reads field after field and collects their errors; a field that cannot be read is returned blank."""

    def desk(self) -> str:
        return self.text("desk")

    def day(self) -> date | None:
        text = self.text("held_on")
        try:
            day = date.fromisoformat(text) if DAY.fullmatch(text) else None
        except ValueError:
            day = None
        if text and day is None:
            self.add_error("held_on", "not_a_date")
        return day

    def groups(self) -> tuple[Group, ...]:
        value = self.raw.get("groups")
        if value is None or value == []:
            self.add_error("groups", "no_people")
            return ()
        if not isinstance(value, list) or not all(isinstance(group, dict) for group in value):
            self.add_error("groups", "unreadable")
            return ()
        if len(value) > 8:
            self.add_error("groups", "too_many_groups")
            return ()
        return tuple(self.group(group, f"groups.{index}.") for index, group in enumerate(value))

    def group(self, raw: dict[str, Any], prefix: str) -> Group:
        self.refuse_unknown_fields(raw, GROUP_FIELDS, prefix)
        return Group(
            self.nationality(raw.get("nationality"), f"{prefix}nationality"),
            self.choice(raw, "situation", SITUATIONS, "unknown", prefix),
            self.choice(raw, "repeat_contact", REPEAT_CONTACTS, None, prefix),
            self.persons(raw.get("persons"), prefix),
        )

    def nationality(self, value: Any, path: str) -> str:
        if value is None or value == "":
            self.add_error(path, "required")
        elif not isinstance(value, str) or value not in nationalities():
            self.add_error(path, "unknown_code")
        else:
            return value
        return ""

    def telemetry(self) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, most in TELEMETRY.items():
            value = self.raw.get(name)
            is_whole = isinstance(value, int) and not isinstance(value, bool)
            if value is not None and not (is_whole and 0 <= value <= most):
                self.add_error(name, "not_a_number")
            values[name] = value
        device = self.raw.get("device")
        if device is not None and not (isinstance(device, str) and DEVICE.fullmatch(device)):
            self.add_error("device", "unreadable")
        return {**values, "device": device}

    def code_error(self, name: str, code: Any) -> str:
        """Return the error code of a code that the field does not accept."""
        return "restricted_flag" if is_restricted(name, code) else "unknown_code"
