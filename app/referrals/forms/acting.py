"""Reads what goes with an act on a referral."""

from collections.abc import Mapping
from typing import Any

from app.field_errors import Problem
from app.referrals.actions.turn import Said
from app.web.json_reader import Reader

FIELDS = frozenset(
    {"version", "shelter", "reason", "over_capacity", "questions", "answers", "persons"}
)


def read(raw: dict[str, Any], shelters: Mapping[str, int]) -> tuple[Said, list[Problem]]:
    """What goes with an act; `shelters` are the account's own, their numbers by code."""
    reader = Reader(raw)
    reader.refuse_unknown(raw, FIELDS, "")
    said = Said(
        _whole(reader, "version"),
        _shelter(reader, shelters),
        _word(reader, raw.get("reason"), "reason"),
        _over(reader),
        _words(reader, "questions"),
        _answers(reader),
        _arrived(reader),
    )
    return said, [Problem(*one) for one in reader.problems]


def _whole(reader: Reader, name: str) -> int | None:
    value = reader.raw.get(name)
    if value in (None, ""):
        return None
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 9:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    reader.wrong(name, "not_a_number")
    return None


def _shelter(reader: Reader, shelters: Mapping[str, int]) -> int | None:
    code = _word(reader, reader.raw.get("shelter"), "shelter")
    if code and code not in shelters:
        reader.wrong("shelter", "unknown_shelter")
    return shelters.get(code)


def _word(reader: Reader, value: Any, name: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > 80:
        reader.wrong(name, "unreadable")
        return ""
    return value


def _over(reader: Reader) -> str:
    value = reader.raw.get("over_capacity")
    if isinstance(value, dict):
        return _word(reader, value.get("reason"), "over_capacity.reason")
    return _word(reader, value, "over_capacity")


def _words(reader: Reader, name: str) -> tuple[str, ...]:
    value = reader.raw.get(name) or []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        reader.wrong(name, "unreadable")
        return ()
    return tuple(dict.fromkeys(value))


def _answers(reader: Reader) -> dict[str, str]:
    value = reader.raw.get("answers") or {}
    right = isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    if not right:
        reader.wrong("answers", "unreadable")
    return dict(value) if right else {}


def _arrived(reader: Reader) -> int | None:
    """How many came: a number, or the group as it was sent, corrected."""
    value = reader.raw.get("persons")
    if isinstance(value, list):
        return sum(one.n for one in reader.persons(value, ""))
    return _whole(reader, "persons")
