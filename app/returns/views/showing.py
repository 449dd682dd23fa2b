"""Draws the page of one request."""

from typing import Any

from flask import Response

from app.base.pages import page
from app.returns import vocabulary
from app.returns.queries.requests import RequestRow, StepRow
from app.returns.rules.standing import Standing

WORDS: dict[str, Any] = {"v": vocabulary}


def request_page(request: RequestRow, steps: list[StepRow], standing: Standing) -> Response:
    """How a request stands, what comes next, and everything that was recorded of it."""
    return page("returns/request.html", request=request, steps=steps, standing=standing, **WORDS)
