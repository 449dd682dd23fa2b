"""Create a referral that comes from a consultation, or without one; and forward a group to the next shelter."""

from typing import TypeAlias
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from app import clock
from app.cases.queries.consultations import find_consultation_of_desk
from app.cases.rules import CHILD_ALONE
from app.db import idempotency
from app.field_errors import FieldError
from app.places.queries import find_desk
from app.referrals.actions import create, perform
from app.referrals.actions.action_context import ActionInput, ActionRefused, refuse
from app.referrals.actions.create import ReferralIntake, ReferralOutcome, may_send_from
from app.referrals.queries import chain
from app.referrals.queries import referrals as queries
from app.referrals.queries.referrals import OfferRow, ReferralRow
from app.referrals.queries.shelter_options import ShelterOption, list_shelter_options
from app.referrals.rules.forward import may_forward, next_shelter_code
from app.referrals.rules.referral_data import ReferralData, ReferralOrigin
from app.referrals.rules.states import WAITING
from app.referrals.vocabulary import SHELTER
from app.shelters.actions.beds import lock_and_bump_inboxes
from app.shelters.queries.shelters import find_shelter
from app.web.access import Principal
from app.web.outcomes import Accepted, Conflict, Invalid, Outcome

ForwardOutcome: TypeAlias = Outcome[ReferralIntake, ActionRefused]


def refer(session: Session, principal: Principal, data: ReferralData) -> ReferralOutcome:
    """Create a referral, with what its consultation states; return the errors if there are any."""
    desk = find_desk(session, principal.scope, data.desk)
    if desk is None or not may_send_from(principal, desk.id, desk.country):
        return Invalid([FieldError("desk", "not_your_desk")])
    context: ReferralOrigin | None = ReferralOrigin()
    if data.consultation:
        consultation_id = UUID(data.consultation)
        context = find_consultation_context(session, principal, consultation_id, desk.id)
    if context is None:
        return Invalid([FieldError("from_consultation", "unknown_consultation")])
    return create.create_referral(session, principal, desk, data, context)


def find_consultation_context(
    session: Session, principal: Principal, consultation_id: UUID, desk_id: int
) -> ReferralOrigin | None:
    """Return what a consultation of that desk states; None if the account's scope has no such consultation."""
    row = find_consultation_of_desk(session, principal.scope, consultation_id, desk_id)
    if row is None:
        return None
    return ReferralOrigin(frozenset(row.topics), row.travel_group == CHILD_ALONE)


def forward_referral(
    session: Session, principal: Principal, referral_id: UUID
) -> ForwardOutcome | None:
    """Refer the same group to the next suitable shelter that was not asked yet.

    If nobody has answered in time, the first referral is cancelled with it. A referral that was forwarded before
    returns the later one as `same`; None if the account has no such referral.
    """
    referral = queries.lock_referral(session, principal.scope, referral_id)
    if referral is None or not may_send_from(principal, referral.desk_id, referral.country):
        return None
    successor = chain.find_next_referral(session, referral)
    if successor is not None:
        return Accepted(ReferralIntake(idempotency.SAME, successor))
    offers = queries.list_offers_unscoped(session, [referral_id])[referral_id]
    reply_bys = [offer.reply_by for offer in offers if offer.is_open]
    if referral.service != SHELTER or not may_forward(referral.state_now, reply_bys, clock.now()):
        return refuse(referral, "not_in_this_state")
    option = _next_option(session, principal, referral)
    if option is None:
        return refuse(referral, "no_next_shelter")
    _cancel_waiting(session, principal, referral, offers, option)
    match refer(session, principal, _data_for_next(referral, option)):
        case Conflict():
            return refuse(referral, "different")
        case outcome:
            return outcome


def _next_option(
    session: Session, principal: Principal, referral: ReferralRow
) -> ShelterOption | None:
    desk = find_desk(session, principal.scope, referral.desk_code)
    if desk is None:
        return None
    options = list_shelter_options(session, desk, referral.group, referral.flags)
    suitable = {option.shelter.code: option for option in options if option.is_suitable}
    code = next_shelter_code(list(suitable), chain.list_tried_shelters(session, referral))
    return suitable[code] if code else None


def _cancel_waiting(
    session: Session,
    principal: Principal,
    referral: ReferralRow,
    offers: list[OfferRow],
    option: ShelterOption,
) -> None:
    """Cancel a referral that still waits."""
    next_shelter = find_shelter(session, option.shelter.code)
    shelter_ids = [offer.shelter_id for offer in offers]
    # Lock all shelters of both referrals at once, in one order, so that there is no deadlock.
    lock_and_bump_inboxes(session, shelter_ids + ([next_shelter.id] if next_shelter else []))
    if referral.state_now in WAITING:
        perform.perform(session, principal, referral.id, "cancel", ActionInput())


def _data_for_next(referral: ReferralRow, option: ShelterOption) -> ReferralData:
    """Return the same people, flags and note under a new id; the deadlines start now."""
    has_beds = any(beds.category == referral.bed_category for beds in option.beds)
    return ReferralData(
        id=str(uuid4()),
        desk=referral.desk_code,
        consultation=str(referral.consultation_id or ""),
        shelters=(option.shelter.code,),
        service=SHELTER,
        bed_category=referral.bed_category if has_beds else "",
        priority=referral.priority,
        persons=tuple(referral.group),
        flags=referral.flags,
        language=referral.language,
        note=referral.note,
        consent=True,
        confirmed=False,
        after=str(referral.id),
    )
