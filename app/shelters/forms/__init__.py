"""Parses bed updates (`beds`) and shelter forms (`shelter`; its `fields` and the `options` of its page)."""
