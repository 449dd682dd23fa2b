"""Opens a return request that comes from a consultation, or stands alone."""

from uuid import UUID

from sqlalchemy.orm import Session

from app.cases.rules import CHILD_ALONE
from app.consultations.queries import find_consultation
from app.consultations.vocabulary import VOID
from app.field_errors import FieldError
from app.places.queries import find_desk
from app.returns.actions import create
from app.returns.actions.create import ReturnIntake, ExistingRequest
from app.returns.rules.new_request import ReturnRequestData, ReturnOrigin
from app.web.access import Principal


def open_return(
    session: Session, by: Principal, content: ReturnRequestData
) -> ReturnIntake | ExistingRequest | list[FieldError]:
    """Opens a request at a desk of the account; what its consultation says decides with."""
    desk = find_desk(session, by.scope, content.desk)
    if desk is None or desk.id not in by.scope.desks:
        return [FieldError("desk", "not_your_desk")]
    known: ReturnOrigin | None = ReturnOrigin()
    if content.consultation:
        known = known_of(session, by, UUID(content.consultation), desk.id)
    if known is None:
        return [FieldError("from_consultation", "unknown_consultation")]
    return create.open_request(session, by, desk, content, known)


def known_of(session: Session, by: Principal, consultation: UUID, desk_id: int) -> ReturnOrigin | None:
    """What a consultation of that desk says; None where there is none in the account's scope."""
    found = find_consultation(session, by.scope, consultation)
    if found is None or found.desk_id != desk_id or found.state == VOID or found.is_tally:
        return None
    return ReturnOrigin(found.travel_group == CHILD_ALONE)
