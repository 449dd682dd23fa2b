"""Reads a new referral, form fields and JSON alike."""

from typing import Any
from uuid import UUID

from werkzeug.datastructures import MultiDict

from app.field_errors import Problem
from app.privacy.identifiers import LONGEST_RAW, find_in_note
from app.referrals.rules.sending import MOST_SHELTERS, Content
from app.referrals.vocabulary import FLAGS, PRIORITIES, SERVICES, SHELTER
from app.shelters.vocabulary import BED_CATEGORIES
from app.web.json_reader import Reader, persons_of_form

FIELDS = frozenset(
    {
        "id", "desk", "from_consultation", "shelters", "service", "bed_category", "priority",
        "persons", "flags", "language", "note", "consent", "confirmed", "after",
    }
)  # fmt: skip
LONGEST_NOTE = 140
LISTS = ("shelters", "flags")
TICKS = ("consent", "confirmed")


class ReferralReader(Reader):
    """Takes the fields of a referral, collecting what is wrong with each."""

    def shelters(self) -> tuple[str, ...]:
        value = self.raw.get("shelters")
        if value in (None, []):
            return ()
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.wrong("shelters", "unreadable")
            return ()
        if len(value) > MOST_SHELTERS:
            self.wrong("shelters", "too_many_shelters")
        if len(set(value)) != len(value):
            self.wrong("shelters", "duplicate")
        return tuple(value[:MOST_SHELTERS])

    def reference(self, name: str) -> str:
        """The id of a record that this one comes from, empty where there is none."""
        value = self.raw.get(name)
        if value in (None, ""):
            return ""
        try:
            return str(UUID(str(value)))
        except ValueError:
            self.wrong(name, "not_a_uuid")
            return ""

    def tick(self, name: str) -> bool:
        value = self.raw.get(name, False)
        if not isinstance(value, bool):
            self.wrong(name, "unreadable")
        return value is True

    def note(self) -> str:
        """The note, trimmed; refused by the name of a rule where it could identify somebody."""
        value = self.raw.get("note")
        if value in (None, ""):
            return ""
        if isinstance(value, str) and len(value) > LONGEST_RAW:
            self.wrong("note", "too_long")
            return ""
        if not isinstance(value, str) or not value.replace("\n", " ").isprintable():
            self.wrong("note", "unreadable")
            return ""
        plain = " ".join(value.split())
        code = self._wrong_note(plain)
        if code:
            self.wrong("note", code)
        return "" if code else plain

    @staticmethod
    def _wrong_note(plain: str) -> str:
        if len(plain) > LONGEST_NOTE:
            return "too_long"
        rule = find_in_note(plain)
        return f"note_{rule}" if rule else ""

    def service(self, shelters: tuple[str, ...]) -> str:
        value = self.raw.get("service")
        if value in (None, "") and shelters:
            return SHELTER
        return self.choice(self.raw, "service", SERVICES, None)

    def content(self) -> Content:
        """Everything that could be read."""
        raw = self.raw
        self.refuse_unknown(raw, FIELDS, "")
        shelters = self.shelters()
        return Content(
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
            self.tick("consent"),
            self.tick("confirmed"),
            self.reference("after"),
        )


def read(raw: dict[str, Any]) -> tuple[Content, list[Problem]]:
    """What a new referral says and everything that could not be read."""
    reader = ReferralReader(raw)
    content = reader.content()
    return content, [Problem(*one) for one in reader.problems]


def from_form(form: MultiDict[str, str]) -> dict[str, Any]:
    """The fields of a page in the shape of the JSON: `persons-female-age_25_59` = n, ticks, repeated lists."""
    raw: dict[str, Any] = {}
    for name in form:
        if name == "csrf_token" or name.startswith("persons-"):
            continue
        raw[name] = form.getlist(name) if name in LISTS else form[name]
    for name in TICKS:
        if name in raw:
            raw[name] = raw[name] in ("1", "on", "true", "yes")
    raw["persons"] = persons_of_form(form)
    return raw
