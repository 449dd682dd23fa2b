"""Says in words what happened to a referral."""

from flask_babel import gettext

from app.referrals.queries.referrals import EventRow
from app.referrals.rules import states
from app.referrals.vocabulary import DECLINE_REASONS, STATES
from app.shelters.vocabulary import BED_CATEGORIES


def offer_in_words(state: str) -> str:
    """What one shelter said, or that another one was faster."""
    if state == states.TAKEN:
        return str(gettext("Another shelter was faster"))
    return str(gettext(STATES[state].label))


def event_in_words(event: EventRow) -> str:
    """What happened, and why where a reason goes with it."""
    if event.reason == "answered":
        return str(gettext("The desk answered the questions"))
    if event.reason == "undone":
        return str(gettext("The acceptance was taken back"))
    said = str(gettext(STATES[event.state].label))
    for terms in (DECLINE_REASONS, BED_CATEGORIES):
        if event.reason in terms:
            return f"{said}: {gettext(terms[event.reason].label)}"
    return said
