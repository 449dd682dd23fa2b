"""Labels of what happened to a referral."""

from flask_babel import gettext

from app.referrals.queries.referrals import EventRow
from app.referrals.rules import states
from app.referrals.vocabulary import DECLINE_REASONS, STATES
from app.shelters.vocabulary import BED_CATEGORIES


def offer_label(state: str) -> str:
    """Return the label of one shelter's answer, or that another shelter was faster."""
    if state == states.TAKEN_BY_OTHER:
        return str(gettext("Another shelter was faster"))
    return str(gettext(STATES[state].label))


def event_label(event: EventRow) -> str:
    """Return the label of an event, with its reason if it has one."""
    if event.reason == "answered":
        return str(gettext("The desk answered the questions"))
    if event.reason == "undone":
        return str(gettext("The acceptance was undone"))
    label = str(gettext(STATES[event.state].label))
    for terms in (DECLINE_REASONS, BED_CATEGORIES):
        if event.reason in terms:
            return f"{label}: {gettext(terms[event.reason].label)}"
    return label
