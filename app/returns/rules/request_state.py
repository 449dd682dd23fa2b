"""The state of a return request at one moment, and one recorded step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, TypeAlias

from app.composition import PersonCount
from app.returns.rules import stages
from app.returns.rules.stages import YES

Answers: TypeAlias = Mapping[str, Any]
"""The answers of a step by field name, as they are stored: codes, truth values, days as ISO 8601, lists."""
CONSENT_DAYS = 90
"""Days that a consent stays valid after the day on which it was given; the text read to the person states it."""


@dataclass(frozen=True)
class RecordedStep:
    """One step: a stage or another action, its answers by field name, and the day at the desk."""

    action: str
    answers: Answers
    recorded_on: date


@dataclass(frozen=True)
class RequestState:
    """The state of a request after its steps; days are those of its desk.

    `departed_rows` are the people who departed, as (sex, age band, n).
    """

    is_child_alone: bool
    stage: str = stages.ENQUIRY
    consent_days: tuple[date, ...] = ()
    free_choice: str = ""
    informed_decision: str = ""
    is_stopped: bool = False
    warning_signs: tuple[str, ...] = ()
    best_interests: str = ""
    fit_to_travel: str = ""
    transport_mode: str = ""
    travel_on: date | None = None
    reconfirmed_on: date | None = None
    handed_over_on: date | None = None
    departed_on: date | None = None
    departed_rows: tuple[tuple[str, str, int], ...] = ()
    arrived_on: date | None = None
    closing_reason: str = ""
    closed_on: date | None = None
    recorded_actions: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_closed(self) -> bool:
        return self.stage == stages.CLOSED

    @property
    def has_departed(self) -> bool:
        return self.departed_on is not None

    @property
    def consent_until(self) -> date | None:
        """The last day of the latest consent."""
        return self.consent_days[-1] + timedelta(days=CONSENT_DAYS) if self.consent_days else None

    def has_consent_on(self, day: date) -> bool:
        """Whether a consent was valid on a day."""
        validity = timedelta(days=CONSENT_DAYS)
        return any(given_on <= day <= given_on + validity for given_on in self.consent_days)

    @property
    def departed_persons(self) -> tuple[PersonCount, ...]:
        """The people who departed."""
        return tuple(PersonCount(*row) for row in self.departed_rows)

    @property
    def is_voluntary(self) -> bool:
        """Whether both conditions hold: a free choice and an informed decision (domain.md §2.23)."""
        return self.free_choice == YES and self.informed_decision == YES
