"""Notifies a shelter by e-mail of a new referral: only that one waits, and a link; nothing about the people."""

from flask_babel import force_locale, gettext
from sqlalchemy.orm import Session

from app.email.queue import is_email_address, queue_email
from app.places.vocabulary import programme
from app.referrals.queries.referrals import ReferralRow
from app.settings import current_settings
from app.shelters.queries.shelters import ShelterRow


def queue_waiting_notice(session: Session, referral: ReferralRow, shelter: ShelterRow) -> None:
    """Queue an e-mail in this transaction if the shelter has a mailbox; a command sends it later."""
    if not is_email_address(shelter.email):
        return
    with force_locale(programme()[shelter.country].shown_in):
        subject = gettext("One referral waits for your answer")
        body = gettext("Sign in to see it and answer: %(link)s", link=_inbox_url())
    queue_email(session, shelter.email, subject, body, f"referral:{referral.id}")


def _inbox_url() -> str:
    """The inbox's full address; a command has no request to build it from."""
    return str(current_settings().public_url).rstrip("/") + "/referrals/inbox"
