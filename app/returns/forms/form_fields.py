"""Converts the form fields of a step and of a new request to the shape of their JSON."""

from werkzeug.datastructures import MultiDict

from app.json_object import JsonObject
from app.returns.forms.fields import MultiChoiceField, PersonsField, TickField
from app.returns.forms.steps import STEP_FORMS
from app.web.person_counters import person_counts_from_form
from app.web.requests import NOT_FIELDS

CHECKED = frozenset({"1", "on", "true", "yes"})


def step_from_form(action: str, form: MultiDict[str, str]) -> JsonObject:
    """Return the form fields of a step's page in the shape of its JSON."""
    fields = {field.name: field for field in STEP_FORMS[action].fields}
    raw: JsonObject = {}
    for name in form:
        if name in NOT_FIELDS or name.startswith("persons-"):
            continue
        raw[name] = (
            form.getlist(name) if isinstance(fields.get(name), MultiChoiceField) else form[name]
        )
    for name, field in fields.items():
        if isinstance(field, TickField) and name in raw:
            raw[name] = raw[name] in CHECKED
        if isinstance(field, PersonsField) and any(key.startswith("persons-") for key in form):
            raw[name] = person_counts_from_form(form)
    return raw


def new_request_from_form(form: MultiDict[str, str]) -> JsonObject:
    """Return the form fields of the new-request page in the shape of its JSON."""
    raw: JsonObject = {
        name: form[name]
        for name in form
        if name not in NOT_FIELDS and not name.startswith("persons-")
    }
    if "child_alone" in raw:
        raw["child_alone"] = raw["child_alone"] in CHECKED
    raw["persons"] = person_counts_from_form(form)
    return raw
