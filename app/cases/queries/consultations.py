"""The consultation that a referral or a return request comes from."""

from uuid import UUID

from sqlalchemy.orm import Session

from app.consultations.queries import find_consultation
from app.db.session import AnyRow
from app.web.access import Scope


def find_consultation_of_desk(
    session: Session, scope: Scope, consultation_id: UUID, desk_id: int
) -> AnyRow | None:
    """Return a consultation of that desk; None if it does not exist, is out of scope or of another desk."""
    consultation = find_consultation(session, scope, consultation_id)
    if consultation is None or consultation.desk_id != desk_id:
        return None
    return consultation
