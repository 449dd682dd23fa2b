"""Compares every JSON answer that the tests get with what its view documents."""

from flask import Flask, Response, request
from pydantic import BaseModel, ValidationError

from app.web.openapi.describe import operations_of
from app.web.openapi.document import answers_of, list_endpoints

Documented = dict[tuple[str, str], dict[int, type[BaseModel] | None]]


def check_answers(app: Flask) -> None:
    """Make the app raise AssertionError for a JSON answer that its view does not document."""
    documented: Documented = {
        (endpoint.name, endpoint.value): answers_of(endpoint) for endpoint in list_endpoints(app)
    }

    @app.after_request
    def compare(response: Response) -> Response:
        answers = documented.get(_key(app))
        if answers is not None and response.mimetype == "application/json":
            _compare(answers, response)
        return response


def _key(app: Flask) -> tuple[str, str]:
    name = request.endpoint or ""
    parameter, _ = operations_of(app.view_functions.get(name, _key))
    return name, str((request.view_args or {}).get(parameter, ""))


def _compare(answers: dict[int, type[BaseModel] | None], response: Response) -> None:
    status, address = response.status_code, f"{request.method} {request.path}"
    assert status in answers or status == 500, f"{address} does not document {status}"
    model = answers.get(status)
    if model is None:
        return
    try:
        model.model_validate_json(response.get_data(), strict=True)
    except ValidationError as error:
        raise AssertionError(f"{address} {status}: {error}") from error
