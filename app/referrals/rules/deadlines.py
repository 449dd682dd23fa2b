"""Until when an answer is awaited, and the four signs a person carries (outside.md; screens.md §3.3)."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

CODE_CHARACTERS = "CDFGHJKMNPQRTVWXY34679"
"""No vowels, no look-alikes: 22⁴ = 234,256 codes, unique among the open ones."""
DURATIONS = {
    "emergency_24h": timedelta(hours=24),
    "urgent_72h": timedelta(hours=72),
    "normal_14d": timedelta(days=14),
}
SIX = time(6)


def deadline(priority: str, sent_at: datetime, time_zone: str) -> datetime:
    """Until when a shelter may answer, in UTC; `tonight` is 06:00 of the next day at the desk."""
    if priority in DURATIONS:
        return sent_at + DURATIONS[priority]
    zone = ZoneInfo(time_zone)
    next_day = sent_at.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(next_day, SIX, zone).astimezone(UTC)


def generate_code(draw: Callable[[int], int]) -> str:
    """Four signs; `draw(n)` gives a number below n."""
    return "".join(CODE_CHARACTERS[draw(len(CODE_CHARACTERS))] for _ in range(4))


def parse_code(text: str) -> str | None:
    """A typed code in its plain form, None where it cannot be one."""
    plain = "".join(text.split()).replace("-", "").upper()
    return plain if len(plain) == 4 and set(plain) <= set(CODE_CHARACTERS) else None
