"""Reads what goes with a step, and a new request: form fields and JSON alike."""

from typing import Any
from uuid import UUID, uuid4

from werkzeug.datastructures import MultiDict

from app.codelists.shared_codelists import countries_of_the_world, nationalities
from app.field_errors import FieldError
from app.returns.actions.record_stage import Said
from app.returns.forms.fields import People, Several, Tick
from app.returns.forms.steps import STEPS
from app.returns.rules.new_request import Content
from app.returns.rules.stages import CLOSE, WITHDRAW
from app.web.json_reader import Reader, persons_of_form

FREE = frozenset({CLOSE, WITHDRAW})
"""Turns that may be sent without the version that was seen."""
NEW_FIELDS = frozenset(
    {
        "id", "desk", "from_consultation", "country_of_departure", "country_of_return",
        "nationality", "persons", "child_alone",
    }
)  # fmt: skip


def read_step(act: str, raw: dict[str, Any]) -> tuple[Said, list[FieldError]]:
    """What goes with a step or turn, and everything that could not be read."""
    reader, form = Reader(raw), STEPS[act]
    reader.refuse_unknown(raw, frozenset({"version", *(one.name for one in form.fields)}), "")
    version = _version(reader, act)
    fields = {one.name: one.read(reader) for one in form.fields}
    return Said(fields, version), [FieldError(*one) for one in reader.problems]


def _version(reader: Reader, act: str) -> int | None:
    value = reader.raw.get("version")
    if value in (None, ""):
        if act not in FREE:
            reader.wrong("version", "required")
        return None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 9:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    reader.wrong("version", "not_a_number")
    return None


def step_of_form(act: str, form: MultiDict[str, str]) -> dict[str, Any]:
    """The fields of a step's page in the shape of the JSON."""
    fields = {one.name: one for one in STEPS[act].fields}
    raw: dict[str, Any] = {}
    for name in form:
        if name == "csrf_token" or name.startswith("persons-"):
            continue
        raw[name] = form.getlist(name) if isinstance(fields.get(name), Several) else form[name]
    for name, one in fields.items():
        if isinstance(one, Tick) and name in raw:
            raw[name] = raw[name] in ("1", "on", "true", "yes")
        if isinstance(one, People) and any(key.startswith("persons-") for key in form):
            raw[name] = persons_of_form(form)
    return raw


def read_new(raw: dict[str, Any]) -> tuple[Content, list[FieldError]]:
    """What a new request says and everything that could not be read; without an id it gets one."""
    reader = Reader({"id": str(uuid4()), **raw} if raw.get("id") in (None, "") else raw)
    reader.refuse_unknown(raw, NEW_FIELDS, "")
    content = Content(
        reader.uuid(),
        reader.text("desk"),
        _consultation(reader),
        _country(reader, "country_of_departure"),
        _country(reader, "country_of_return"),
        _of(reader, "nationality", nationalities()),
        reader.persons(raw.get("persons"), ""),
        _tick(reader, "child_alone"),
    )
    return content, [FieldError(*one) for one in reader.problems]


def _consultation(reader: Reader) -> str:
    value = reader.raw.get("from_consultation")
    if value in (None, ""):
        return ""
    try:
        return str(UUID(str(value)))
    except ValueError:
        reader.wrong("from_consultation", "not_a_uuid")
        return ""


def _country(reader: Reader, name: str) -> str:
    return _of(reader, name, frozenset(countries_of_the_world()))


def _of(reader: Reader, name: str, codes: frozenset[str]) -> str:
    value = reader.text(name)
    if value and value not in codes:
        reader.wrong(name, "unknown_code")
        return ""
    return value


def _tick(reader: Reader, name: str) -> bool:
    value = reader.raw.get(name, False)
    if not isinstance(value, bool):
        reader.wrong(name, "unreadable")
    return value is True


def new_of_form(form: MultiDict[str, str]) -> dict[str, Any]:
    """The fields of the page of a new request in the shape of the JSON."""
    raw: dict[str, Any] = {
        name: form[name]
        for name in form
        if name != "csrf_token" and not name.startswith("persons-")
    }
    if "child_alone" in raw:
        raw["child_alone"] = raw["child_alone"] in ("1", "on", "true", "yes")
    raw["persons"] = persons_of_form(form)
    return raw
