"""Return requests in a desk's day: those opened on it, whose consultations have one, and how many wait."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.places.queries import DeskRow
from app.returns.queries.lists import ReturnRequestLine, RequestFilter, list_lines
from app.returns.queries.requests import REQUESTS, WITH_DESK, RequestRow, row_of, in_scope
from app.returns.rules.gates import open_gates
from app.web.access import Scope


def list_opened(
    session: Session, scope: Scope, desk: DeskRow, span: tuple[datetime, datetime]
) -> list[RequestRow]:
    """The desk's return requests opened in a span (without its end), the last first."""
    since, until = span
    mine = WITH_DESK.where(in_scope(scope), REQUESTS.c.desk_id == desk.id)
    opened = mine.where(REQUESTS.c.opened_at >= since, REQUESTS.c.opened_at < until)
    ordered = opened.order_by(REQUESTS.c.opened_at.desc(), REQUESTS.c.id)
    return [row_of(row) for row in session.execute(ordered)]


def list_requested(
    session: Session, scope: Scope, consultations: Collection[UUID]
) -> frozenset[UUID]:
    """Those of the consultations that have a return request, open or departed."""
    if not consultations:
        return frozenset()
    stands = REQUESTS.c.closed_at.is_(None) | REQUESTS.c.departed_on.is_not(None)
    mine = select(REQUESTS.c.consultation_id).where(
        REQUESTS.c.consultation_id.in_(consultations), stands, in_scope(scope)
    )
    return frozenset(session.scalars(mine.order_by(REQUESTS.c.consultation_id)))


def count_waiting(session: Session, scope: Scope, desk: DeskRow, waits_for: str) -> int:
    """How many open requests of a desk wait for somebody (a code of WAITS), or for a new consent."""
    lines = list_lines(session, scope, RequestFilter(desk=desk))
    return sum(one.waits_for == waits_for or _needs_consent(one) for one in lines)


def _needs_consent(line: ReturnRequestLine) -> bool:
    return "consent_expired" in open_gates(line.state, line.request.today)
