"""The return requests of one desk of the demo: those of its consultations, and some that wait for somebody today."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from app import clock
from app.codelists.shared_codelists import countries_of_the_world
from app.composition import PersonCount, count_persons
from app.demo.programme.beds import Sink
from app.demo.programme.consultations import Telling
from app.demo.programme.distributions import Mix, chance_of
from app.demo.programme.places import comers
from app.demo.programme.referral_choices import together
from app.demo.programme.return_history import Asked, Office, new_request
from app.demo.programme.return_lifecycle import Life
from app.returns.rules import stages
from app.returns.rules.new_request import ReturnRequestData
from app.returns.rules.references import generate_reference

OPENED = "return_request_opened"
LARGEST = 12
MOST = 400_000
"""There are about 900,000 references: a demo of many millions of consultations opens no more than so many requests."""
ALONE, CHILD = PersonCount("male", "age_18_24", 1), PersonCount("female", "age_12_17", 1)
FAMILY = (PersonCount("female", "age_25_59", 1), PersonCount("female", "age_5_11", 1))
WAITING = (
    (timedelta(minutes=50), stages.ENQUIRY, (ALONE,)),
    (timedelta(days=3, hours=1), stages.CONSENT, FAMILY),
    (timedelta(days=9, hours=2), stages.STOP, (ALONE,)),
    (timedelta(days=12, hours=3), stages.CHECK, (CHILD,)),
    (timedelta(days=20, hours=1), stages.APPROVED, FAMILY),
    (timedelta(days=96, hours=2), stages.CONSENT, (ALONE,)),
)
"""What waits at a country's main desk when the demo ends: how long ago it was opened, how far it came, who asks."""


@dataclass
class References:
    """The references that are given away."""

    given: set[str] = field(default_factory=set)

    def draw(self, chance: Random) -> str:
        """One that no request has; empty where there are MOST."""
        if len(self.given) >= MOST:
            return ""
        while (one := generate_reference(lambda below: int(chance.random() * below))) in self.given:
            pass
        self.given.add(one)
        return one


class DeskReturns:
    """Hears the consultations of one desk and tells what became of the requests that were opened there."""

    def __init__(self, office: Office, references: References, sink: Sink) -> None:
        self.office, self.references, self.sink = office, references, sink

    def hear(self, telling: Telling) -> None:
        """Takes up a consultation; those of a desk come in the order of their days."""
        content, desk = telling.content, self.office.desk
        if OPENED not in content.outcomes or telling.is_void:
            return
        persons, home = together(content), content.groups[0].nationality
        late = clock.day_at(telling.received_at, desk.time_zone) != content.held_on
        if late or count_persons(persons) > LARGEST or not self._can_return(home):
            return
        chance = chance_of("return", content.id)
        at = telling.received_at + timedelta(minutes=1)
        asks = self._content(content.id, home, persons, content.travel_group == "uasc", chance)
        self._tell(asks, at, content.language, chance)

    def have_waiting(self, language: str) -> None:
        """Lets something wait for everybody when the demo ends."""
        mix = comers(self.office.desk.country).nationalities
        for place, (ago, last, persons) in enumerate(WAITING):
            chance = chance_of("returns waiting", self.office.desk.code, place)
            home = self._somebodys_home(mix, chance)
            asks = self._content("", home, persons, False, chance)
            self._wait(asks, self.office.until - ago, (last, language), chance)

    def _wait(self, asks: ReturnRequestData, at: datetime, how: tuple[str, str], chance: Random) -> None:
        asked, (last, language) = self._open(asks, at, chance), how
        if asked is None:
            return
        life = Life(asked, language, chance)
        if last == stages.STOP:
            life.go_to(stages.CONSENT)
            asked.record(stages.STOP, {"signs": ["pressure"]}, life.at + timedelta(minutes=5))
        elif last != stages.ENQUIRY:
            life.go_to(last)
        self._give(asked)

    def _somebodys_home(self, mix: Mix, chance: Random) -> str:
        home = mix.draw(chance)
        return home if self._can_return(home) else self._somebodys_home(mix, chance)

    def _can_return(self, home: str) -> bool:
        return home != self.office.desk.country and home in countries_of_the_world()

    def _content(
        self,
        consultation: str,
        home: str,
        persons: tuple[PersonCount, ...],
        alone: bool,
        chance: Random,
    ) -> ReturnRequestData:
        request_id = str(UUID(int=chance.getrandbits(128), version=4))
        desk = self.office.desk
        return ReturnRequestData(
            request_id, desk.code, consultation, desk.country, home, home, persons, alone
        )

    def _tell(self, asks: ReturnRequestData, at: datetime, language: str, chance: Random) -> None:
        asked = self._open(asks, at, chance)
        if asked is not None:
            Life(asked, language, chance).live()
            self._give(asked)

    def _open(self, asks: ReturnRequestData, at: datetime, chance: Random) -> Asked | None:
        if at > self.office.until:
            return None
        reference = self.references.draw(chance)
        return new_request(self.office, asks, reference, at) if reference else None

    def _give(self, asked: Asked) -> None:
        self.sink("return_request", asked.finish())
        for step in asked.steps:
            self.sink("return_step", step)
