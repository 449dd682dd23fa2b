"""Deadlines of referrals, and the four characters of the code on a slip (outside.md; screens.md §3.3)."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

CODE_CHARACTERS = "CDFGHJKMNPQRTVWXY34679"
"""No vowels, no look-alikes: 22⁴ = 234,256 codes, unique among the open referrals."""
CODE_LENGTH = 4
DURATIONS = {
    "emergency_24h": timedelta(hours=24),
    "urgent_72h": timedelta(hours=72),
    "normal_14d": timedelta(days=14),
}
END_OF_NIGHT = time(6)


def deadline(priority: str, sent_at: datetime, time_zone: str) -> datetime:
    """Return until when a shelter may answer, in UTC; `tonight` is 06:00 of the next day at the desk."""
    if priority in DURATIONS:
        return sent_at + DURATIONS[priority]
    zone = ZoneInfo(time_zone)
    next_day = sent_at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(next_day, END_OF_NIGHT, zone).astimezone(UTC)


def generate_code(draw: Callable[[int], int]) -> str:
    """Return a random code; `draw(n)` returns a random number below n."""
    return "".join(CODE_CHARACTERS[draw(len(CODE_CHARACTERS))] for _ in range(CODE_LENGTH))


def parse_code(text: str) -> str | None:
    """Return a typed code without spaces and dashes, in capital letters; None if it cannot be a code."""
    code = "".join(text.split()).replace("-", "").upper()
    return code if len(code) == CODE_LENGTH and set(code) <= set(CODE_CHARACTERS) else None
