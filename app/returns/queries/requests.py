"""Reads return requests and their steps, within the scope of who asks."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from app import clock
from app.composition import PersonCount
from app.db.session import Record
from app.places.models import Desk
from app.returns.models import ReturnRequest, ReturnStep
from app.returns.rules.references import shown
from app.returns.rules.replay import fold
from app.returns.rules.request_state import Standing, Step
from app.staff.models import Account
from app.web.access import Scope

REQUESTS = ReturnRequest.__table__
STEPS = ReturnStep.__table__
DESKS = Desk.__table__
ACCOUNTS = Account.__table__


@dataclass(frozen=True)
class RequestRow:
    """One request as its steps leave it, with its desk."""

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
    party: int
    is_child_alone: bool
    arrival_digest: str
    stage: str
    version: int
    opened_at: datetime
    opened_month: int
    moved_at: datetime
    is_stopped: bool
    consent_on: date | None
    consent_until: date | None
    handed_month: int | None
    transport_mode: str
    departed_on: date | None
    departed_month: int | None
    departed: list[list[Any]]
    withdrawn_month: int | None
    closing_reason: str
    closed_at: datetime | None
    desk_code: str
    desk_name: str
    time_zone: str

    @property
    def shown(self) -> str:
        """The reference as it is written everywhere: `R-7K3Q9`."""
        return shown(self.reference)

    @property
    def group(self) -> list[PersonCount]:
        """The people who asked."""
        return [PersonCount(*one) for one in self.persons]

    @property
    def today(self) -> date:
        """Today at its desk."""
        return clock.today_at(self.time_zone)


@dataclass(frozen=True)
class StepRow:
    """One thing that was recorded: a stage or turn, what was said, when, and by whom (role and account name)."""

    request_id: UUID
    number: int
    act: str
    said: dict[str, Any]
    at: datetime
    day: date
    role: str
    username: str


WITH_DESK = select(
    REQUESTS,
    DESKS.c.code.label("desk_code"),
    DESKS.c.name.label("desk_name"),
    DESKS.c.time_zone,
).join(DESKS, DESKS.c.id == REQUESTS.c.desk_id)
WITH_NAME = select(
    *(STEPS.c[name] for name in ("request_id", "number", "act", "said", "at", "day", "role")),
    ACCOUNTS.c.username,
).join(ACCOUNTS, ACCOUNTS.c.id == STEPS.c.account_id)


def within(scope: Scope) -> ColumnElement[bool]:
    """Requests that an account may see: of its desks and of the countries that it supervises."""
    return or_(REQUESTS.c.desk_id.in_(scope.desks), REQUESTS.c.country.in_(scope.countries))


def find(session: Session, scope: Scope, reference: str) -> RequestRow | None:
    """The request of a reference (five signs) within the scope; None where there is none or it is another's."""
    mine = WITH_DESK.where(REQUESTS.c.reference == reference, within(scope))
    row = session.execute(mine).first()
    return row_of(row) if row else None


def lock(session: Session, scope: Scope, reference: str) -> RequestRow | None:
    """The same, held until the transaction ends."""
    mine = select(REQUESTS.c.id).where(REQUESTS.c.reference == reference, within(scope))
    if session.execute(mine.with_for_update()).first() is None:
        return None
    return find(session, scope, reference)


def find_arrival(session: Session, request_id: UUID) -> RequestRow | None:
    """The request of that id, whoever it belongs to: to tell whether an id is known."""
    row = session.execute(WITH_DESK.where(REQUESTS.c.id == request_id)).first()
    return row_of(row) if row else None


def find_standing(session: Session, consultation_id: UUID) -> RequestRow | None:
    """The request of a consultation that is open, or whose people departed: there is at most one."""
    stands = REQUESTS.c.closed_at.is_(None) | REQUESTS.c.departed_on.is_not(None)
    mine = WITH_DESK.where(REQUESTS.c.consultation_id == consultation_id, stands)
    row = session.execute(mine).first()
    return row_of(row) if row else None


def list_of_consultation(session: Session, scope: Scope, consultation_id: UUID) -> list[RequestRow]:
    """The requests that came from a consultation, the first opened first."""
    mine = WITH_DESK.where(REQUESTS.c.consultation_id == consultation_id, within(scope))
    ordered = mine.order_by(REQUESTS.c.opened_at, REQUESTS.c.id)
    return [row_of(row) for row in session.execute(ordered)]


def list_steps(session: Session, requests: Collection[RequestRow]) -> dict[UUID, list[StepRow]]:
    """Everything that was recorded of requests, in order, by their ids; the caller may see them."""
    found: dict[UUID, list[StepRow]] = {one.id: [] for one in requests}
    theirs = WITH_NAME.where(STEPS.c.request_id.in_(found))
    for row in session.execute(theirs.order_by(STEPS.c.request_id, STEPS.c.number)):
        found[row.request_id].append(StepRow(**row._mapping))
    return found


def standing_of(request: RequestRow, steps: Iterable[StepRow]) -> Standing:
    """How a request stands after these steps."""
    was_alone = bool(_opening(steps).get("child_alone", request.is_child_alone))
    return fold(was_alone, [Step(one.act, one.said, one.day) for one in steps])


def _opening(steps: Iterable[StepRow]) -> dict[str, Any]:
    return next((one.said for one in steps if one.number == 1), {})


def row_of(row: Record) -> RequestRow:
    """A row of WITH_DESK."""
    return RequestRow(**row._mapping)
