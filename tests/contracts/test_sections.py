"""Every field of a consultation stands in exactly one section of its page."""

import dataclasses
from collections import Counter

from app.consultations.forms.form_state import HIDDEN_FIELDS, SECTIONS
from app.consultations.rules.consultation_data import Group
from app.consultations.schemas.bodies import ConsultationBody


def test_every_field_stands_in_exactly_one_section():
    placed = Counter(name for _, _, fields in SECTIONS for name in fields)
    placed.update(HIDDEN_FIELDS)
    group_fields = {f"groups.{field.name}" for field in dataclasses.fields(Group)}
    fields = (ConsultationBody.model_fields.keys() - {"groups"}) | group_fields
    assert placed == Counter(fields)


def test_sections_are_numbered_once():
    keys = [key for key, _, _ in SECTIONS]
    assert len(keys) == len(set(keys))
