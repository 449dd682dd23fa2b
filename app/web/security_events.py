"""What a request reports to the security log, which keeps it once the answer is decided."""

from dataclasses import dataclass

from flask import g, has_request_context


@dataclass(frozen=True)
class SecurityEvent:
    """A refused attempt: its kind (a code of security.vocabulary), the name tried, the account if it is known."""

    kind: str
    name: str = ""
    account_id: int | None = None


def report_event(kind: str, name: str = "", account_id: int | None = None) -> None:
    """Reports a refused attempt of this request; of the name only a keyed digest is stored."""
    if has_request_context():
        g.setdefault("security_events", []).append(SecurityEvent(kind, name, account_id))


def take_events() -> list[SecurityEvent]:
    """What this request reported so far, once."""
    events: list[SecurityEvent] = g.pop("security_events", [])
    return events
