"""Who may put right what was set aside."""

ABOUT_ANSWERS = frozenset({"invalid", "in_future", "different"})
"""Reasons that lie in what was answered; every other one asks whether the record may be believed at all."""


def author_may_mend(reason: str) -> bool:
    """Whether the author may put a record right that was set aside for this reason, or only the supervisor."""
    return reason in ABOUT_ANSWERS
