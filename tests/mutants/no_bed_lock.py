"""The app with a fault in it: a shelter's beds are not locked between counting and taking them. Tests must catch it."""

import time
from typing import Any

from app.referrals.actions import bed_handlers, perform
from app.shelters.queries import beds
from wsgi import application


def _read_without_lock(session: Any, shelter_id: int, category: str) -> Any:
    categories = beds.list_beds(session, [shelter_id]).get(shelter_id, [])
    beds_row = next((row for row in categories if row.category == category), None)
    time.sleep(0.02)
    return beds.LockedBeds(shelter_id, beds_row, 1) if beds_row else None


perform.lock_and_bump_inboxes = lambda *_: None
bed_handlers.lock_beds = _read_without_lock

__all__ = ["application"]
