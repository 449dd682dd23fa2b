"""Append one step to a request and update its row to the new state; nothing else changes a request."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app import clock
from app.audit.actions import record_audit
from app.field_errors import FieldError, NotFound
from app.month import Month
from app.returns.queries import requests as queries
from app.returns.queries.requests import REQUESTS, STEPS, RequestRow
from app.returns.rules import closing
from app.returns.rules.replay import apply_step
from app.returns.rules.request_state import Answers, RecordedStep, RequestState
from app.web.access import Principal
from app.web.outcomes import Accepted, Conflict, Outcome

NEW_STEP = insert(STEPS)


@dataclass(frozen=True)
class StepRefusal:
    """Why an action was refused: the request's stage and version, and the code of the gate or error."""

    stage: str
    code: str
    version: int

    @property
    def message(self) -> str:
        return FieldError("", self.code).message


@dataclass(frozen=True)
class StepContext:
    """One action in progress: who acts, the locked request and its state."""

    session: Session
    principal: Principal
    request: RequestRow
    state: RequestState

    @property
    def today(self) -> date:
        return self.request.today

    def refusal(self, code: str) -> Conflict[StepRefusal]:
        """Return a refusal with the code of a gate or error."""
        return Conflict(StepRefusal(self.request.stage, code, self.request.version))

    def state_after(self, action: str, answers: Answers) -> RequestState:
        """Return the state that the request would have after an action recorded today."""
        return apply_step(self.state, RecordedStep(action, answers, self.today))


StepOutcome: TypeAlias = Outcome[RequestRow, StepRefusal]
"""The request after a step, the errors of its answers, or why it cannot be taken now."""


def lock_step_context(session: Session, principal: Principal, reference: str) -> StepContext:
    """Lock the request of a reference and return it with its state.

    Raises NotFound if it is not in the account's scope.
    """
    request = queries.lock_request(session, principal.scope, reference)
    if request is None:
        raise NotFound("unknown_request")
    steps = queries.list_steps(session, [request])[request.id]
    return StepContext(session, principal, request, queries.state_of(request, steps))


def is_stale(context: StepContext, version: int | None) -> bool:
    """Whether somebody changed the request since the version that the client saw."""
    return version is not None and version != context.request.version


def append_step(context: StepContext, action: str, answers: Answers) -> Accepted[RequestRow]:
    """Record one more step, update the columns of the request to its new state, and return the changed row."""
    session, request, now = context.session, context.request, clock.now()
    step, version = RecordedStep(action, answers, context.today), request.version + 1
    insert_step(session, context.principal, request, version, step)
    columns = request_columns(apply_step(context.state, step), request.closed_at, now)
    statement = update(REQUESTS).where(REQUESTS.c.id == request.id)
    session.execute(statement.values(version=version, last_step_at=now, **columns))
    subject = f"return:{request.display_reference}"
    record_audit(context.principal.account_id, "return_changed", subject, request.country)
    return Accepted(queries.get_request_unscoped(session, request.id))


def insert_step(
    session: Session, principal: Principal, request: RequestRow, number: int, step: RecordedStep
) -> None:
    """Insert one step of a request; `number` counts its steps from 1 and is its version after the step."""
    session.execute(
        NEW_STEP.values(
            request_id=request.id,
            number=number,
            action=step.action,
            answers=step.answers,
            recorded_at=clock.now(),
            recorded_on=step.recorded_on,
            account_id=principal.account_id,
            role=principal.role,
        )
    )


def request_columns(
    state: RequestState, closed_at: datetime | None, now: datetime
) -> dict[str, object]:
    """Return the columns of a request's row for its state; `closed_at` is the column's present value."""
    counts = closing.counts_as_departed(state)
    return {
        "stage": state.stage,
        "is_child_alone": state.is_child_alone,
        "is_stopped": state.is_stopped,
        "consent_on": state.consent_days[0] if state.consent_days else None,
        "consent_until": state.consent_until,
        "handed_over_month": _month(state.handed_over_on),
        "transport_mode": state.transport_mode,
        "departed_on": state.departed_on,
        "departed_month": _month(state.departed_on) if counts else None,
        "departed_persons": [list(row) for row in state.departed_rows],
        "withdrawn_month": _month(state.closed_on) if closing.is_withdrawn(state) else None,
        "closing_reason": state.closing_reason,
        "closed_at": (closed_at or now) if state.is_closed else None,
    }


def _month(day: date | None) -> int | None:
    return int(Month.containing(day)) if day else None
