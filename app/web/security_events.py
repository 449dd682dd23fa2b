"""Events that a request reports to the security log, which stores them after the response is decided."""

from dataclasses import dataclass

from flask import g, has_request_context


@dataclass(frozen=True)
class ReportedEvent:
    """A refused attempt: its kind (a code of security.vocabulary), the name tried, the account if it is known."""

    kind: str
    name: str = ""
    account_id: int | None = None


def report_event(kind: str, name: str = "", account_id: int | None = None) -> None:
    """Report a refused attempt of this request; of the name only a keyed digest is stored."""
    if has_request_context():
        g.setdefault("security_events", []).append(ReportedEvent(kind, name, account_id))


def take_events() -> list[ReportedEvent]:
    """Return and remove the events that this request has reported so far."""
    events: list[ReportedEvent] = g.pop("security_events", [])
    return events
