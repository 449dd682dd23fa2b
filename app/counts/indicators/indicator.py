"""The definition of a figure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Totals = TypeVar("Totals")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Indicator(Generic[Totals, Value]):
    """One figure: code, name, unit, definition in words, and the formula that computes it from the totals.

    `programme_note` stands next to the definition if the figure is the whole programme's.
    """

    code: str
    label: str
    unit: str
    definition: str
    formula: Callable[[Totals], Value]
    programme_note: str = ""
