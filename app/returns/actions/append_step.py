"""Writes one step behind the others and what it leaves standing; the only place where a request changes."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.field_errors import FieldError
from app.month import Month
from app.returns.queries import requests as reading
from app.returns.queries.requests import REQUESTS, STEPS, RequestRow
from app.returns.rules import closing
from app.returns.rules.replay import follow
from app.returns.rules.request_state import Standing, Step
from app.web.access import Principal

NEW_STEP = insert(STEPS)


@dataclass(frozen=True)
class Refused:
    """The stage at which something cannot be done, and the gate or problem that keeps it; nothing was changed."""

    stage: str
    code: str
    version: int


@dataclass(frozen=True)
class Turn:
    """One act under way: the locked request and how it stands."""

    session: Session
    by: Principal
    request: RequestRow
    standing: Standing

    @property
    def today(self) -> date:
        return self.request.today

    def refused(self, code: str) -> Refused:
        """Why this cannot be done now."""
        return Refused(self.request.stage, code, self.request.version)

    def after(self, act: str, said: dict[str, Any]) -> Standing:
        """How the request would stand."""
        return follow(self.standing, Step(act, said, self.today))


Moved = RequestRow | Refused | list[FieldError] | None
"""The request after an act; or what kept it: a gate, wrong answers, or that there is none in the account's scope."""


def begin(session: Session, by: Principal, reference: str) -> Turn | None:
    """The request of a reference, locked, and how it stands; None where it is not the account's."""
    request = reading.lock(session, by.scope, reference)
    if request is None:
        return None
    steps = reading.list_steps(session, [request])[request.id]
    return Turn(session, by, request, reading.standing_of(request, steps))


def is_stale(turn: Turn, version: int | None) -> bool:
    """Whether somebody changed the request since the version that was seen."""
    return version is not None and version != turn.request.version


def write(turn: Turn, act: str, said: dict[str, Any]) -> RequestRow:
    """The request after one more step, its columns written from how it stands now."""
    session, request, now = turn.session, turn.request, clock.now()
    standing, version = turn.after(act, said), request.version + 1
    write_step(session, turn.by, request, (version, act, said))
    facts = columns_of(standing, request.closed_at, now)
    mine = update(REQUESTS).where(REQUESTS.c.id == request.id)
    session.execute(mine.values(version=version, moved_at=now, **facts))
    record_audit(turn.by.account_id, "return_changed", f"return:{request.shown}", request.country)
    changed = reading.find_arrival(session, request.id)
    assert changed is not None  # noqa: S101 - it is locked
    return changed


def write_step(
    session: Session, by: Principal, request: RequestRow, what: tuple[int, str, dict[str, Any]]
) -> None:
    """One step: its number, what it is, and what was said."""
    number, act, said = what
    session.execute(
        NEW_STEP.values(
            request_id=request.id,
            number=number,
            act=act,
            said=said,
            at=clock.now(),
            day=request.today,
            account_id=by.account_id,
            role=by.role,
        )
    )


def columns_of(standing: Standing, closed_at: datetime | None, now: datetime) -> dict[str, Any]:
    """What a request's row says of how it stands now; `closed_at` is what it said before."""
    counts = closing.counts_as_departed(standing)
    return {
        "stage": standing.stage,
        "is_child_alone": standing.is_child_alone,
        "is_stopped": standing.is_stopped,
        "consent_on": standing.consents[0] if standing.consents else None,
        "consent_until": standing.consent_until,
        "handed_month": _month(standing.handed_on),
        "transport_mode": standing.transport_mode,
        "departed_on": standing.departed_on,
        "departed_month": _month(standing.departed_on) if counts else None,
        "departed": [list(one) for one in standing.departed],
        "withdrawn_month": _month(standing.closed_on) if closing.is_withdrawn(standing) else None,
        "closing_reason": standing.closing_reason,
        "closed_at": (closed_at or now) if standing.is_closed else None,
    }


def _month(day: date | None) -> int | None:
    return int(Month.of(day)) if day else None
