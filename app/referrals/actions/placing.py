"""The acts that move places: accepting, taking it back, arriving, ending."""

from typing import Any

from app import clock
from app.field_errors import Problem
from app.referrals.actions.turn import Refused, Turn, Wrong
from app.referrals.rules import states
from app.referrals.rules.states import UNDO_FOR
from app.shelters.actions.beds import end_holds, hold
from app.shelters.queries.beds import LockedBeds, list_beds, lock_beds
from app.shelters.queries.shelters import ShelterRow, get_shelter
from app.shelters.rules import fitting_categories
from app.shelters.vocabulary import BED_REASONS

MOST_ARRIVED = 99


def accept(turn: Turn) -> Wrong:
    """Holds the places of the whole group, or says why not; over capacity only with a reason."""
    referral = turn.referral
    if referral.state == states.ACCEPTED and not referral.hold_is_over:
        return Refused(referral.state_now, "already_answered")
    if turn.said.over_capacity and turn.said.over_capacity not in BED_REASONS:
        return [Problem("over_capacity.reason", "unknown_code")]
    end_holds(turn.session, turn.by.account_id, turn.shelter, referral.id, None)
    locked = _places(turn, turn.shelter)
    if locked is None:
        return Refused(referral.state_now, "no_fitting_beds")
    over = locked.beds.free < referral.party
    if over and not turn.said.over_capacity:
        return Refused(referral.state_now, "no_places")
    _hold(turn, locked, turn.said.over_capacity if over else "")
    return None


def _hold(turn: Turn, locked: LockedBeds, reason: str) -> None:
    referral, shelter = turn.referral, turn.shelter
    wanted = (referral.id, referral.party, reason)
    until = hold(turn.session, turn.by.account_id, shelter, locked, wanted)
    for other in turn.others:
        if other.is_open:
            turn.change_offer(other, states.TAKEN)
    turn.change_offer(turn.mine, states.ACCEPTED)
    now = clock.now()
    first = referral.first_answer_at or now
    facts = {"shelter_id": shelter.id, "accepted_at": now, "hold_until": until}
    turn.change(state=states.ACCEPTED, first_answer_at=first, **facts)
    turn.leave(states.ACCEPTED, locked.beds.category)


def _places(turn: Turn, shelter: ShelterRow) -> LockedBeds | None:
    """The category that is wanted, else the first that fits and has places enough, else the first that fits."""
    referral = turn.referral
    fitting = fitting_categories(referral.group, referral.flags)
    wanted = [referral.bed_category] if referral.bed_category else fitting
    beds = {one.category: one for one in list_beds(turn.session, [shelter.id]).get(shelter.id, [])}
    there = [category for category in wanted if category in beds]
    enough = [category for category in there if beds[category].free >= referral.party]
    best = next(iter((*enough, *there)), None)
    return lock_beds(turn.session, shelter.id, best) if best else None


def undo(turn: Turn) -> Wrong:
    """Takes an acceptance back at once: the places are free, the others may answer again."""
    referral, now = turn.referral, clock.now()
    if referral.accepted_at is None or now - referral.accepted_at > UNDO_FOR:
        return Refused(referral.state_now, "too_late_to_undo")
    end_holds(turn.session, turn.by.account_id, turn.shelter, referral.id, None)
    open_again = [one for one in turn.others if one.state == states.TAKEN]
    for other in open_again:
        turn.change_offer(other, states.SENT)
    turn.change_offer(turn.mine, states.SEEN)
    facts: dict[str, Any] = {"shelter_id": None, "accepted_at": None, "hold_until": None}
    turn.change(state=states.SEEN, first_answer_at=None, **facts)
    turn.leave(states.SEEN, "undone")
    return None


def arrive(turn: Turn) -> Wrong:
    """Turns the places held into people there, so many as came."""
    referral = turn.referral
    if referral.hold_is_over:
        return Refused(referral.state_now, "hold_over")
    n = referral.party if turn.said.arrived is None else turn.said.arrived
    if not 1 <= n <= MOST_ARRIVED:
        return [Problem("persons", "out_of_range")]
    end_holds(turn.session, turn.by.account_id, turn.shelter, referral.id, n)
    turn.change(state=states.ARRIVED, arrived=n)
    turn.leave(states.ARRIVED)
    return None


def end(turn: Turn, state: str) -> Wrong:
    """Ends a referral in a final state and frees what was held."""
    referral = turn.referral
    if referral.state == states.ACCEPTED and referral.shelter_id is not None:
        shelter = get_shelter(turn.session, referral.shelter_id)
        end_holds(turn.session, turn.by.account_id, shelter, referral.id, None)
    for offer in turn.offers:
        if offer.is_open:
            turn.change_offer(offer, state)
    turn.change(state=state, closed_at=clock.now())
    turn.leave(state)
    return None
