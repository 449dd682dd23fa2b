"""Performs the actions of shelters and desks on a referral: checks state, actor and version under its lock."""

from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.actions import record_audit
from app.referrals.actions.action_context import (
    ActionContext,
    ActionInput,
    ActionRefused,
    refuse,
)
from app.referrals.actions.create import may_send_from
from app.referrals.actions.handlers import HANDLERS
from app.referrals.queries import referrals as queries
from app.referrals.queries.referrals import OfferRow, ReferralRow
from app.referrals.rules import states
from app.referrals.rules.states import DESK, ReferralAction, actions_for
from app.shelters.actions.beds import lock_and_bump_inboxes
from app.web.access import Principal
from app.web.outcomes import Accepted, Conflict, Outcome

REFUSAL_CODES = {
    states.TAKEN_BY_OTHER: "taken_by_another",
    states.EXPIRED: "deadline_passed",
    states.CANCELLED: "was_cancelled",
    states.ACCEPTED: "already_answered",
    states.DECLINED: "already_answered",
    states.WAITLISTED: "already_answered",
}


@dataclass(frozen=True)
class ActionResult:
    """The referral after an action."""

    id: UUID
    state: str
    version: int


ActionOutcome: TypeAlias = Outcome[ActionResult, ActionRefused]


def perform(
    session: Session, principal: Principal, referral_id: UUID, name: str, action_input: ActionInput
) -> ActionOutcome | None:
    """Perform one of `states.ACTIONS`; None if the account has no such referral to perform it on."""
    referral = queries.lock_referral(session, principal.scope, referral_id)
    action = actions_for(referral.service).get(name) if referral else None
    if referral is None or action is None:
        return refuse(referral, "not_in_this_state") if referral else None
    offers = queries.list_offers_unscoped(session, [referral_id])[referral_id]
    own_offer = _find_own_offer(principal, referral, offers, action_input.shelter_id)
    context = ActionContext(session, principal, referral, offers, own_offer, action_input)
    if not _may_act(context, action):
        return None
    refused = _check(context, name, action)
    if refused is not None:
        return refused
    lock_and_bump_inboxes(session, [offer.shelter_id for offer in offers])
    error = HANDLERS[name](context)
    if error is not None:
        return error
    audited = f"referral:{referral.id}"
    record_audit(principal.account_id, "referral_changed", audited, referral.country)
    return Accepted(_result(context))


def _find_own_offer(
    principal: Principal, referral: ReferralRow, offers: list[OfferRow], shelter_id: int | None
) -> OfferRow | None:
    """Find the offer of an own shelter: the one named, else the one that accepted, else the first still open."""
    own = [offer for offer in offers if offer.shelter_id in principal.scope.shelters]
    if shelter_id is not None:
        own = [offer for offer in own if offer.shelter_id == shelter_id]
    own.sort(
        key=lambda offer: (
            offer.shelter_id != referral.shelter_id,
            not offer.is_open,
            offer.position,
        )
    )
    return own[0] if own else None


def _may_act(context: ActionContext, action: ReferralAction) -> bool:
    if action.actor != DESK:
        return context.own_offer is not None
    referral = context.referral
    return may_send_from(context.principal, referral.desk_id, referral.country)


def _check(
    context: ActionContext, name: str, action: ReferralAction
) -> Conflict[ActionRefused] | None:
    referral, version = context.referral, context.input.version
    if version is not None and version != referral.version:
        return refuse(referral, "stale")
    state = _state_for(context, action)
    if state in action.states or (name == "seen" and state in states.WAITING):
        return None
    return refuse(referral, REFUSAL_CODES.get(state, "not_in_this_state"))


def _state_for(context: ActionContext, action: ReferralAction) -> str:
    """Return the state that the action is checked against: the referral's or that of the acting shelter's offer."""
    state_now = context.referral.state_now
    if action.actor == DESK or context.own_offer is None:
        return state_now
    if state_now in states.WAITING:
        return context.own_offer.state
    is_own = context.referral.shelter_id in (None, context.own_offer.shelter_id)
    return state_now if is_own else states.TAKEN_BY_OTHER


def _result(context: ActionContext) -> ActionResult:
    referral = queries.get_referral_unscoped(context.session, context.referral.id)
    return ActionResult(referral.id, referral.state_now, referral.version)
