"""Reads what a client sent and says in which words it wants the answer."""

import json
from typing import Any

from flask import abort, request
from werkzeug.exceptions import UnsupportedMediaType


def wants_json() -> bool:
    """Whether the answer is to be JSON: by the address, by what was sent, or by the Accept header."""
    path = request.path
    if path.endswith(".json") or path.startswith("/sync/") or request.is_json:
        return True
    offered = ["text/html", "application/json"]
    return request.accept_mimetypes.best_match(offered) == "application/json"


def sent_json() -> dict[str, Any]:
    """The JSON object of the request; 415 where it is another type, 400 where it cannot be read."""
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        content = json.loads(
            request.get_data().decode("utf-8"),  # kept: it is read again if the transaction is
            object_pairs_hook=_without_doubles,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError):
        abort(400)
    if not isinstance(content, dict):
        abort(400)
    return content


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError("a key stands twice")
    return content


def _refuse_constant(text: str) -> None:
    raise ValueError(text)


def is_form() -> bool:
    """Whether the body is form fields."""
    return request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data")


def own_path(target: str | None, otherwise: str) -> str:
    """A path of this site to go on to; `otherwise` where the target leads anywhere else."""
    safe = bool(target) and str(target).startswith("/") and not str(target).startswith("//")
    strange = any(sign in str(target) for sign in "\\\r\n\t") or "%" in str(target)
    return str(target) if safe and not strange else otherwise
