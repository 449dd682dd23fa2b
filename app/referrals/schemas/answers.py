"""What programs get about referrals."""

from typing import Literal

from pydantic import Field

from app.referrals.actions.action_context import ActionRefused
from app.referrals.actions.create import ReferralIntake
from app.referrals.vocabulary import STATES
from app.web.openapi.answers import Answer
from app.web.relative_time import utc_iso

STATE = Field(json_schema_extra={"enum": [*STATES.codes]})
DEADLINE = Field(description="Moment in UTC by which the shelter should answer.")


class ReferralIntakeAnswer(Answer):
    """A referral as it was created, or as it is now if it had arrived before."""

    id: str
    arrival: str = Field(json_schema_extra={"enum": ["new", "same"]})
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


def intake_answer(intake: ReferralIntake) -> ReferralIntakeAnswer:
    """Return what a program gets about a referral that it has sent."""
    referral = intake.referral
    return ReferralIntakeAnswer(
        id=str(referral.id),
        arrival=intake.arrival,
        code=referral.code,
        state=referral.state_now,
        version=referral.version,
        deadline=utc_iso(referral.deadline),
    )


def refused_answer(refused: ActionRefused) -> ReferralRefusedAnswer:
    """Return what a program gets about a referral whose state, beds or version do not allow an action."""
    return ReferralRefusedAnswer(state=refused.state, problem=refused.code, message=refused.message)
