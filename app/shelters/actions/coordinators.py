"""Says who coordinates a shelter."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from app.audit.actions import record_audit
from app.field_errors import FieldError
from app.shelters.queries.coordinators import list_coordinators, lock_shelters_of
from app.shelters.queries.shelters import ShelterRow
from app.staff.actions.scopes import assign_shelters


def change_coordinators(
    session: Session,
    by: int,
    shelter: ShelterRow,
    added: Collection[str],
    removed: Collection[str],
) -> list[FieldError]:
    """Gives accounts a shelter or takes it from them, from their next request on; other shelters stay theirs."""
    known = {one.username: one.account_id for one in list_coordinators(session, shelter.country)}
    if any(name not in known for name in added):
        return [FieldError("coordinators", "unknown_code")]
    new = {known[name] for name in added}
    gone = {known[name] for name in removed if name in known} - new
    held = lock_shelters_of(session, new | gone)
    changed = [one for one in sorted(held) if (shelter.id in held[one]) != (one in new)]
    for account_id in changed:
        assign_shelters(session, account_id, held[account_id] ^ {shelter.id})
        record_audit(by, "shelter_assigned", f"account:{account_id}", shelter.country)
    if changed:
        record_audit(by, "shelter_assigned", f"shelter:{shelter.code}", shelter.country)
    return []
