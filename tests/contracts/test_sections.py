"""Every field of a consultation stands in exactly one section of its page."""

from collections import Counter

from app.consultations.forms.form_state import HIDDEN_FIELDS, SECTIONS
from app.consultations.forms.parsing import FIELDS
from app.consultations.forms.reader import GROUP_FIELDS


def test_every_field_stands_in_exactly_one_section():
    placed = Counter(name for _, _, fields in SECTIONS for name in fields)
    placed.update(HIDDEN_FIELDS)
    fields = (FIELDS - {"groups"}) | {f"groups.{name}" for name in GROUP_FIELDS}
    assert placed == Counter(fields)


def test_sections_are_numbered_once():
    keys = [key for key, _, _ in SECTIONS]
    assert len(keys) == len(set(keys))
