"""Parses the JSON object of a request or an envelope: the only place where foreign JSON is read."""

import json
from typing import Any, TypeAlias

from app.text_limits import has_too_many_values

JsonObject: TypeAlias = dict[str, Any]
"""An object of JSON whose fields no model names."""


def parse_json_object(body: bytes) -> JsonObject | None:
    """Return the object in UTF-8; None if it is none, or holds a key twice, NaN, Infinity, or too many values."""
    if has_too_many_values(body):
        return None
    # A lone surrogate can only come from an escape.
    hook = _escape_surrogates if b"\\u" in body else _refuse_duplicate_keys
    try:
        content = json.loads(
            body.decode("utf-8"), object_pairs_hook=hook, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _refuse_duplicate_keys(pairs: list[tuple[str, Any]]) -> JsonObject:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("duplicate key")
    return content


def _escape_surrogates(pairs: list[tuple[str, Any]]) -> JsonObject:
    """Return the object with lone surrogates in its keys escaped, so that each key is a text that can be reported."""
    content = _refuse_duplicate_keys(pairs)
    return {
        key.encode("utf-8", "backslashreplace").decode(): value for key, value in content.items()
    }


def _refuse_constant(text: str) -> None:
    raise ValueError(text)
