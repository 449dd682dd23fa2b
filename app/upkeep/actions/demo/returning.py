"""Lets each desk of the demo open return requests."""

from app.base import clock
from app.places.queries import DeskRow
from app.places.vocabulary import programme
from app.upkeep.actions.demo.crew import Crew
from app.upkeep.actions.demo.housing import end_of
from app.upkeep.demo.asked import Office
from app.upkeep.demo.beds import Sink
from app.upkeep.demo.places import DemoDesk
from app.upkeep.demo.returns import DeskReturns, References


class Returns:
    """Every desk's return requests."""

    def __init__(self, crew: Crew, sink: Sink) -> None:
        self.crew, self.sink = crew, sink
        self.now, self.references = clock.now(), References()
        self.desks: dict[str, DeskReturns] = {}

    def open(self, plan: DemoDesk, desk: DeskRow) -> None:
        """Lets a desk begin; something waits at a country's main one."""
        author, supervisor = self.crew.at_desk[plan.code], self.crew.supervisors[desk.country]
        office = Office(desk, author, supervisor, end_of(desk, self.now))
        began = self.desks[plan.code] = DeskReturns(office, self.references, self.sink)
        if plan.leads and desk.closed_on is None:
            began.have_waiting(programme()[desk.country].languages[0])
