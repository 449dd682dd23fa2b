"""The variables of the template of a consultation's form, for every view that renders it."""

from uuid import uuid4

from app.codelists.shared_codelists import (
    COUNTER_LISTS,
    REPEAT_CONTACTS,
    SITUATIONS,
    SPECIAL_NATIONALITIES,
)
from app.consultations import vocabulary
from app.consultations.forms import labels
from app.consultations.forms.form_state import FormOptions, FormState
from app.consultations.rules.consultation_data import ATTACHED
from app.field_errors import FIELD_ERRORS, FieldError
from app.i18n import language

TEMPLATE = "consultations/form.html"
CODELISTS: dict[str, object] = {
    "v": vocabulary,
    "ATTACHED": ATTACHED,
    "FIELD_ERRORS": FIELD_ERRORS,
    **COUNTER_LISTS,
    "SITUATIONS": SITUATIONS,
    "REPEAT_CONTACTS": REPEAT_CONTACTS,
    "SPECIAL_NATIONALITIES": SPECIAL_NATIONALITIES,
}


def form_context(
    options: FormOptions, form_state: FormState, errors: list[FieldError]
) -> dict[str, object]:
    """Return the template variables of a form with its answers and errors."""
    messages: dict[str, str] = {}
    for error in errors:
        messages.setdefault(error_anchor(error.field), error.message)
    return {
        "options": options,
        "form_state": form_state,
        "errors": messages,
        "anchors": _anchors(len(form_state.groups)),
        "tally_id": uuid4(),
        **_select_options(options),
        **CODELISTS,
    }


def _anchors(groups: int) -> set[str]:
    """Return the fields at which the template shows an error."""
    fields = (
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
    group_fields = ("persons", "nationality", "repeat_contact")
    return {*fields, *(f"groups.{n}.{name}" for n in range(groups) for name in group_fields)}


def _select_options(options: FormOptions) -> dict[str, object]:
    own = [(code, language.language_name(code)) for code in options.languages]
    spoken = [
        pair for pair in language.languages_by_name(language.current_locale()) if pair not in own
    ]
    return {
        "world": language.countries_by_name(language.current_locale()),
        "spoken": own + spoken,
        "channels": labels.select_options(vocabulary.CHANNELS),
        "modalities": labels.select_options(vocabulary.MODALITIES),
        "travel_groups": labels.select_options(vocabulary.TRAVEL_GROUPS),
        "situations": labels.select_options(SITUATIONS),
    }


def error_anchor(field: str) -> str:
    """Return the field at which an error is shown: `groups.0.persons` for `groups.0.persons.1.n`."""
    parts = field.split(".")
    if parts[0] == "groups":
        return ".".join(parts[:3]) if len(parts) > 1 else "groups.0.persons"
    return parts[0]
