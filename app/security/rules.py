"""How much of a refused attempt is kept, and how little an attacker can make the log grow."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from threading import Lock

RETENTION = timedelta(days=90)
MAX_NAMES_PER_MINUTE = 20
"""Names told apart per network and minute; further ones are counted together, so that a list of names stays small."""
MAX_COUNTED_KEYS = 10_000


def name_key(secret: str, name: str) -> str:
    """What is kept of a name that was tried: an HMAC, since a mistyped name may be a password; empty for none."""
    if not name:
        return ""
    return hmac.new(secret.encode(), f"security\x1f{name}".encode(), sha256).hexdigest()


def minute_of(moment: datetime) -> datetime:
    """The beginning of a moment's minute."""
    return moment.replace(second=0, microsecond=0)


@dataclass(frozen=True)
class EventKey:
    """One row of the log: equal attempts of one minute are one entry with a count."""

    kind: str
    name_key: str
    account_id: int | None
    network: str

    def digest(self, minute: datetime) -> str:
        """What makes the row of a minute unique."""
        parts = (self.kind, self.name_key, str(self.account_id), self.network, minute.isoformat())
        return sha256("\x1f".join(parts).encode()).hexdigest()


class EventCounter:
    """How often this process saw each entry in the running minute, and how many of them to write now."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._minute: datetime | None = None
        self._seen: dict[str, int] = {}

    def add(self, minute: datetime, digest: str) -> int:
        """How many times to add to the row now: each of the first ten, then every ten, from a hundred on every hundred.

        So a flood costs some ten writes for each digit of its size, and the count is never too high.
        """
        with self._lock:
            if minute != self._minute or len(self._seen) >= MAX_COUNTED_KEYS:
                self._minute, self._seen = minute, {}
            seen = self._seen[digest] = self._seen.get(digest, 0) + 1
        step: int = 10 ** (len(str(seen)) - 1)
        if seen % step:
            return 0
        return step if seen > step else max(1, step // 10)
