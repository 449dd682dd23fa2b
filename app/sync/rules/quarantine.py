"""Who may put right what was set aside."""

ABOUT_ANSWERS = frozenset({"invalid", "in_future", "different", "stale_notice"})
"""Reasons that lie in what was answered, or in being late; every other one asks whether the record may be believed."""


def author_may_mend(reason: str) -> bool:
    """Whether the author may put a record right that was set aside for this reason, or only the supervisor."""
    return reason in ABOUT_ANSWERS
