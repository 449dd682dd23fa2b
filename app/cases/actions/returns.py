"""Open a return request that comes from a consultation, or without one."""

from uuid import UUID

from sqlalchemy.orm import Session

from app.cases.queries.consultations import find_consultation_of_desk
from app.cases.rules import CHILD_ALONE
from app.consultations.vocabulary import VOID
from app.field_errors import FieldError
from app.places.queries import find_desk
from app.returns.actions import create
from app.returns.actions.create import IntakeOutcome
from app.returns.rules.new_request import ParsedReturnRequest, ReturnOrigin
from app.web.access import Principal
from app.web.outcomes import Invalid


def open_return(
    session: Session, principal: Principal, parsed: ParsedReturnRequest
) -> IntakeOutcome:
    """Open a request at a desk of the account, with what its consultation states, or return the errors."""
    if parsed.errors:
        return Invalid([FieldError(*error) for error in parsed.errors])
    data = parsed.data
    desk = find_desk(session, principal.scope, data.desk)
    if desk is None or desk.id not in principal.scope.desks:
        return Invalid([FieldError("desk", "not_your_desk")])
    origin: ReturnOrigin | None = ReturnOrigin()
    if data.consultation:
        origin = find_return_origin(session, principal, UUID(data.consultation), desk.id)
    if origin is None:
        return Invalid([FieldError("from_consultation", "unknown_consultation")])
    return create.open_request(session, principal, desk, data, origin)


def find_return_origin(
    session: Session, principal: Principal, consultation_id: UUID, desk_id: int
) -> ReturnOrigin | None:
    """Return what a consultation of that desk states; None if it cannot be the origin of a return request."""
    row = find_consultation_of_desk(session, principal.scope, consultation_id, desk_id)
    if row is None or row.state == VOID or row.is_tally:
        return None
    return ReturnOrigin(row.travel_group == CHILD_ALONE)
