"""The 46 faults of the way from tablet to server, what must come of each, and the tests that show it."""

FAULTS: dict[int, tuple[str, tuple[str, ...]]] = {}
