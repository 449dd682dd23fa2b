"""What defines a figure."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Facts = TypeVar("Facts")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Indicator(Generic[Facts, Value]):
    """One figure: code, name, unit, what it counts in words, and how it is reckoned.

    `in_programme` is what must be said beside the definition where the figure is the whole programme's.
    """

    code: str
    label: str
    unit: str
    definition: str
    formula: Callable[[Facts], Value]
    in_programme: str = ""
