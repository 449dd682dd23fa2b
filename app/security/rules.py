"""What is stored of a refused attempt, and how the growth of the log under attack is limited."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock

RETENTION = timedelta(days=90)
MAX_NAMES_PER_MINUTE = 20
"""Names counted separately per network and minute; further ones are counted together, to keep the log small."""
MAX_COUNTED_KEYS = 10_000


def name_key(secret: str, name: str) -> str:
    """Return the HMAC that is stored of a tried name, since a mistyped name may be a password; empty for no name."""
    if not name:
        return ""
    return hmac.new(secret.encode(), f"security\x1f{name}".encode(), sha256).hexdigest()


def minute_of(moment: datetime) -> datetime:
    """Return the beginning of a moment's minute."""
    return moment.replace(second=0, microsecond=0)


@dataclass(frozen=True)
class EventKey:
    """What equal attempts have in common: those of one minute are one entry with a count."""

    kind: str
    name_key: str
    account_id: int | None
    network: str

    def digest(self, minute: datetime) -> str:
        """Return the digest that is unique for the row of a minute."""
        parts = (self.kind, self.name_key, str(self.account_id), self.network, minute.isoformat())
        return sha256("\x1f".join(parts).encode()).hexdigest()


class EventCounter:
    """Counts how often this process saw each key in the current minute, and how many of them to write now."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._minute: datetime | None = None
        self._counts: dict[str, int] = {}

    def add(self, minute: datetime, digest: str) -> int:
        """Count once; return how much to add to the row now: each of the first ten, then every ten, then every hundred.

        So a flood costs about ten writes for each digit of its size, and the stored count is never too high.
        """
        with self._lock:
            if minute != self._minute or len(self._counts) >= MAX_COUNTED_KEYS:
                self._minute, self._counts = minute, {}
            count = self._counts[digest] = self._counts.get(digest, 0) + 1
        step: int = 10 ** (len(str(count)) - 1)
        if count % step:
            return 0
        return step if count > step else max(1, step // 10)
