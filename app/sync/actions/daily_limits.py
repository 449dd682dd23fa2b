"""Limits of what one tablet may send in 24 hours, counted from its rows: so they hold for all workers and nodes."""

from datetime import timedelta

from sqlalchemy.orm import Session

from app import clock
from app.sync.queries import envelopes
from app.sync.queries.devices import DeviceRow
from app.sync.vocabulary import (
    MAX_ENVELOPES_PER_DAY,
    MAX_QUARANTINED_PER_DAY,
    MAX_STORED_BYTES_PER_DAY,
)

DAY = timedelta(hours=24)
RETRY_AFTER = timedelta(hours=1)
"""A tablet that sent too much tries again after this; it keeps its records until then."""


class DailyLimitExceeded(Exception):
    """The tablet sent more in 24 hours than any desk can; nothing of the batch may be stored."""


def check_envelope_limit(session: Session, device: DeviceRow, n: int) -> None:
    """Check, before any is decrypted, that `n` more envelopes are allowed; raises DailyLimitExceeded if not."""
    if envelopes.count_since(session, device.id, clock.now() - DAY) + n > MAX_ENVELOPES_PER_DAY:
        raise DailyLimitExceeded


def check_quarantine_limit(session: Session, device: DeviceRow) -> None:
    """Check a batch that added to the quarantine, and no other; raises DailyLimitExceeded if too much is in it."""
    n, stored = envelopes.sum_quarantined_since(session, device.id, clock.now() - DAY)
    if n > MAX_QUARANTINED_PER_DAY or stored > MAX_STORED_BYTES_PER_DAY:
        raise DailyLimitExceeded
