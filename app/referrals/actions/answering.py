"""What shelters and desks do with a referral: every act checks its state, its side and its version under one lock."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit.actions import note
from app.field_errors import Problem
from app.referrals.actions.doing import DOING
from app.referrals.actions.sending import may_send_from
from app.referrals.actions.turn import Refused, Said, Turn
from app.referrals.queries import referrals as reading
from app.referrals.queries.referrals import OfferRow, ReferralRow
from app.referrals.rules import states
from app.referrals.rules.states import DESK, Act, acts_on
from app.shelters.actions.beds import announce
from app.web.access import Principal


@dataclass(frozen=True)
class Done:
    """The referral as it stands after an act."""

    id: UUID
    state: str
    version: int


def act(
    session: Session, by: Principal, referral_id: UUID, name: str, said: Said
) -> Done | Refused | list[Problem] | None:
    """Does one of `states.ACTS`; None where the account has no such referral to do it with."""
    referral = reading.lock(session, by.scope, referral_id)
    stated = acts_on(referral.service).get(name) if referral else None
    if referral is None or stated is None:
        return _no_such_act(referral)
    offers = reading.list_offers(session, [referral_id])[referral_id]
    turn = Turn(session, by, referral, offers, _own(by, referral, offers, said), said)
    if not _is_theirs(turn, stated):
        return None
    refused = _refused(turn, name, stated)
    if refused:
        return refused
    announce(session, [one.shelter_id for one in offers])
    problem = DOING[name](turn)
    if problem:
        return problem
    note(by.account_id, "referral_changed", f"referral:{referral.id}", referral.country)
    return _done(turn)


def _no_such_act(referral: ReferralRow | None) -> Refused | None:
    return Refused(referral.state_now, "not_in_this_state") if referral else None


def _own(
    by: Principal, referral: ReferralRow, offers: list[OfferRow], said: Said
) -> OfferRow | None:
    """The offer of the account's own shelter: the one named, the one that accepted, else the first still open."""
    mine = [one for one in offers if one.shelter_id in by.scope.shelters]
    if said.shelter_id is not None:
        mine = [one for one in mine if one.shelter_id == said.shelter_id]
    mine.sort(key=lambda one: (one.shelter_id != referral.shelter_id, not one.is_open, one.place))
    return mine[0] if mine else None


def _is_theirs(turn: Turn, stated: Act) -> bool:
    if stated.side != DESK:
        return turn.own is not None
    return may_send_from(turn.by, turn.referral.desk_id, turn.referral.country)


def _refused(turn: Turn, name: str, stated: Act) -> Refused | None:
    referral, said = turn.referral, turn.said
    if said.version is not None and said.version != referral.version:
        return Refused(referral.state_now, "stale")
    state = _state_for(turn, stated)
    if state in stated.states or (name == "seen" and state in states.WAITING):
        return None
    return Refused(referral.state_now, _why(state))


def _state_for(turn: Turn, stated: Act) -> str:
    now = turn.referral.state_now
    if stated.side == DESK or turn.own is None:
        return now
    if now in states.WAITING:
        return turn.own.state
    is_mine = turn.referral.shelter_id in (None, turn.own.shelter_id)
    return now if is_mine else states.TAKEN


def _why(state: str) -> str:
    known = {states.TAKEN: "taken_by_another", states.EXPIRED: "deadline_passed"}
    known |= {states.CANCELLED: "was_cancelled", states.ACCEPTED: "already_answered"}
    known |= {states.DECLINED: "already_answered", states.WAITLISTED: "already_answered"}
    return known.get(state, "not_in_this_state")


def _done(turn: Turn) -> Done:
    after = reading.find_arrival(turn.session, turn.referral.id)
    assert after is not None  # noqa: S101 - it is locked
    return Done(after.id, after.state_now, after.version)
