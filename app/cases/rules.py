"""What a desk's day says of people who came before, and which consultations are those of a child alone."""

from app.base.month import Month

CHILD_ALONE = "uasc"
"""The travel group of a child without their family."""
THIS_MONTH, THIS_YEAR = "repeat_this_month", "first_this_month"


def came_before(previous: int, month: Month, year_start: Month) -> str:
    """The code of REPEAT_CONTACTS for people seen last in the month `previous` (yyyymm, 0 for none), else nothing."""
    if previous >= int(month):
        return THIS_MONTH
    return THIS_YEAR if previous >= int(year_start) else ""
