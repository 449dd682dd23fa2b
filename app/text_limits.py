"""Limits on request data that apply before any rule reads it: longer texts are truncated and refused."""

from collections.abc import Iterable

from werkzeug.datastructures import MultiDict

MAX_TEXT_LENGTH = 1000
"""Characters of a text that a rule, page or table may get; each field has its own, lower limit."""
MAX_JSON_VALUES = 10_000
"""Values, lists and objects in one JSON body: many times the number in the largest batch or record."""


def has_too_many_values(body: bytes) -> bool:
    """Whether a JSON body has more than MAX_JSON_VALUES values, so that parsing it would block other requests."""
    return sum(map(body.count, (b",", b"[", b"{"))) > MAX_JSON_VALUES


def is_too_long(value: object) -> bool:
    """Whether a value is a text longer than MAX_TEXT_LENGTH."""
    return isinstance(value, str) and len(value) > MAX_TEXT_LENGTH


def truncate(
    fields: Iterable[tuple[str, list[str]]],
) -> tuple[MultiDict[str, str], frozenset[str]]:
    """Return the values by field, truncated to MAX_TEXT_LENGTH, and the names of the fields that were longer."""
    lists = list(fields)
    too_long = frozenset(name for name, values in lists if any(map(is_too_long, values)))
    return MultiDict({n: [v[:MAX_TEXT_LENGTH] for v in values] for n, values in lists}), too_long
