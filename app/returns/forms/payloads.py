"""Parse the payload of a step and of a new request, sent as JSON or as form fields."""

from typing import Any
from uuid import UUID, uuid4

from werkzeug.datastructures import MultiDict

from app.codelists.shared_codelists import nationalities, world_countries
from app.field_errors import FieldError
from app.returns.actions.record_stage import StepInput
from app.returns.forms.fields import MultiChoiceField, PersonsField, TickField
from app.returns.forms.steps import STEP_FORMS
from app.returns.rules.new_request import ReturnRequestData
from app.returns.rules.stages import CLOSE, WITHDRAW
from app.web.json_reader import JsonReader, person_counts_from_form

VERSION_OPTIONAL = frozenset({CLOSE, WITHDRAW})
"""Actions that may be sent without the version of the request that the client saw."""
NEW_REQUEST_FIELDS = frozenset(
    {
        "id", "desk", "from_consultation", "country_of_departure", "country_of_return",
        "nationality", "persons", "child_alone",
    }
)  # fmt: skip


def parse_step(action: str, raw: dict[str, Any]) -> tuple[StepInput, list[FieldError]]:
    """Return the input of an action, and an error for everything that could not be parsed."""
    reader, form = JsonReader(raw), STEP_FORMS[action]
    reader.refuse_unknown_fields(
        raw, frozenset({"version", *(field.name for field in form.fields)}), ""
    )
    version = _version(reader, action)
    fields = {field.name: field.read(reader) for field in form.fields}
    return StepInput(fields, version), [FieldError(*error) for error in reader.errors]


def _version(reader: JsonReader, action: str) -> int | None:
    value = reader.raw.get("version")
    if value in (None, ""):
        if action not in VERSION_OPTIONAL:
            reader.add_error("version", "required")
        return None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 9:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    reader.add_error("version", "not_a_number")
    return None


def step_payload_from_form(action: str, form: MultiDict[str, str]) -> dict[str, Any]:
    """Return the form fields of a step's page in the shape of the JSON payload."""
    fields = {field.name: field for field in STEP_FORMS[action].fields}
    raw: dict[str, Any] = {}
    for name in form:
        if name == "csrf_token" or name.startswith("persons-"):
            continue
        raw[name] = (
            form.getlist(name) if isinstance(fields.get(name), MultiChoiceField) else form[name]
        )
    for name, field in fields.items():
        if isinstance(field, TickField) and name in raw:
            raw[name] = raw[name] in ("1", "on", "true", "yes")
        if isinstance(field, PersonsField) and any(key.startswith("persons-") for key in form):
            raw[name] = person_counts_from_form(form)
    return raw


def parse_new_request(raw: dict[str, Any]) -> tuple[ReturnRequestData, list[FieldError]]:
    """Return the data of a new request, and an error for everything that could not be parsed.

    A payload without an id gets a new one.
    """
    reader = JsonReader({"id": str(uuid4()), **raw} if raw.get("id") in (None, "") else raw)
    reader.refuse_unknown_fields(raw, NEW_REQUEST_FIELDS, "")
    data = ReturnRequestData(
        reader.uuid(),
        reader.text("desk"),
        _consultation(reader),
        _country(reader, "country_of_departure"),
        _country(reader, "country_of_return"),
        _code_of(reader, "nationality", nationalities()),
        reader.persons(raw.get("persons"), ""),
        _tick(reader, "child_alone"),
    )
    return data, [FieldError(*error) for error in reader.errors]


def _consultation(reader: JsonReader) -> str:
    value = reader.raw.get("from_consultation")
    if value in (None, ""):
        return ""
    try:
        return str(UUID(str(value)))
    except ValueError:
        reader.add_error("from_consultation", "not_a_uuid")
        return ""


def _country(reader: JsonReader, name: str) -> str:
    return _code_of(reader, name, frozenset(world_countries()))


def _code_of(reader: JsonReader, name: str, codes: frozenset[str]) -> str:
    value = reader.text(name)
    if value and value not in codes:
        reader.add_error(name, "unknown_code")
        return ""
    return value


def _tick(reader: JsonReader, name: str) -> bool:
    value = reader.raw.get(name, False)
    if not isinstance(value, bool):
        reader.add_error(name, "unreadable")
    return value is True


def new_request_payload_from_form(form: MultiDict[str, str]) -> dict[str, Any]:
    """Return the form fields of the new-request page in the shape of the JSON payload."""
    raw: dict[str, Any] = {
        name: form[name]
        for name in form
        if name != "csrf_token" and not name.startswith("persons-")
    }
    if "child_alone" in raw:
        raw["child_alone"] = raw["child_alone"] in ("1", "on", "true", "yes")
    raw["persons"] = person_counts_from_form(form)
    return raw
