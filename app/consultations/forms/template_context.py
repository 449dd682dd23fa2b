"""What the template of a consultation's page is drawn with, whoever draws it."""

from typing import Any
from uuid import uuid4

from app.codelists.shared_codelists import (
    AGE_BANDS,
    KNOWN_AGES,
    REPEAT_CONTACTS,
    SEXES,
    SHORT_AGES,
    SHORT_SEXES,
    SITUATIONS,
    SPECIAL_NATIONALITIES,
    UNKNOWN_AGES,
)
from app.consultations import vocabulary
from app.consultations.forms import labels
from app.consultations.forms.form_state import FormOptions, FormState
from app.consultations.rules.consultation_data import ATTACHED
from app.field_errors import FIELD_ERRORS, FieldError
from app.i18n import language

TEMPLATE = "consultations/form.html"
CODELISTS: dict[str, Any] = {
    "v": vocabulary,
    "ATTACHED": ATTACHED,
    "FIELD_ERRORS": FIELD_ERRORS,
    "SEXES": SEXES,
    "AGE_BANDS": AGE_BANDS,
    "KNOWN_AGES": KNOWN_AGES,
    "UNKNOWN_AGES": UNKNOWN_AGES,
    "SHORT_AGES": SHORT_AGES,
    "SHORT_SEXES": SHORT_SEXES,
    "SITUATIONS": SITUATIONS,
    "REPEAT_CONTACTS": REPEAT_CONTACTS,
    "SPECIAL_NATIONALITIES": SPECIAL_NATIONALITIES,
}


def form_context(
    choices: FormOptions, shown: FormState, errors: list[FieldError]
) -> dict[str, Any]:
    """The facts of a page with its answers and problems."""
    wrong: dict[str, str] = {}
    for error in errors:
        wrong.setdefault(error_anchor(error.field), error.message)
    return {
        "choices": choices,
        "shown": shown,
        "wrong": wrong,
        "placed": _places(len(shown.groups)),
        "tally_id": uuid4(),
        **_options(choices),
        **CODELISTS,
    }


def _places(groups: int) -> set[str]:
    plain = (
        "desk",
        "id",
        "card",
        "held_on",
        "topics",
        "main_topic",
        "outcomes",
        "flags",
        "reason",
        "groups",
    )
    inside = ("persons", "nationality", "repeat_contact")
    return {*plain, *(f"groups.{n}.{name}" for n in range(groups) for name in inside)}


def _options(choices: FormOptions) -> dict[str, Any]:
    own = [(code, language.language(code)) for code in choices.languages]
    spoken = [pair for pair in language.spoken(language.selected()) if pair not in own]
    return {
        "world": language.world(language.selected()),
        "spoken": own + spoken,
        "channels": labels.select_options(vocabulary.CHANNELS),
        "modalities": labels.select_options(vocabulary.MODALITIES),
        "travel_groups": labels.select_options(vocabulary.TRAVEL_GROUPS),
        "situations": labels.select_options(SITUATIONS),
    }


def error_anchor(field: str) -> str:
    """Where on the page a field's problem stands: `groups.0.persons.1.n` at `groups.0.persons`."""
    parts = field.split(".")
    if parts[0] == "groups":
        return ".".join(parts[:3]) if len(parts) > 1 else "groups.0.persons"
    return parts[0]
