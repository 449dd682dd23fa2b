"""Lists of return requests within an account's scope: by stage and desk, and those whose consent expires."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app import clock
from app.places.queries import DeskRow
from app.returns.queries.requests import (
    REQUESTS,
    WITH_DESK,
    RequestRow,
    in_scope,
    list_steps,
    row_of,
    state_of,
)
from app.returns.rules.request_state import RequestState
from app.returns.rules.workflow import waits_for
from app.returns.vocabulary import STAGES
from app.web.access import Scope

MAX_LISTED = 200
SOON = timedelta(days=14)
"""How long before its end a consent is listed for renewal: two weeks to meet the person again."""


@dataclass(frozen=True)
class RequestFilter:
    """Which requests are listed: those of one stage and one desk (all if empty), open or closed."""

    stage: str = ""
    desk: DeskRow | None = None
    are_closed: bool = False


ALL_OPEN = RequestFilter()


@dataclass(frozen=True)
class ReturnRequestLine:
    """One request of a list: its state, whom it waits for (a code of WAITING_PARTIES), and for how many days.

    `days_to_departure` is from the first consent to the departure, None before the departure.
    """

    request: RequestRow
    state: RequestState
    waits_for: str
    days: int
    days_to_departure: int | None


@dataclass(frozen=True)
class ReturnRequestList:
    """The lines, stopped requests first, then those that wait longest; the number of all, and by stage."""

    lines: list[ReturnRequestLine]
    total: int
    by_stage: dict[str, int]


def list_requests(session: Session, scope: Scope, query: RequestFilter) -> ReturnRequestList:
    """Return at most MAX_LISTED requests in the scope; the numbers count all of them."""
    counts = select(REQUESTS.c.stage, func.count()).where(*_conditions(scope, query))
    ordered = counts.group_by(REQUESTS.c.stage).order_by(REQUESTS.c.stage)
    n_by_stage = {row[0]: int(row[1]) for row in session.execute(ordered)}
    by_stage = {stage: n_by_stage[stage] for stage in STAGES.codes if stage in n_by_stage}
    total = by_stage.get(query.stage, 0) if query.stage else sum(by_stage.values())
    return ReturnRequestList(list_lines(session, scope, query), total, by_stage)


def list_lines(session: Session, scope: Scope, query: RequestFilter) -> list[ReturnRequestLine]:
    """Return the lines alone, in the same order and with the same limit."""
    conditions = _conditions(scope, query)
    conditions += [REQUESTS.c.stage == query.stage] if query.stage else []
    waiting = REQUESTS.c.is_stopped.desc(), REQUESTS.c.last_step_at
    order = (REQUESTS.c.closed_at.desc(),) if query.are_closed else waiting
    ordered = WITH_DESK.where(*conditions).order_by(*order, REQUESTS.c.id).limit(MAX_LISTED)
    return _lines(session, [row_of(row) for row in session.execute(ordered)])


def _conditions(scope: Scope, query: RequestFilter) -> list[ColumnElement[bool]]:
    closed_at = REQUESTS.c.closed_at
    conditions = [
        in_scope(scope),
        closed_at.is_not(None) if query.are_closed else closed_at.is_(None),
    ]
    return [*conditions, REQUESTS.c.desk_id == query.desk.id] if query.desk else conditions


def list_expiring(
    session: Session, scope: Scope, latest: date, query: RequestFilter = ALL_OPEN
) -> list[ReturnRequestLine]:
    """Return open requests before departure whose consent has ended or ends by `latest` + SOON, earliest first."""
    expires = REQUESTS.c.consent_until <= latest + SOON
    not_departed = REQUESTS.c.departed_on.is_(None)
    matching = WITH_DESK.where(*_conditions(scope, query), not_departed, expires)
    ordered = matching.order_by(REQUESTS.c.consent_until, REQUESTS.c.id).limit(MAX_LISTED)
    return _lines(session, [row_of(row) for row in session.execute(ordered)])


def _lines(session: Session, rows: list[RequestRow]) -> list[ReturnRequestLine]:
    steps = list_steps(session, rows)
    return [_line(row, state_of(row, steps[row.id])) for row in rows]


def _line(row: RequestRow, state: RequestState) -> ReturnRequestLine:
    days = (row.today - clock.day_at(row.last_step_at, row.time_zone)).days
    days_to_departure = None
    if row.departed_on and row.consent_on:
        days_to_departure = (row.departed_on - row.consent_on).days
    return ReturnRequestLine(row, state, waits_for(state, row.today), days, days_to_departure)
