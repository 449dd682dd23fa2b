"""Parses a new referral, from form fields or JSON."""

from typing import Any
from uuid import UUID

from werkzeug.datastructures import MultiDict

from app.field_errors import FieldError
from app.privacy.identifiers import MAX_RAW_NOTE_LENGTH, find_identifier_in_note
from app.referrals.rules.referral_data import MAX_SHELTERS, ReferralData
from app.referrals.vocabulary import FLAGS, PRIORITIES, SERVICES, SHELTER
from app.shelters.vocabulary import BED_CATEGORIES
from app.web.json_reader import JsonReader, person_counts_from_form

FIELDS = frozenset(
    {
        "id", "desk", "from_consultation", "shelters", "service", "bed_category", "priority",
        "persons", "flags", "language", "note", "consent", "confirmed", "after",
    }
)  # fmt: skip
MAX_NOTE_LENGTH = 140
LIST_FIELDS = ("shelters", "flags")
CHECKBOX_FIELDS = ("consent", "confirmed")


class ReferralReader(JsonReader):
    """Reads the fields of a referral and collects their errors."""

    def shelters(self) -> tuple[str, ...]:
        """The codes of the shelters, at most MAX_SHELTERS."""
        value = self.raw.get("shelters")
        if value in (None, []):
            return ()
        if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
            self.add_error("shelters", "unreadable")
            return ()
        if len(value) > MAX_SHELTERS:
            self.add_error("shelters", "too_many_shelters")
        if len(set(value)) != len(value):
            self.add_error("shelters", "duplicate")
        return tuple(value[:MAX_SHELTERS])

    def reference(self, name: str) -> str:
        """The id of the record that this one comes from, empty if there is none."""
        value = self.raw.get(name)
        if value in (None, ""):
            return ""
        try:
            return str(UUID(str(value)))
        except ValueError:
            self.add_error(name, "not_a_uuid")
            return ""

    def checkbox(self, name: str) -> bool:
        """Whether a checkbox is ticked: a JSON boolean, false if it is absent."""
        value = self.raw.get(name, False)
        if not isinstance(value, bool):
            self.add_error(name, "unreadable")
        return value is True

    def note(self) -> str:
        """The note, trimmed; if it could identify somebody, an error names the rule of `privacy.identifiers`."""
        value = self.raw.get("note")
        if value in (None, ""):
            return ""
        if isinstance(value, str) and len(value) > MAX_RAW_NOTE_LENGTH:
            self.add_error("note", "too_long")
            return ""
        if not isinstance(value, str) or not value.replace("\n", " ").isprintable():
            self.add_error("note", "unreadable")
            return ""
        note = " ".join(value.split())
        code = self._note_error(note)
        if code:
            self.add_error("note", code)
        return "" if code else note

    @staticmethod
    def _note_error(note: str) -> str:
        if len(note) > MAX_NOTE_LENGTH:
            return "too_long"
        rule = find_identifier_in_note(note)
        return f"note_{rule}" if rule else ""

    def service(self, shelters: tuple[str, ...]) -> str:
        """The code of the service; SHELTER by default if shelters were chosen."""
        value = self.raw.get("service")
        if value in (None, "") and shelters:
            return SHELTER
        return self.choice(self.raw, "service", SERVICES, None)

    def referral_data(self) -> ReferralData:
        """Every field that could be read."""
        raw = self.raw
        self.refuse_unknown_fields(raw, FIELDS, "")
        shelters = self.shelters()
        return ReferralData(
            self.uuid(),
            self.text("desk"),
            self.reference("from_consultation"),
            shelters,
            self.service(shelters),
            self.choice(raw, "bed_category", BED_CATEGORIES, ""),
            self.choice(raw, "priority", PRIORITIES, None),
            self.persons(raw.get("persons"), ""),
            self.codes("flags", FLAGS, required=False),
            self.language(),
            self.note(),
            self.checkbox("consent"),
            self.checkbox("confirmed"),
            self.reference("after"),
        )


def parse_referral(raw: dict[str, Any]) -> tuple[ReferralData, list[FieldError]]:
    """Return the content of a new referral and every field that could not be read."""
    reader = ReferralReader(raw)
    data = reader.referral_data()
    return data, [FieldError(*error) for error in reader.errors]


def raw_from_form(form: MultiDict[str, str]) -> dict[str, Any]:
    """Return form fields in the shape of the JSON: `persons-female-age_25_59` = n, checkboxes, repeated lists."""
    raw: dict[str, Any] = {}
    for name in form:
        if name == "csrf_token" or name.startswith("persons-"):
            continue
        raw[name] = form.getlist(name) if name in LIST_FIELDS else form[name]
    for name in CHECKBOX_FIELDS:
        if name in raw:
            raw[name] = raw[name] in ("1", "on", "true", "yes")
    raw["persons"] = person_counts_from_form(form)
    return raw
