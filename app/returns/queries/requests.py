"""Queries of return requests and their steps, within an account's scope unless the name ends in `_unscoped`."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.composition import PersonCount
from app.db.session import AnyRow
from app.places.models import Desk
from app.returns.models import ReturnRequest, ReturnStep
from app.returns.rules.references import format_reference
from app.returns.rules.replay import replay_steps
from app.returns.rules.request_state import Answers, RecordedStep, RequestState
from app.staff.models import Account
from app.web.access import Scope

REQUESTS = ReturnRequest.__table__
STEPS = ReturnStep.__table__
DESKS = Desk.__table__
ACCOUNTS = Account.__table__


@dataclass(frozen=True)
class RequestRow:
    """One row of `return_request`, with its desk; the columns hold the state after the latest step."""

    id: UUID
    reference: str
    desk_id: int
    country: str
    author_id: int
    consultation_id: UUID | None
    country_of_departure: str
    country_of_return: str
    nationality: str
    persons: list[list[Any]]
    person_count: int
    is_child_alone: bool
    content_digest: str
    stage: str
    version: int
    opened_at: datetime
    opened_month: int
    last_step_at: datetime
    is_stopped: bool
    consent_on: date | None
    consent_until: date | None
    handed_over_month: int | None
    transport_mode: str
    departed_on: date | None
    departed_month: int | None
    departed_persons: list[list[Any]]
    withdrawn_month: int | None
    closing_reason: str
    closed_at: datetime | None
    desk_code: str
    desk_name: str
    time_zone: str

    @property
    def display_reference(self) -> str:
        """The reference as people write it: `R-7K3Q9`."""
        return format_reference(self.reference)

    @property
    def person_counts(self) -> list[PersonCount]:
        """The people who ask to return."""
        return [PersonCount(*row) for row in self.persons]

    @property
    def today(self) -> date:
        """Today at its desk."""
        return clock.today_at(self.time_zone)


@dataclass(frozen=True)
class StepRow:
    """One step: a stage or other action, its answers by field name, when, and by whom (role and account name).

    `recorded_on` is the day at the desk.
    """

    request_id: UUID
    number: int
    action: str
    answers: Answers
    recorded_at: datetime
    recorded_on: date
    role: str
    username: str


WITH_DESK = select(
    REQUESTS,
    DESKS.c.code.label("desk_code"),
    DESKS.c.name.label("desk_name"),
    DESKS.c.time_zone,
).join(DESKS, DESKS.c.id == REQUESTS.c.desk_id)
WITH_ACCOUNT = select(
    STEPS.c.request_id,
    STEPS.c.number,
    STEPS.c.action,
    STEPS.c.answers,
    STEPS.c.recorded_at,
    STEPS.c.recorded_on,
    STEPS.c.role,
    ACCOUNTS.c.username,
).join(ACCOUNTS, ACCOUNTS.c.id == STEPS.c.account_id)
IS_ACTIVE = REQUESTS.c.closed_at.is_(None) | REQUESTS.c.departed_on.is_not(None)
"""Open, or closed after the people departed: a consultation has at most one such request."""


def in_scope(scope: Scope) -> ColumnElement[bool]:
    """Return the condition for requests of an account's desks and of the countries that it supervises."""
    return or_(REQUESTS.c.desk_id.in_(scope.desks), REQUESTS.c.country.in_(scope.countries))


def find_request(session: Session, scope: Scope, reference: str) -> RequestRow | None:
    """Return the request of a reference (five characters); None if it does not exist or is out of scope."""
    matching = WITH_DESK.where(REQUESTS.c.reference == reference, in_scope(scope))
    row = session.execute(matching).first()
    return row_of(row) if row else None


def lock_request(session: Session, scope: Scope, reference: str) -> RequestRow | None:
    """Return the same as find_request, with the row locked until the transaction ends."""
    matching = select(REQUESTS.c.id).where(REQUESTS.c.reference == reference, in_scope(scope))
    if session.execute(matching.with_for_update()).first() is None:
        return None
    return find_request(session, scope, reference)


def find_request_unscoped(session: Session, request_id: UUID) -> RequestRow | None:
    """Return the request of an id, of any desk: to know whether the id is taken."""
    row = session.execute(WITH_DESK.where(REQUESTS.c.id == request_id)).first()
    return row_of(row) if row else None


def get_request_unscoped(session: Session, request_id: UUID) -> RequestRow:
    """Return the request of an id that must exist. Raises LookupError if it does not."""
    row = find_request_unscoped(session, request_id)
    if row is None:
        raise LookupError(f"no return request {request_id}")
    return row


def find_active_request_unscoped(session: Session, consultation_id: UUID) -> RequestRow | None:
    """Return the one active request of a consultation (see IS_ACTIVE), of any desk."""
    matching = WITH_DESK.where(REQUESTS.c.consultation_id == consultation_id, IS_ACTIVE)
    row = session.execute(matching).first()
    return row_of(row) if row else None


def list_of_consultation(session: Session, scope: Scope, consultation_id: UUID) -> list[RequestRow]:
    """Return the requests that came from a consultation, the first opened first."""
    matching = WITH_DESK.where(REQUESTS.c.consultation_id == consultation_id, in_scope(scope))
    ordered = matching.order_by(REQUESTS.c.opened_at, REQUESTS.c.id)
    return [row_of(row) for row in session.execute(ordered)]


def list_steps(session: Session, requests: Collection[RequestRow]) -> dict[UUID, list[StepRow]]:
    """Return the steps of each request in order, by request id; the caller has checked the scope."""
    steps: dict[UUID, list[StepRow]] = {request.id: [] for request in requests}
    matching = WITH_ACCOUNT.where(STEPS.c.request_id.in_(steps))
    for row in session.execute(matching.order_by(STEPS.c.request_id, STEPS.c.number)):
        steps[row.request_id].append(StepRow(**row._mapping))
    return steps


def state_of(request: RequestRow, steps: Collection[StepRow]) -> RequestState:
    """Return the state of a request after these steps."""
    recorded = [RecordedStep(step.action, step.answers, step.recorded_on) for step in steps]
    opening_answers = next((step.answers for step in steps if step.number == 1), {})
    is_child_alone = bool(opening_answers.get("child_alone", request.is_child_alone))
    return replay_steps(is_child_alone, recorded)


def row_of(row: AnyRow) -> RequestRow:
    """Return a row of WITH_DESK, typed."""
    return RequestRow(**row._mapping)
