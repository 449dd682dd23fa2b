"""What programs get about shelters and beds."""

from pydantic import Field

from app.shelters.rules import Beds
from app.web.openapi.answers import Answer
from app.web.relative_time import utc_iso


class BedsAnswer(Answer):
    """The beds of one category."""

    category: str
    capacity: int
    blocked: int
    occupied: int
    held: int = Field(description="Held for accepted groups that are on their way.")
    free: int = Field(description="May be negative: more people than beds.")
    confirmed_at: str


class ShelterAnswer(Answer):
    """A shelter with its beds."""

    code: str
    name: str | None = Field(
        description="Null for a protected shelter of others; its code is random."
    )
    protected: bool
    accepting: bool
    beds: list[BedsAnswer]


class SheltersAnswer(Answer):
    """The shelters of a country."""

    shelters: list[ShelterAnswer]


class AcceptingAnswer(Answer):
    """Whether the shelter accepts people now."""

    accepting: bool


def beds_answer(beds: Beds) -> BedsAnswer:
    """Return what a program gets about the beds of one category."""
    return BedsAnswer(
        category=beds.category,
        capacity=beds.capacity,
        blocked=beds.blocked,
        occupied=beds.occupied,
        held=beds.held,
        free=beds.free,
        confirmed_at=utc_iso(beds.confirmed_at),
    )
