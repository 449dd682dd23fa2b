"""One action on a referral: its input, the locked rows it works on, and how it writes them."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from flask_babel import gettext
from sqlalchemy import update
from sqlalchemy.orm import Session

from app import clock
from app.field_errors import FIELD_ERRORS
from app.referrals.actions.events import EventData, record_event
from app.referrals.queries.referrals import OFFERS, REFERRALS, OfferRow, ReferralRow
from app.referrals.rules import states
from app.shelters.queries.shelters import ShelterRow, get_shelter
from app.web.access import Principal
from app.web.outcomes import Conflict, Invalid


@dataclass(frozen=True)
class ActionInput:
    """What a request sends with an action.

    `shelter_id` names the acting shelter if the account coordinates several of those addressed. `arrived` is the
    number of people who came, None for all of them. `over_capacity` is the reason to accept without enough free beds.
    """

    version: int | None = None
    shelter_id: int | None = None
    reason: str = ""
    over_capacity: str = ""
    questions: tuple[str, ...] = ()
    answers: dict[str, str] = field(default_factory=dict)
    arrived: int | None = None


@dataclass(frozen=True)
class ActionRefused:
    """The state that does not allow an action, and the code of the message for it; nothing was changed."""

    state: str
    code: str

    @property
    def message(self) -> str:
        return str(gettext(FIELD_ERRORS[self.code].label))


ActionError: TypeAlias = Conflict[ActionRefused] | Invalid | None
"""Why an action was not performed: its state or its input; None if it was performed."""


def refuse(referral: ReferralRow, code: str) -> Conflict[ActionRefused]:
    """Return that the state of a referral, its beds or its version do not allow an action."""
    return Conflict(ActionRefused(referral.state_now, code))


@dataclass(frozen=True)
class ActionContext:
    """The locked referral, its offers and the offer of the acting shelter (None if a desk acts)."""

    session: Session
    principal: Principal
    referral: ReferralRow
    offers: list[OfferRow]
    own_offer: OfferRow | None
    input: ActionInput

    def update_referral(self, **values: Any) -> None:
        """Update columns of the referral and increase its version."""
        statement = update(REFERRALS).where(REFERRALS.c.id == self.referral.id)
        self.session.execute(statement.values(version=REFERRALS.c.version + 1, **values))

    def update_offer(self, offer: OfferRow, state: str, **values: Any) -> None:
        """Update the state of an offer; it stays open while its state still awaits an answer."""
        is_offer = (OFFERS.c.referral_id == offer.referral_id) & (
            OFFERS.c.shelter_id == offer.shelter_id
        )
        status = {"state": state, "is_open": state in states.WAITING, "changed_at": clock.now()}
        self.session.execute(update(OFFERS).where(is_offer).values(**status, **values))

    @property
    def other_offers(self) -> list[OfferRow]:
        """The offers of the other shelters."""
        return [offer for offer in self.offers if offer is not self.own_offer]

    @property
    def acting_offer(self) -> OfferRow:
        """The offer of the acting shelter; raises LookupError if a desk acts, which `perform` has ruled out."""
        if self.own_offer is None:
            raise LookupError("a desk has no offer")
        return self.own_offer

    @property
    def shelter(self) -> ShelterRow:
        """The acting shelter."""
        return get_shelter(self.session, self.acting_offer.shelter_id)

    def combined_state(self, own_state: str) -> str:
        """Return the state of the referral once the acting shelter's offer has `own_state`."""
        other_states = (offer.state for offer in self.other_offers)
        return states.combine_offer_states([own_state, *other_states])

    def record_event(self, state: str, reason: str = "") -> None:
        """Record the event of this action."""
        shelter_id = self.own_offer.shelter_id if self.own_offer else None
        event = EventData(state, shelter_id, reason)
        record_event(self.session, self.principal, self.referral, event)
