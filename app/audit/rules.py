"""How one entry is sealed to the one before it."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

GENESIS_HASH = "0" * 64


@dataclass(frozen=True)
class AuditRecord:
    """One line of the trail: when, who, what, which row, in which country; never a value."""

    at: datetime
    account_id: int | None
    act: str
    subject: str
    country: str = ""


def entry_hash(key: str, previous: str, number: int, entry: AuditRecord) -> str:
    """HMAC-SHA256 in hex over the previous seal, the entry's number and all that the entry says."""
    said = (
        previous,
        str(number),
        entry.at.isoformat(timespec="microseconds"),
        str(entry.account_id or 0),
        entry.act,
        entry.subject,
        entry.country,
    )
    return hmac.new(key.encode(), "\x1f".join(said).encode(), sha256).hexdigest()
