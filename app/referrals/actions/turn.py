"""One act under way: what goes with it, the locked referral, and how its rows are written."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from sqlalchemy import update
from sqlalchemy.orm import Session

from app import clock
from app.field_errors import Problem
from app.referrals.actions.trace import Happened, leave_event
from app.referrals.queries.referrals import OFFERS, REFERRALS, OfferRow, ReferralRow
from app.referrals.rules import states
from app.shelters.queries.shelters import ShelterRow, get_shelter
from app.web.access import Principal


@dataclass(frozen=True)
class Said:
    """What goes with an act; `shelter_id` where an account coordinates several that it was sent to.

    `arrived` is how many came, where not all or more; `over_capacity` the reason to take more than there are places.
    """

    version: int | None = None
    shelter_id: int | None = None
    reason: str = ""
    over_capacity: str = ""
    questions: tuple[str, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)
    arrived: int | None = None


@dataclass(frozen=True)
class Refused:
    """The state that does not allow an act, and the code of the sentence that says so; nothing was changed."""

    state: str
    code: str


Wrong: TypeAlias = Refused | list[Problem] | None
"""What kept an act from being done: a state, wrong answers, or nothing."""


@dataclass(frozen=True)
class Turn:
    """One act under way: the locked referral, its offers, and the offer of the shelter that acts."""

    session: Session
    by: Principal
    referral: ReferralRow
    offers: list[OfferRow]
    own: OfferRow | None
    said: Said

    def change(self, **values: Any) -> None:
        """Writes the referral's columns and its next version."""
        mine = update(REFERRALS).where(REFERRALS.c.id == self.referral.id)
        self.session.execute(mine.values(version=REFERRALS.c.version + 1, **values))

    def change_offer(self, offer: OfferRow, state: str, **values: Any) -> None:
        """Writes one offer's state; it stays open while somebody still waits for an answer."""
        mine = (OFFERS.c.referral_id == offer.referral_id) & (
            OFFERS.c.shelter_id == offer.shelter_id
        )
        still = {"state": state, "is_open": state in states.WAITING, "changed_at": clock.now()}
        self.session.execute(update(OFFERS).where(mine).values(**still, **values))

    @property
    def others(self) -> list[OfferRow]:
        return [one for one in self.offers if one is not self.own]

    @property
    def mine(self) -> OfferRow:
        """The offer of the shelter that acts: whose act it is was checked."""
        if self.own is None:
            raise LookupError("a desk has no offer")
        return self.own

    @property
    def shelter(self) -> ShelterRow:
        """The shelter that acts."""
        return get_shelter(self.session, self.mine.shelter_id)

    def together(self, own: str) -> str:
        """The state of the referral once the own offer has this one."""
        return states.state_of_offers([own, *(one.state for one in self.others)])

    def leave(self, state: str, reason: str = "") -> None:
        """Leaves the entry of this act."""
        shelter_id = self.own.shelter_id if self.own else None
        leave_event(self.session, self.by, self.referral, Happened(state, shelter_id, reason))
