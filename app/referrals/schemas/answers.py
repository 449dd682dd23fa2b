"""What programs get about referrals."""

from typing import Literal

from pydantic import Field

from app.referrals.vocabulary import STATES
from app.web.openapi.answers import Answer

STATE = Field(json_schema_extra={"enum": [*STATES.codes]})
DEADLINE = Field(description="Moment in UTC by which the shelter should answer.")


class ReferralIntakeAnswer(Answer):
    """A referral as it was created, or as it is now if it had arrived before."""

    id: str
    arrival: Literal["new", "same"]
    code: str = Field(description="The code on the slip that the person carries.")
    state: str = STATE
    version: int
    deadline: str = DEADLINE


class ReferralConflictAnswer(Answer):
    """Another referral has this id; nothing was overwritten."""

    id: str
    arrival: Literal["different"]


class ReferralActionAnswer(Answer):
    """A referral after an action."""

    id: str
    state: str = STATE
    version: int


class ReferralRefusedAnswer(Answer):
    """The state, the beds or the version of a referral do not allow the action."""

    state: str
    problem: str = Field(description="Code of the reason.")
    message: str


class OfferAnswer(Answer):
    """A shelter that was asked, and what it answered."""

    shelter: str
    state: str


class ReferralEventAnswer(Answer):
    """A state that the referral reached."""

    state: str
    at: str
    by_role: str | None


class ReferralAnswer(Answer):
    """A referral, without its people and its note; a shelter sees its own offer alone."""

    id: str
    code: str
    state: str = STATE
    version: int
    deadline: str = DEADLINE
    hold_until: str | None = Field(description="Until when accepted places are held.")
    shelter: str | None
    offers: list[OfferAnswer]
    events: list[ReferralEventAnswer]


class InboxAnswer(Answer):
    """What an open inbox needs to know; 304 while nothing changed (ETag, If-None-Match)."""

    waiting: int
    on_the_way: int
    next_deadline: str | None
