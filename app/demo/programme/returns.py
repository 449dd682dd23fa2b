"""The return requests of one desk of the demo: those of its consultations, and some that are open today."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from app import clock
from app.codelists.shared_codelists import world_countries
from app.composition import PersonCount, count_persons
from app.demo.programme.beds import RowSink
from app.demo.programme.consultations import DemoConsultation
from app.demo.programme.distributions import Distribution, seeded_random
from app.demo.programme.places import visitor_distributions
from app.demo.programme.referral_choices import merge_persons
from app.demo.programme.return_history import DeskContext, ReturnHistory, new_request
from app.demo.programme.return_lifecycle import ReturnLifecycle
from app.returns.rules import stages
from app.returns.rules.new_request import ReturnRequestData
from app.returns.rules.references import generate_reference

OPENED = "return_request_opened"
LARGEST = 12
MAX_REFERENCES = 400_000
"""There are about 900,000 references: also a demo of many millions of consultations opens no more requests."""
ALONE, CHILD = PersonCount("male", "age_18_24", 1), PersonCount("female", "age_12_17", 1)
FAMILY = (PersonCount("female", "age_25_59", 1), PersonCount("female", "age_5_11", 1))
OPEN_CASES = (
    (timedelta(minutes=50), stages.ENQUIRY, (ALONE,)),
    (timedelta(days=3, hours=1), stages.CONSENT, FAMILY),
    (timedelta(days=9, hours=2), stages.STOP, (ALONE,)),
    (timedelta(days=12, hours=3), stages.CHECK, (CHILD,)),
    (timedelta(days=20, hours=1), stages.APPROVED, FAMILY),
    (timedelta(days=96, hours=2), stages.CONSENT, (ALONE,)),
)
"""Open requests at a country's main desk when the demo ends: opened how long ago, last stage, persons."""


@dataclass
class References:
    """The references that are in use."""

    used: set[str] = field(default_factory=set)

    def draw(self, rng: Random) -> str:
        """Return an unused reference; empty if there are MAX_REFERENCES."""
        if len(self.used) >= MAX_REFERENCES:
            return ""
        while (
            reference := generate_reference(lambda below: int(rng.random() * below))
        ) in self.used:
            pass
        self.used.add(reference)
        return reference


class DeskReturns:
    """Simulates the return requests that follow one desk's consultations."""

    def __init__(self, context: DeskContext, references: References, sink: RowSink) -> None:
        self.context, self.references, self.sink = context, references, sink

    def add_consultation(self, consultation: DemoConsultation) -> None:
        """Add a consultation; those of a desk come in the order of their days."""
        content, desk = consultation.content, self.context.desk
        if OPENED not in content.outcomes or consultation.is_void:
            return
        persons, home = merge_persons(content), content.groups[0].nationality
        late = clock.day_at(consultation.received_at, desk.time_zone) != content.held_on
        if late or count_persons(persons) > LARGEST or not self._can_return(home):
            return
        rng = seeded_random("return", content.id)
        at = consultation.received_at + timedelta(minutes=1)
        request = self._content(content.id, home, persons, content.travel_group == "uasc", rng)
        self._simulate(request, at, content.language, rng)

    def schedule_open_cases(self, language: str) -> None:
        """Simulate the requests that are open when the demo ends, one for each kind of task."""
        mix = visitor_distributions(self.context.desk.country).nationalities
        for place, (ago, last, persons) in enumerate(OPEN_CASES):
            rng = seeded_random("returns waiting", self.context.desk.code, place)
            home = self._foreign_nationality(mix, rng)
            request = self._content("", home, persons, False, rng)
            self._simulate_until(request, self.context.until - ago, (last, language), rng)

    def _simulate_until(
        self, content: ReturnRequestData, at: datetime, target: tuple[str, str], rng: Random
    ) -> None:
        history, (last, language) = self._open(content, at, rng), target
        if history is None:
            return
        lifecycle = ReturnLifecycle(history, language, rng)
        if last == stages.STOP:
            lifecycle.run_until(stages.CONSENT)
            history.record(
                stages.STOP, {"signs": ["pressure"]}, lifecycle.at + timedelta(minutes=5)
            )
        elif last != stages.ENQUIRY:
            lifecycle.run_until(last)
        self._write_out(history)

    def _foreign_nationality(self, mix: Distribution, rng: Random) -> str:
        home = mix.draw(rng)
        return home if self._can_return(home) else self._foreign_nationality(mix, rng)

    def _can_return(self, home: str) -> bool:
        return home != self.context.desk.country and home in world_countries()

    def _content(
        self,
        consultation: str,
        home: str,
        persons: tuple[PersonCount, ...],
        alone: bool,
        rng: Random,
    ) -> ReturnRequestData:
        request_id = str(UUID(int=rng.getrandbits(128), version=4))
        desk = self.context.desk
        return ReturnRequestData(
            request_id, desk.code, consultation, desk.country, home, home, persons, alone
        )

    def _simulate(
        self, content: ReturnRequestData, at: datetime, language: str, rng: Random
    ) -> None:
        history = self._open(content, at, rng)
        if history is not None:
            ReturnLifecycle(history, language, rng).run()
            self._write_out(history)

    def _open(self, content: ReturnRequestData, at: datetime, rng: Random) -> ReturnHistory | None:
        if at > self.context.until:
            return None
        reference = self.references.draw(rng)
        return new_request(self.context, content, reference, at) if reference else None

    def _write_out(self, history: ReturnHistory) -> None:
        self.sink("return_request", history.finish())
        for step in history.steps:
            self.sink("return_step", step)
