"""What a column holds, said at the column: read by the promise that personal columns reach no export."""

from typing import Any

OPEN: dict[str, Any] = {"privacy": "open"}
"""Says nothing about a person who came to a desk: places, codes, counters, times of the system."""
PERSONAL: dict[str, Any] = {"privacy": "personal"}
"""Describes people in a consultation, never who they are; leaves the house only as a protected figure."""
SENSITIVE: dict[str, Any] = {"privacy": "sensitive"}
"""A secret, or what could expose staff or a person: never shown, logged or exported."""
