"""Rules that span packages: repeat contacts, children alone, and how long a tablet's referral notice stays valid."""

from datetime import datetime, timedelta

from app.month import Month

CHILD_ALONE = "uasc"
"""The travel group of a child without their family."""
REPEAT_THIS_MONTH, FIRST_THIS_MONTH = "repeat_this_month", "first_this_month"


def repeat_contact(previous: int, month: Month, year_start: Month) -> str:
    """Return the code of REPEAT_CONTACTS for people seen before; empty if not in this reporting year.

    `previous` is the month (yyyymm) of their last contact, 0 for none.
    """
    if previous >= int(month):
        return REPEAT_THIS_MONTH
    return FIRST_THIS_MONTH if previous >= int(year_start) else ""


# A referral written offline and older than this would ask a shelter about people who left long ago.
NOTICE_VALIDITY = timedelta(hours=12)
CLOCK_TOLERANCE = timedelta(hours=1)


def notice_refusal(written_at: datetime, now: datetime) -> str:
    """Return why a referral written offline is quarantined when it arrives, as an error code; empty if it is sent."""
    if written_at > now + CLOCK_TOLERANCE:
        return "in_future"
    return "stale_notice" if now - written_at > NOTICE_VALIDITY else ""
