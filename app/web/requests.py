"""Reads what a client sent and says in which words it wants the answer."""

import json
from io import BytesIO
from typing import IO, Any

from flask import Request as PlainRequest
from flask import abort, request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.formparser import FormDataParser

from app.text_limits import LONGEST, has_too_many_values, is_too_long

PREFERENCES = ("HTTP_ACCEPT", "HTTP_ACCEPT_LANGUAGE", "HTTP_ACCEPT_ENCODING", "HTTP_ACCEPT_CHARSET")
"""Headers that are compared with what we offer, at a cost that grows with their square."""


class FormParser(FormDataParser):
    """Reads forms; MAX_FORM_PARTS holds for both ways of writing one, where the library looks at one of them only."""

    def _parse_urlencoded(self, stream: IO[bytes], *arguments: Any) -> Any:
        body = stream.read()
        if self.max_form_parts is not None and body.count(b"&") >= self.max_form_parts:
            raise RequestEntityTooLarge
        return super()._parse_urlencoded(BytesIO(body), *arguments)


class Request(PlainRequest):
    """A request whose forms have a bounded number of fields and whose preferences are bounded texts."""

    form_data_parser_class = FormParser

    def __init__(self, environ: dict[str, Any], *arguments: Any, **named: Any) -> None:
        for name in PREFERENCES:
            if is_too_long(environ.get(name)):
                environ[name] = environ[name][:LONGEST]
        super().__init__(environ, *arguments, **named)


def wants_json() -> bool:
    """Whether the answer is to be JSON: by the address, by what was sent, or by the Accept header."""
    path = request.path
    if path.endswith(".json") or path.startswith("/sync/") or request.is_json:
        return True
    offered = ["text/html", "application/json"]
    return request.accept_mimetypes.best_match(offered) == "application/json"


def read_json() -> dict[str, Any]:
    """The JSON object of the request; 415 where it is another type, 400 where it cannot be read."""
    if not request.is_json:
        raise UnsupportedMediaType
    body = request.get_data()  # kept: it is read again if the transaction is
    if has_too_many_values(body):
        abort(400)
    try:
        content = json.loads(
            body.decode("utf-8"),
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


def safe_redirect_target(target: str | None, otherwise: str) -> str:
    """A path of this site to go on to; `otherwise` where the target leads anywhere else."""
    safe = bool(target) and str(target).startswith("/") and not str(target).startswith("//")
    strange = any(sign in str(target) for sign in "\\\r\n\t") or "%" in str(target)
    return str(target) if safe and not strange else otherwise
