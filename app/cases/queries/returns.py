"""Return requests on a desk's day: those opened on it, the consultations that have one, and how many wait."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.places.queries import DeskRow
from app.returns.queries.lists import RequestFilter, ReturnRequestLine, list_lines
from app.returns.queries.requests import (
    IS_ACTIVE,
    REQUESTS,
    WITH_DESK,
    RequestRow,
    in_scope,
    row_of,
)
from app.returns.rules.gates import open_gates
from app.web.access import Scope


def list_opened_requests(
    session: Session, scope: Scope, desk: DeskRow, span: tuple[datetime, datetime]
) -> list[RequestRow]:
    """Return the desk's return requests opened in a span (start, end without the end), the latest first."""
    start, end = span
    of_desk = WITH_DESK.where(in_scope(scope), REQUESTS.c.desk_id == desk.id)
    opened = of_desk.where(REQUESTS.c.opened_at >= start, REQUESTS.c.opened_at < end)
    ordered = opened.order_by(REQUESTS.c.opened_at.desc(), REQUESTS.c.id)
    return [row_of(row) for row in session.execute(ordered)]


def consultations_with_request(
    session: Session, scope: Scope, consultation_ids: Collection[UUID]
) -> frozenset[UUID]:
    """Return the ids of the given consultations that have an active return request (open or departed)."""
    if not consultation_ids:
        return frozenset()
    matching = select(REQUESTS.c.consultation_id).where(
        REQUESTS.c.consultation_id.in_(consultation_ids), IS_ACTIVE, in_scope(scope)
    )
    return frozenset(session.scalars(matching.order_by(REQUESTS.c.consultation_id)))


def count_waiting(session: Session, scope: Scope, desk: DeskRow, waits_for: str) -> int:
    """Count the desk's open requests that wait for a party (a code of WAITING_PARTIES) or for a new consent."""
    lines = list_lines(session, scope, RequestFilter(desk=desk))
    return sum(line.waits_for == waits_for or _needs_consent(line) for line in lines)


def _needs_consent(line: ReturnRequestLine) -> bool:
    return "consent_expired" in open_gates(line.state, line.request.today)
