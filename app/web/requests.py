"""Request parsing with limits: forms, JSON bodies, the accepted response type, redirect targets."""

from collections.abc import Callable
from io import BytesIO
from typing import IO, Any, TypeAlias

from flask import Request as PlainRequest
from flask import abort, request
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.formparser import FormDataParser

from app.json_object import parse_json_object
from app.text_limits import MAX_TEXT_LENGTH, is_too_long

RawBody: TypeAlias = dict[str, Any]
"""A body in the shape of its JSON, which no schema has read yet."""
NOT_FIELDS = frozenset({"csrf_token"})
"""Form fields that are no part of the answers."""
ACCEPT_HEADERS = (
    "HTTP_ACCEPT",
    "HTTP_ACCEPT_LANGUAGE",
    "HTTP_ACCEPT_ENCODING",
    "HTTP_ACCEPT_CHARSET",
)
"""Headers whose negotiation costs time that grows with the square of their length."""


class FormParser(FormDataParser):
    """Form parser that applies MAX_FORM_PARTS to both encodings; Werkzeug applies it to multipart only."""

    def _parse_urlencoded(self, stream: IO[bytes], *arguments: Any) -> Any:
        body = stream.read()
        if self.max_form_parts is not None and body.count(b"&") >= self.max_form_parts:
            raise RequestEntityTooLarge
        return super()._parse_urlencoded(BytesIO(body), *arguments)


class Request(PlainRequest):
    """A request with a limited number of form fields and Accept headers of limited length."""

    form_data_parser_class = FormParser

    def __init__(self, environ: dict[str, Any], *arguments: Any, **named: Any) -> None:
        for name in ACCEPT_HEADERS:
            if is_too_long(environ.get(name)):
                environ[name] = environ[name][:MAX_TEXT_LENGTH]
        super().__init__(environ, *arguments, **named)


def wants_json() -> bool:
    """Whether the response should be JSON: by the path, the content type of the request, or the Accept header."""
    path = request.path
    if path.endswith(".json") or path.startswith("/sync/") or request.is_json:
        return True
    offered = ["text/html", "application/json"]
    return request.accept_mimetypes.best_match(offered) == "application/json"


def read_json() -> RawBody:
    """Return the JSON object of the request; aborts with 415 for another content type, 400 if it is unreadable."""
    if not request.is_json:
        raise UnsupportedMediaType
    body = request.get_data()  # cached: a repeated transaction reads it again
    content = parse_json_object(body)
    if content is None:
        abort(400)
    return content


def read_body(from_form: Callable[[MultiDict[str, str]], RawBody]) -> RawBody:
    """Return the body of the request in the shape of its JSON; `from_form` converts form fields to it."""
    return from_form(request.form) if is_form() else read_json()


def plain_fields(form: MultiDict[str, str]) -> RawBody:
    """Return the last value of each form field, as text."""
    return {name: values[-1] for name, values in form.lists() if name not in NOT_FIELDS}


def is_form() -> bool:
    """Whether the body is form fields."""
    return request.mimetype in ("application/x-www-form-urlencoded", "multipart/form-data")


def safe_redirect_target(target: str | None, default: str) -> str:
    """Return `target` if it is a plain path of this site, else `default`."""
    is_path = bool(target) and str(target).startswith("/") and not str(target).startswith("//")
    is_strange = any(character in str(target) for character in "\\\r\n\t%")
    return str(target) if is_path and not is_strange else default
