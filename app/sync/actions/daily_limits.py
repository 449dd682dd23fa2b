"""What one tablet may send in 24 hours, told from the lines of what it sent: so it holds for all workers and nodes."""

from datetime import timedelta

from sqlalchemy.orm import Session

from app import clock
from app.sync.queries import envelopes
from app.sync.queries.devices import DeviceRow
from app.sync.vocabulary import MOST_A_DAY, MOST_ASIDE_A_DAY, MOST_KEPT_A_DAY

DAY = timedelta(hours=24)
RETRY_AFTER = timedelta(hours=1)
"""A tablet that sent too much asks again after this; it keeps what it has."""


class DailyLimitExceeded(Exception):
    """The tablet sent more in 24 hours than any desk can; nothing of the batch may be kept."""


def check_envelope_limit(session: Session, device: DeviceRow, more: int) -> None:
    """Raises TooMuch where so many `more` envelopes are too many; asked before anything of them is opened."""
    if envelopes.count_since(session, device.id, clock.now() - DAY) + more > MOST_A_DAY:
        raise DailyLimitExceeded


def check_quarantine_limit(session: Session, device: DeviceRow) -> None:
    """Raises TooMuch where more was set aside than may be; asked of a batch that added to it, and of no other."""
    n, kept = envelopes.sum_quarantined_since(session, device.id, clock.now() - DAY)
    if n > MOST_ASIDE_A_DAY or kept > MOST_KEPT_A_DAY:
        raise DailyLimitExceeded
