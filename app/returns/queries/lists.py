"""Lists of return requests within the scope of who asks: by stage and desk, and whose consent has expired."""

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
    list_steps,
    row_of,
    standing_of,
    within,
)
from app.returns.rules.request_state import Standing
from app.returns.rules.workflow import waits_for
from app.returns.vocabulary import STAGES
from app.web.access import Scope

MOST = 200
SOON = timedelta(days=14)
"""So long before its end a consent is named: two weeks to meet the person again."""


@dataclass(frozen=True)
class Wanted:
    """Which requests are listed: of one stage, of one desk, the open ones or the closed ones."""

    stage: str = ""
    desk: DeskRow | None = None
    are_closed: bool = False


EVERY_OPEN = Wanted()


@dataclass(frozen=True)
class Line:
    """One request of a list: how it stands, whom it waits for (a code of WAITS), since how many days.

    `days_to_departure` is from the first consent to the departure, None while they have not departed.
    """

    request: RequestRow
    standing: Standing
    waits_for: str
    days: int
    days_to_departure: int | None


@dataclass(frozen=True)
class Listed:
    """The lines, first the stopped ones, then those that wait longest; the number of all, and of each stage."""

    lines: list[Line]
    total: int
    by_stage: dict[str, int]


def list_requests(session: Session, scope: Scope, wanted: Wanted) -> Listed:
    """At most MOST requests of an account; the numbers are those of all."""
    counted = select(REQUESTS.c.stage, func.count()).where(*_where(scope, wanted))
    ordered = counted.group_by(REQUESTS.c.stage).order_by(REQUESTS.c.stage)
    found = {row[0]: int(row[1]) for row in session.execute(ordered)}
    by_stage = {stage: found[stage] for stage in STAGES.codes if stage in found}
    total = by_stage.get(wanted.stage, 0) if wanted.stage else sum(by_stage.values())
    return Listed(list_lines(session, scope, wanted), total, by_stage)


def list_lines(session: Session, scope: Scope, wanted: Wanted) -> list[Line]:
    """The lines alone, in the same order and number."""
    mine = _where(scope, wanted)
    mine += [REQUESTS.c.stage == wanted.stage] if wanted.stage else []
    waiting = REQUESTS.c.is_stopped.desc(), REQUESTS.c.moved_at
    order = (REQUESTS.c.closed_at.desc(),) if wanted.are_closed else waiting
    rows = session.execute(WITH_DESK.where(*mine).order_by(*order, REQUESTS.c.id).limit(MOST))
    return _lines(session, [row_of(row) for row in rows])


def _where(scope: Scope, wanted: Wanted) -> list[ColumnElement[bool]]:
    closed = REQUESTS.c.closed_at
    found = [within(scope), closed.is_not(None) if wanted.are_closed else closed.is_(None)]
    return [*found, REQUESTS.c.desk_id == wanted.desk.id] if wanted.desk else found


def list_expiring(
    session: Session, scope: Scope, latest: date, wanted: Wanted = EVERY_OPEN
) -> list[Line]:
    """Open requests, not departed, whose consent has ended or ends within SOON of a day, the first to end first."""
    ends = REQUESTS.c.consent_until <= latest + SOON
    mine = WITH_DESK.where(*_where(scope, wanted), REQUESTS.c.departed_on.is_(None), ends)
    ordered = mine.order_by(REQUESTS.c.consent_until, REQUESTS.c.id).limit(MOST)
    return _lines(session, [row_of(row) for row in session.execute(ordered)])


def _lines(session: Session, rows: list[RequestRow]) -> list[Line]:
    steps = list_steps(session, rows)
    return [_line(row, standing_of(row, steps[row.id])) for row in rows]


def _line(row: RequestRow, standing: Standing) -> Line:
    since = clock.day_at(row.moved_at, row.time_zone)
    took = None
    if row.departed_on and row.consent_on:
        took = (row.departed_on - row.consent_on).days
    return Line(row, standing, waits_for(standing, row.today), (row.today - since).days, took)
