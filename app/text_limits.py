"""How long a text may be before any rule looks at it: what is longer is cut and refused first."""

from collections.abc import Iterable

from werkzeug.datastructures import MultiDict

LONGEST = 1000
"""Characters of a text that any rule, page or table may be given; each field has its own, lower limit."""
MOST_VALUES = 10_000
"""So many values a JSON may hold, and lists and objects: many times what the largest batch or record has."""


def has_too_many_values(written: bytes) -> bool:
    """Whether a JSON holds so many values that reading it alone would keep others waiting."""
    return sum(map(written.count, (b",", b"[", b"{"))) > MOST_VALUES


def is_too_long(value: object) -> bool:
    """Whether a value is a text that no rule may look at."""
    return isinstance(value, str) and len(value) > LONGEST


def cut(
    fields: Iterable[tuple[str, list[str]]],
) -> tuple[MultiDict[str, str], frozenset[str]]:
    """The values by field, each cut to LONGEST, and the names of fields that held a longer one."""
    lists = list(fields)
    too_long = frozenset(name for name, values in lists if any(map(is_too_long, values)))
    return MultiDict({n: [v[:LONGEST] for v in values] for n, values in lists}), too_long
