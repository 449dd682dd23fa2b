"""Decorators that state what a view takes and answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel

View = TypeVar("View", bound=Callable[..., Any])
Answers = Mapping[int, type[BaseModel] | None]
"""The body of each answer by status; None if the answer has none."""


@dataclass(frozen=True)
class Operation:
    """What one address takes and answers, apart from the errors that every address has.

    `query` are the parameters of the address, each with its meaning; `summary` stands for the first line of the view's
    docstring. What a client gets that accepts pages is not described.
    The fields of a lenient body have no errors: what cannot be read is left empty, or the answer is 400 or 401.
    """

    answers: Answers
    body: type[BaseModel] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    is_body_optional: bool = False
    is_lenient: bool = False
    summary: str = ""
    content_type: str = "application/json"


def describe(**operation: Any) -> Callable[[View], View]:
    """State the operation of a view: the fields of `Operation` as keywords."""
    return describe_each("", {"": Operation(**operation)})


def describe_each(parameter: str, operations: Mapping[str, Operation]) -> Callable[[View], View]:
    """State an operation for each value of a parameter of the view's path."""

    def decorate(view: View) -> View:
        view.operations = (parameter, dict(operations))  # type: ignore[attr-defined]  # as its permission is
        return view

    return decorate


def operations_of(view: Callable[..., Any]) -> tuple[str, dict[str, Operation]]:
    """Return the path parameter that is spelled out, and the operation for each of its values; empty if undescribed."""
    described: tuple[str, dict[str, Operation]] = getattr(view, "operations", ("", {}))
    return described
