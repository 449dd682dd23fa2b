"""Parses the input of an action on a referral."""

from collections.abc import Mapping
from typing import Any

from app.field_errors import FieldError
from app.referrals.actions.action_context import ActionInput
from app.web.json_reader import JsonReader

FIELDS = frozenset(
    {"version", "shelter", "reason", "over_capacity", "questions", "answers", "persons"}
)


def parse_action(
    raw: dict[str, Any], shelters: Mapping[str, int]
) -> tuple[ActionInput, list[FieldError]]:
    """Return the input of an action and every error; `shelters` are the ids of the account's shelters by code."""
    reader = JsonReader(raw)
    reader.refuse_unknown_fields(raw, FIELDS, "")
    action_input = ActionInput(
        _whole_number(reader, "version"),
        _shelter(reader, shelters),
        _code(reader, raw.get("reason"), "reason"),
        _over_capacity(reader),
        _codes(reader, "questions"),
        _answers(reader),
        _arrived(reader),
    )
    return action_input, [FieldError(*error) for error in reader.errors]


def _whole_number(reader: JsonReader, name: str) -> int | None:
    value = reader.raw.get(name)
    if value in (None, ""):
        return None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 9:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    reader.add_error(name, "not_a_number")
    return None


def _shelter(reader: JsonReader, shelters: Mapping[str, int]) -> int | None:
    code = _code(reader, reader.raw.get("shelter"), "shelter")
    if code and code not in shelters:
        reader.add_error("shelter", "unknown_shelter")
    return shelters.get(code)


def _code(reader: JsonReader, value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 80:
        reader.add_error(name, "unreadable")
        return ""
    return value


def _over_capacity(reader: JsonReader) -> str:
    value = reader.raw.get("over_capacity")
    if isinstance(value, dict):
        return _code(reader, value.get("reason"), "over_capacity.reason")
    return _code(reader, value, "over_capacity")


def _codes(reader: JsonReader, name: str) -> tuple[str, ...]:
    value = reader.raw.get(name) or []
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        reader.add_error(name, "unreadable")
        return ()
    return tuple(dict.fromkeys(value))


def _answers(reader: JsonReader) -> dict[str, str]:
    value = reader.raw.get("answers") or {}
    is_valid = isinstance(value, dict) and all(isinstance(code, str) for code in value.values())
    if not is_valid:
        reader.add_error("answers", "unreadable")
    return dict(value) if is_valid else {}


def _arrived(reader: JsonReader) -> int | None:
    """Return how many people came: sent as a number, or as the corrected composition of the group."""
    value = reader.raw.get("persons")
    if isinstance(value, list):
        return sum(count.n for count in reader.persons(value, ""))
    return _whole_number(reader, "persons")
