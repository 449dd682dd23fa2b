"""Who came before, which consultations are those of a child alone, how long a notice of a tablet holds."""

from datetime import datetime, timedelta

from app.month import Month

CHILD_ALONE = "uasc"
"""The travel group of a child without their family."""
THIS_MONTH, THIS_YEAR = "repeat_this_month", "first_this_month"


def came_before(previous: int, month: Month, year_start: Month) -> str:
    """The code of REPEAT_CONTACTS for people seen last in the month `previous` (yyyymm, 0 for none), else nothing."""
    if previous >= int(month):
        return THIS_MONTH
    return THIS_YEAR if previous >= int(year_start) else ""


NOTICE_HOLDS = timedelta(hours=12)
"""A referral written without the network and older than this would ask a shelter about people long gone on."""
CLOCKS_DIFFER = timedelta(hours=1)


def why_not_delivered(written_at: datetime, now: datetime) -> str:
    """Why a referral written without the network is set aside when it arrives, empty where it goes on."""
    if written_at > now + CLOCKS_DIFFER:
        return "in_future"
    return "stale_notice" if now - written_at > NOTICE_HOLDS else ""
