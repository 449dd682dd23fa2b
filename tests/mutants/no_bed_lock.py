"""The app with a fault in it: nobody holds a shelter's beds between counting and taking them. Tests must catch it."""

import time
from typing import Any

from app.referrals.actions import bed_handlers, perform
from app.shelters.queries import beds
from wsgi import application


def _read_without_holding(session: Any, shelter_id: int, category: str) -> Any:
    every = beds.list_beds(session, [shelter_id]).get(shelter_id, [])
    found = next((one for one in every if one.category == category), None)
    time.sleep(0.02)
    return beds.LockedBeds(shelter_id, found, 1) if found else None


perform.lock_and_bump_inboxes = lambda *_: None
bed_handlers.lock_beds = _read_without_holding

__all__ = ["application"]
