"""The OpenAPI 3.1 document of the app: every described view with its permission, its body and its answers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from app.json_object import JsonObject
from app.version import app_version
from app.web.access import CSRF_EXEMPT, SAFE_METHODS
from app.web.openapi.answers import DeviceErrorAnswer, ErrorAnswer, FieldErrorsAnswer
from app.web.openapi.describe import Operation, operations_of
from app.web.permissions import PERMISSIONS

REF = "#/components/schemas/{model}"
PARAMETER = re.compile(r"<(?:(?P<converter>[a-z]+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
CONVERTERS: dict[str | None, JsonObject] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
    None: {"type": "string"},
}
SECURITY_SCHEMES: dict[str, JsonObject] = {
    "session": {"type": "apiKey", "in": "cookie", "name": "session"},
    "csrf_token": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
    "device_credential": {"type": "apiKey", "in": "header", "name": "Authorization"},
}
WITHOUT_ACCOUNT = frozenset({"public"}) | CSRF_EXEMPT
RETRY_AFTER = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds."}}
Model = tuple[type[BaseModel], JsonSchemaMode]
References = Mapping[Any, JsonObject]


@dataclass(frozen=True)
class Endpoint:
    """One address with one method; `name` is that of the view, `value` that of the parameter it spells out."""

    path: str
    method: str
    name: str
    value: str
    permission: str
    summary: str
    parameters: tuple[tuple[str, str | None], ...]
    operation: Operation

    @property
    def is_change(self) -> bool:
        return self.method not in SAFE_METHODS


def list_endpoints(app: Flask) -> list[Endpoint]:
    """List the described addresses, by path and method."""
    return sorted(_endpoints(app), key=lambda endpoint: (endpoint.path, endpoint.method))


def _endpoints(app: Flask) -> Iterator[Endpoint]:
    described = set[tuple[str, str]]()
    for rule in app.url_map.iter_rules():
        view: Any = app.view_functions[rule.endpoint]
        name, operations = operations_of(view)
        method = next(iter((rule.methods or set()) - {"HEAD", "OPTIONS"}), "GET")
        if (rule.endpoint, method) in described:  # a former address of the view
            continue
        described.add((rule.endpoint, method))
        for value, operation in operations.items():
            path, parameters = _path(rule.rule, name, value)
            summary = operation.summary or (view.__doc__ or "").split("\n")[0]
            yield Endpoint(
                path=path,
                method=method,
                name=rule.endpoint,
                value=value,
                permission=view.permission,
                summary=summary,
                parameters=parameters,
                operation=operation,
            )


def _path(rule: str, name: str, value: str) -> tuple[str, tuple[tuple[str, str | None], ...]]:
    """Return a rule's path in the document's form, with one parameter replaced by a value, and its parameters."""
    parameters = [(match["name"], match["converter"]) for match in PARAMETER.finditer(rule)]
    spelled = PARAMETER.sub(
        lambda match: value if match["name"] == name else f"{{{match['name']}}}", rule
    )
    return spelled, tuple(pair for pair in parameters if pair[0] != name)


def openapi_document(app: Flask) -> JsonObject:
    """Return the document of an app, its paths in order of their addresses."""
    endpoints = list_endpoints(app)
    models = sorted(
        {model for endpoint in endpoints for model in _models(endpoint)},
        key=lambda model: (model[0].__name__, model[1]),
    )
    references, definitions = models_json_schema(models, ref_template=REF)
    paths: dict[str, JsonObject] = {}
    for endpoint in endpoints:
        entry = _operation_object(endpoint, references)
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = entry
    return {
        "openapi": "3.1.0",
        "info": {"title": "Ventanilla", "version": app_version()},
        "paths": paths,
        "components": {
            "schemas": definitions.get("$defs", {}),
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def _models(endpoint: Endpoint) -> Iterator[Model]:
    if endpoint.operation.body:
        yield endpoint.operation.body, "validation"
    for model in answers_of(endpoint).values():
        if model is not None:
            yield model, "serialization"


def answers_of(endpoint: Endpoint) -> dict[int, type[BaseModel] | None]:
    """Return the body of each answer of an address by status, the errors included that every address has."""
    operation, permission = endpoint.operation, endpoint.permission
    errors: dict[int, type[BaseModel]] = {503: ErrorAnswer}
    if permission == "enrolled_device":
        errors[401] = DeviceErrorAnswer
    elif permission not in WITHOUT_ACCOUNT:
        errors |= {401: ErrorAnswer, 403: ErrorAnswer}
    if endpoint.parameters:
        errors[404] = ErrorAnswer
    if endpoint.is_change:
        errors |= dict.fromkeys((400, 413, 415, 429), ErrorAnswer)
    if operation.body and not operation.is_lenient:
        errors[422] = FieldErrorsAnswer
    return dict(sorted({**errors, **operation.answers}.items()))


def _operation_object(endpoint: Endpoint, references: References) -> JsonObject:
    operation = endpoint.operation
    entry: JsonObject = {
        "tags": [endpoint.name.split(".")[0]],
        "summary": endpoint.summary,
        "description": f"Permission: {PERMISSIONS[endpoint.permission].label}.",
        "security": _security(endpoint),
        "parameters": _parameters(endpoint),
        "responses": {
            str(status): _answer_object(status, model, operation, references)
            for status, model in answers_of(endpoint).items()
        },
    }
    if operation.body:
        schema = references[operation.body, "validation"]
        entry["requestBody"] = {
            "required": not operation.is_body_optional,
            "content": {"application/json": {"schema": schema}},
        }
    return entry


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    if endpoint.permission == "enrolled_device":
        return [{"device_credential": []}]
    needed = [] if endpoint.permission in WITHOUT_ACCOUNT else ["session"]
    if endpoint.is_change and endpoint.permission not in CSRF_EXEMPT:
        needed = ["session", "csrf_token"]
    return [{name: [] for name in needed}] if needed else []


def _parameters(endpoint: Endpoint) -> list[JsonObject]:
    in_path = [
        {"name": name, "in": "path", "required": True, "schema": CONVERTERS[converter]}
        for name, converter in endpoint.parameters
    ]
    in_query = [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in endpoint.operation.query.items()
    ]
    return [*in_path, *in_query]


def _answer_object(
    status: int, model: type[BaseModel] | None, operation: Operation, references: References
) -> JsonObject:
    answer: JsonObject = {"description": HTTPStatus(status).phrase}
    if status in (429, 503):
        answer["headers"] = RETRY_AFTER
    if model is not None:
        answer["content"] = {operation.content_type: {"schema": references[model, "serialization"]}}
    return answer
