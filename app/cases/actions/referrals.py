"""Sends a referral that comes from a consultation, or stands alone; and sends a group on to the next shelter."""

from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from app import clock
from app.cases.rules import CHILD_ALONE
from app.consultations.queries import find_consultation
from app.db import idempotency
from app.field_errors import FieldError
from app.places.queries import find_desk
from app.referrals.actions import create, perform
from app.referrals.actions.action_context import ActionRefused, ActionInput
from app.referrals.actions.create import ReferralIntake, may_send_from
from app.referrals.queries import chain
from app.referrals.queries import referrals as reading
from app.referrals.queries.referrals import OfferRow, ReferralRow
from app.referrals.queries.shelter_options import ShelterOption, list_shelter_options
from app.referrals.rules.forward import may_forward, next_shelter_code
from app.referrals.rules.referral_data import ReferralData, ConsultationContext
from app.referrals.rules.states import WAITING
from app.referrals.vocabulary import SHELTER
from app.shelters.actions.beds import lock_and_bump_inboxes
from app.shelters.queries.shelters import find_shelter
from app.web.access import Principal


def refer(session: Session, by: Principal, content: ReferralData) -> ReferralIntake | list[FieldError]:
    """Sends a referral; what its consultation says decides with."""
    desk = find_desk(session, by.scope, content.desk)
    if desk is None or not may_send_from(by, desk.id, desk.country):
        return [FieldError("desk", "not_your_desk")]
    known: ConsultationContext | None = ConsultationContext()
    if content.consultation:
        known = known_of(session, by, UUID(content.consultation), desk.id)
    if known is None:
        return [FieldError("from_consultation", "unknown_consultation")]
    return create.create_referral(session, by, desk, content, known)


def known_of(session: Session, by: Principal, consultation: UUID, desk_id: int) -> ConsultationContext | None:
    """What a consultation of that desk says; None where there is none in the account's scope."""
    found = find_consultation(session, by.scope, consultation)
    if found is None or found.desk_id != desk_id:
        return None
    return ConsultationContext(frozenset(found.topics), found.travel_group == CHILD_ALONE)


def send_on(
    session: Session, by: Principal, referral_id: UUID
) -> ReferralIntake | ActionRefused | list[FieldError] | None:
    """Sends the same group to the next suitable shelter that it was not sent to yet.

    Where nobody has answered in time, the referral is cancelled with it. None where the account has no such referral;
    the one that it was sent on as before, where that was done already.
    """
    referral = reading.lock_referral(session, by.scope, referral_id)
    if referral is None or not may_send_from(by, referral.desk_id, referral.country):
        return None
    after = chain.find_next_referral(session, referral)
    if after is not None:
        return ReferralIntake(idempotency.SAME, after)
    offers = reading.list_offers(session, [referral_id])[referral_id]
    awaited = [one.reply_by for one in offers if one.is_open]
    if referral.service != SHELTER or not may_forward(referral.state_now, awaited, clock.now()):
        return ActionRefused(referral.state_now, "not_in_this_state")
    choice = _next_choice(session, by, referral)
    if choice is None:
        return ActionRefused(referral.state_now, "no_next_shelter")
    _leave(session, by, referral, (offers, choice))
    return refer(session, by, _same_group(referral, choice))


def _next_choice(session: Session, by: Principal, referral: ReferralRow) -> ShelterOption | None:
    desk = find_desk(session, by.scope, referral.desk_code)
    if desk is None:
        return None
    choices = list_shelter_options(session, desk, referral.group, referral.flags)
    suitable = {one.shelter.code: one for one in choices if one.is_suitable}
    code = next_shelter_code(list(suitable), chain.list_tried_shelters(session, referral))
    return suitable[code] if code else None


def _leave(
    session: Session, by: Principal, referral: ReferralRow, ways: tuple[list[OfferRow], ShelterOption]
) -> None:
    """Cancels what still waits; all shelters that this touches are announced at once, in one order."""
    offers, choice = ways
    following = find_shelter(session, choice.shelter.code)
    lock_and_bump_inboxes(session, [one.shelter_id for one in offers] + ([following.id] if following else []))
    if referral.state_now in WAITING:
        perform.perform(session, by, referral.id, "cancel", ActionInput())


def _same_group(referral: ReferralRow, choice: ShelterOption) -> ReferralData:
    """The same people, flags and note under a new number: whose deadline begins now."""
    has_beds = any(one.category == referral.bed_category for one in choice.beds)
    return ReferralData(
        id=str(uuid4()),
        desk=referral.desk_code,
        consultation=str(referral.consultation_id or ""),
        shelters=(choice.shelter.code,),
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
