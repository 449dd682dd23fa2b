"""What is said of a tablet by what it told at its last contact."""

from datetime import datetime, timedelta

SILENT_AFTER = timedelta(hours=24)


def is_silent(contact_at: datetime | None, waiting: int, now: datetime) -> bool:
    """Whether a tablet holds records and was not heard of for more than a day."""
    return waiting > 0 and contact_at is not None and now - contact_at > SILENT_AFTER


def missing(saved: int, waiting: int, arrived: int) -> int:
    """How many records were saved on a tablet, by its own word, and neither wait there nor arrived."""
    return max(0, saved - waiting - arrived)
