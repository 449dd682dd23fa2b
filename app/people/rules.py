"""When a person in a consultation is one more person reached (counting.md, "Exact distinct counts that add up")."""

from dataclasses import dataclass

from app.base.month import Month

NEVER = 0


@dataclass(frozen=True)
class PreviousContact:
    """The month (yyyymm) of the same person's contact before this one, per scope; 0 where there was none.

    `known` is False where nobody can say: such a person stands outside the low figure.
    """

    known: bool
    in_country: int
    in_programme: int


def previous_by_answer(answer: str, month: Month) -> PreviousContact:
    """What the answer to "first time?" says about the contact before one held in a month."""
    said = {
        "first_this_year": NEVER,
        "first_this_month": int(month.plus(-1)),
        "repeat_this_month": int(month),
    }
    if answer not in said:
        return PreviousContact(False, NEVER, NEVER)
    return PreviousContact(True, said[answer], said[answer])


def is_distinct(known: bool, month: int, previous: int, first: int, last: int) -> bool:
    """Whether a qualifying line counts as distinct people of the period from month first to last (yyyymm)."""
    return known and first <= month <= last and previous < first
