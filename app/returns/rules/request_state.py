"""What is true of a request at one moment, and of one entry that was recorded of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from app.composition import PersonCount
from app.returns.rules import stages
from app.returns.rules.stages import YES

CONSENT_DAYS = 90
"""So long a consent is valid after the day on which it was given; the text that is read says so."""


@dataclass(frozen=True)
class Step:
    """One entry: a stage or a turn, what was said with it, on which day at the desk."""

    act: str
    said: Mapping[str, Any]
    on: date


@dataclass(frozen=True)
class Standing:
    """What is true of a request; days are those of its desk."""

    is_child_alone: bool
    stage: str = stages.ENQUIRY
    consents: tuple[date, ...] = ()
    free: str = ""
    informed: str = ""
    is_stopped: bool = False
    signs: tuple[str, ...] = ()
    best_interests: str = ""
    fit: str = ""
    transport_mode: str = ""
    travel_on: date | None = None
    reconfirmed_on: date | None = None
    handed_on: date | None = None
    departed_on: date | None = None
    departed: tuple[tuple[str, str, int], ...] = ()
    arrived_on: date | None = None
    closing_reason: str = ""
    closed_on: date | None = None
    recorded: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_closed(self) -> bool:
        return self.stage == stages.CLOSED

    @property
    def has_departed(self) -> bool:
        return self.departed_on is not None

    @property
    def consent_until(self) -> date | None:
        """The last day of the latest consent."""
        return self.consents[-1] + timedelta(days=CONSENT_DAYS) if self.consents else None

    def has_consent_on(self, day: date) -> bool:
        """Whether a consent was valid on a day."""
        return any(one <= day <= one + timedelta(days=CONSENT_DAYS) for one in self.consents)

    @property
    def those_departed(self) -> tuple[PersonCount, ...]:
        """The people who departed."""
        return tuple(PersonCount(*one) for one in self.departed)

    @property
    def is_voluntary(self) -> bool:
        """Whether both conditions hold: a free choice and an informed decision (domain.md §2.23)."""
        return self.free == YES and self.informed == YES
