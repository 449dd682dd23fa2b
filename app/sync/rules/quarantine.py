"""Who may resolve a quarantined record."""

AUTHOR_REASONS = frozenset({"invalid", "in_future", "different", "stale_notice"})
"""Reasons that lie in the answers, or in lateness; every other one questions whether the record is genuine."""


def may_author_resolve(reason: str) -> bool:
    """Return whether the author may resolve a record quarantined for this reason, or only the supervisor."""
    return reason in AUTHOR_REASONS
