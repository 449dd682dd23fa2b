"""Handlers of the actions that change beds: accept, undo, arrive, and every end of a referral."""

from app import clock
from app.field_errors import FieldError
from app.referrals.actions.action_context import ActionContext, ActionError, refuse
from app.referrals.rules import states
from app.referrals.rules.states import UNDO_WINDOW
from app.shelters.actions.beds import HoldRequest, end_holds, hold_beds
from app.shelters.queries.beds import LockedBeds, list_beds, lock_beds
from app.shelters.queries.shelters import ShelterRow, get_shelter
from app.shelters.rules import fitting_categories
from app.shelters.vocabulary import BED_REASONS
from app.web.outcomes import Invalid

MAX_ARRIVED = 99


def accept(context: ActionContext) -> ActionError:
    """Hold beds for the whole group; over capacity only with a reason of BED_REASONS."""
    referral, reason = context.referral, context.input.over_capacity
    if referral.state == states.ACCEPTED and not referral.is_hold_over:
        return refuse(referral, "already_answered")
    if reason and reason not in BED_REASONS:
        return Invalid([FieldError("over_capacity.reason", "unknown_code")])
    _release_beds(context, context.shelter)
    locked = _lock_best_beds(context, context.shelter)
    if locked is None:
        return refuse(referral, "no_fitting_beds")
    is_over = locked.beds.free < referral.person_count
    if is_over and not reason:
        return refuse(referral, "no_places")
    _hold(context, locked, reason if is_over else "")
    return None


def _hold(context: ActionContext, locked: LockedBeds, reason: str) -> None:
    referral, shelter = context.referral, context.shelter
    request = HoldRequest(referral.id, referral.person_count, reason)
    account_id = context.principal.account_id
    hold_until = hold_beds(context.session, account_id, shelter, locked, request)
    for other in context.other_offers:
        if other.is_open:
            context.update_offer(other, states.TAKEN_BY_OTHER)
    context.update_offer(context.acting_offer, states.ACCEPTED)
    now = clock.now()
    first_answer_at = referral.first_answer_at or now
    values = {"shelter_id": shelter.id, "accepted_at": now, "hold_until": hold_until}
    context.update_referral(state=states.ACCEPTED, first_answer_at=first_answer_at, **values)
    context.record_event(states.ACCEPTED, locked.beds.category)


def _lock_best_beds(context: ActionContext, shelter: ShelterRow) -> LockedBeds | None:
    """Lock the requested category, else the first fitting one with enough free beds, else the first fitting one."""
    referral = context.referral
    fitting = fitting_categories(referral.group, referral.flags)
    requested = [referral.bed_category] if referral.bed_category else fitting
    every = list_beds(context.session, [shelter.id]).get(shelter.id, [])
    free = {beds.category: beds.free for beds in every}
    available = [category for category in requested if category in free]
    sufficient = [category for category in available if free[category] >= referral.person_count]
    best = next(iter((*sufficient, *available)), None)
    return lock_beds(context.session, shelter.id, best) if best else None


def _release_beds(context: ActionContext, shelter: ShelterRow) -> None:
    account_id = context.principal.account_id
    end_holds(context.session, account_id, shelter, context.referral.id, None)


def undo(context: ActionContext) -> ActionError:
    """Take back an acceptance within UNDO_WINDOW: release the beds and reopen the other offers."""
    referral, now = context.referral, clock.now()
    if referral.accepted_at is None or now - referral.accepted_at > UNDO_WINDOW:
        return refuse(referral, "too_late_to_undo")
    _release_beds(context, context.shelter)
    reopened = [offer for offer in context.other_offers if offer.state == states.TAKEN_BY_OTHER]
    for offer in reopened:
        context.update_offer(offer, states.SENT)
    context.update_offer(context.acting_offer, states.SEEN)
    unset = dict.fromkeys(("shelter_id", "accepted_at", "hold_until", "first_answer_at"))
    context.update_referral(state=states.SEEN, **unset)
    context.record_event(states.SEEN, "undone")
    return None


def arrive(context: ActionContext) -> ActionError:
    """Turn the held beds into occupied ones, as many as people came."""
    referral = context.referral
    if referral.is_hold_over:
        return refuse(referral, "hold_over")
    n = referral.person_count if context.input.arrived is None else context.input.arrived
    if not 1 <= n <= MAX_ARRIVED:
        return Invalid([FieldError("persons", "out_of_range")])
    account_id = context.principal.account_id
    end_holds(context.session, account_id, context.shelter, referral.id, n)
    context.update_referral(state=states.ARRIVED, arrived_persons=n)
    context.record_event(states.ARRIVED)
    return None


def end(context: ActionContext, state: str) -> ActionError:
    """End a referral in a final state and release its beds."""
    referral = context.referral
    if referral.state == states.ACCEPTED and referral.shelter_id is not None:
        _release_beds(context, get_shelter(context.session, referral.shelter_id))
    for offer in context.offers:
        if offer.is_open:
            context.update_offer(offer, state)
    context.update_referral(state=state, closed_at=clock.now())
    context.record_event(state)
    return None
