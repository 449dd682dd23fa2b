"""Strange JSON gets one clear answer from every route: nested deep, endless numbers, keys twice, lone surrogates."""

import json
from typing import Any

import pytest
from flask import Flask

from tests.contracts.test_permissions import browser_of, matrix_world
from tests.contracts.test_text_limits import BodySender, routes_with_body

__all__ = ["matrix_world"]
ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
VALUES = {
    "nested a thousand deep": b"[" * 1000 + b"]" * 1000,
    "objects a thousand deep": b'{"a":' * 1000 + b"1" + b"}" * 1000,
    "a number beyond all limits": b"1e400",
    "a number below all limits": b"-1e400",
    "not a number": b"NaN",
    "infinity": b"-Infinity",
    "a huge integer": b"1" + b"0" * 4000,
    "an integer too long to read": b"1" + b"0" * 10_000,
    "a fraction": b"1.5",
    "a lone surrogate": b'"\\ud800"',
    "a surrogate in a key": b'{"\\udfff":1}',
    "a zero character": b'"\\u0000"',
    "a key twice": b'{"n":1,"n":1}',
    "true": b"true",
}
CONFLICT = {404, 409}
"""What a route may answer that never looks at the field, because of the state of its object."""


def _with_value(body: dict[str, Any], name: str, value: bytes) -> bytes:
    return json.dumps({**body, name: "?"}).encode().replace(b'"?"', value)


@ONLY_SQLITE
def test_every_route_answers_strange_values_once_and_clearly(
    app: Flask, matrix_world: dict[str, str]
) -> None:
    n_requests, wrong = 0, []
    for endpoint, route, role in routes_with_body():
        if route.json is None:
            continue
        body = route.json(matrix_world["own"])
        sender = BodySender(browser_of(app, role), route.own.format(**matrix_world))
        for name in [*body, "surely_unknown"]:
            for kind, value in VALUES.items():
                answer = sender.send_bytes(_with_value(body, name, value))
                n_requests += 1
                if not _is_clear(answer):
                    wrong.append((endpoint, name, kind, answer.status_code, answer.data[:200]))
    assert wrong == []
    assert n_requests > 700


def _is_clear(answer: Any) -> bool:
    """Return whether an answer is a success, a conflict, or a refusal with a sentence or with its fields."""
    content = answer.get_json(silent=True)
    if answer.status_code < 300 or answer.status_code in CONFLICT:
        return content is not None
    if answer.status_code == 422:
        return bool(content["problems"]) and all(error["message"] for error in content["problems"])
    return answer.status_code == 400 and bool(content["problem"])


@ONLY_SQLITE
@pytest.mark.parametrize("text", [b"", b"[]", b'"text"', b"{", b'{"id":1}{}', b"\xff{}", b"null"])
def test_a_body_that_is_no_object_is_unreadable(
    app: Flask, matrix_world: dict[str, str], text: bytes
) -> None:
    sender = BodySender(browser_of(app, "desk_staff"), "/consultations")
    answer = sender.send_bytes(text)
    assert (answer.status_code, bool(answer.get_json()["problem"])) == (400, True)
