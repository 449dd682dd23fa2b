"""The answer to "did they come before?" that a visitor card suggests; the page offers it and never selects it."""

from app.month import Month


def suggest_repeat_contact(
    last: Month | None, month: Month, reporting_year_start: int
) -> str | None:
    """Return the answer by the month of the card's last contact in the desk's country, None if the card has no answer.

    A card without a contact this reporting year has none: its people may have come before it was issued, or without it.
    """
    if last is None or last < month.reporting_year_start(reporting_year_start):
        return None
    return "repeat_this_month" if last >= month else "first_this_month"
