"""Assigns coordinators to a shelter."""

from collections.abc import Collection

from sqlalchemy.orm import Session

from app.audit.actions import record_audit
from app.field_errors import FieldError
from app.shelters.queries.coordinators import list_coordinators, lock_shelters_of
from app.shelters.queries.shelters import ShelterRow
from app.staff.actions.scopes import assign_shelters
from app.web.form_errors import FormOutcome
from app.web.outcomes import Accepted, Invalid


def change_coordinators(
    session: Session,
    changed_by: int,
    shelter: ShelterRow,
    added: Collection[str],
    removed: Collection[str],
) -> FormOutcome[None]:
    """Assign a shelter to accounts or remove it, by username, from their next request on.

    Their other shelters stay assigned. `changed_by` is the id of the account that does it.
    """
    coordinators = list_coordinators(session, shelter.country)
    account_ids = {row.username: row.account_id for row in coordinators}
    if any(name not in account_ids for name in added):
        return Invalid([FieldError("coordinators", "unknown_code")])
    to_add = {account_ids[name] for name in added}
    to_remove = {account_ids[name] for name in removed if name in account_ids} - to_add
    shelter_ids = lock_shelters_of(session, to_add | to_remove)
    changed = [
        account_id
        for account_id, own in sorted(shelter_ids.items())
        if (shelter.id in own) != (account_id in to_add)
    ]
    for account_id in changed:
        assign_shelters(session, account_id, shelter_ids[account_id] ^ {shelter.id})
        record_audit(changed_by, "shelter_assigned", f"account:{account_id}", shelter.country)
    if changed:
        record_audit(changed_by, "shelter_assigned", f"shelter:{shelter.code}", shelter.country)
    return Accepted(None)
