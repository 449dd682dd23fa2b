"""Lets each desk of the demo open return requests."""

from app import clock
from app.demo.actions.accounts import Crew
from app.demo.actions.shelters import end_of
from app.demo.programme.beds import Sink
from app.demo.programme.places import DemoDesk
from app.demo.programme.return_history import Office
from app.demo.programme.returns import DeskReturns, References
from app.places.queries import DeskRow
from app.places.vocabulary import programme


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
