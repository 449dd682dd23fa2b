"""Privacy marks of columns (`mapped_column(info=…)`); a contract test keeps personal columns out of exports."""

from typing import Any

OPEN: dict[str, Any] = {"privacy": "open"}
"""No information about a person at a desk: places, codes, counters, system times."""
PERSONAL: dict[str, Any] = {"privacy": "personal"}
"""Describes people in a consultation, never their identity; published only as a protected figure."""
SENSITIVE: dict[str, Any] = {"privacy": "sensitive"}
"""A secret, or information that could expose staff or a person: never shown, logged or exported."""
