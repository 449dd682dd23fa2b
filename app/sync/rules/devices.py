"""What follows from the state that a tablet reported at its last contact."""

from datetime import datetime, timedelta

SILENT_AFTER = timedelta(hours=24)


def is_silent(contact_at: datetime | None, waiting: int, now: datetime) -> bool:
    """Return whether a tablet has waiting records and made no contact for more than a day."""
    return waiting > 0 and contact_at is not None and now - contact_at > SILENT_AFTER


def count_missing(saved: int, waiting: int, arrived: int) -> int:
    """Return how many records were saved on a tablet, as it reports, and neither wait there nor arrived."""
    return max(0, saved - waiting - arrived)
