"""The answer to "did they come before?" that a visitor card itself can give at a desk; it is offered, never chosen."""

from app.month import Month


def suggest_repeat_contact(
    last: Month | None, month: Month, reporting_year_start: int
) -> str | None:
    """The answer by the month of the card's last contact in the desk's country; None where the card cannot tell.

    A card without a contact this reporting year says nothing: its people may have come before it, or without it.
    """
    if last is None or last < month.reporting_year_start(reporting_year_start):
        return None
    return "repeat_this_month" if last >= month else "first_this_month"
