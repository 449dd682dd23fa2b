"""The hash that chains each audit entry to the one before it."""

import hmac
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

GENESIS_HASH = "0" * 64


@dataclass(frozen=True)
class AuditRecord:
    """The content of an audit entry: when, who, which action, on which row, in which country; never a value."""

    at: datetime
    account_id: int | None
    action: str
    subject: str
    country: str = ""


def entry_hash(key: str, previous: str, number: int, record: AuditRecord) -> str:
    """Return HMAC-SHA256 in hex over the previous entry's hash, the number of this entry and its content."""
    parts = (
        previous,
        str(number),
        record.at.isoformat(timespec="microseconds"),
        str(record.account_id or 0),
        record.action,
        record.subject,
        record.country,
    )
    return hmac.new(key.encode(), "\x1f".join(parts).encode(), sha256).hexdigest()
