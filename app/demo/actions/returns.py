"""Lets each desk of the demo open return requests."""

from app import clock
from app.demo.actions.accounts import DemoAccounts
from app.demo.actions.shelters import end_of
from app.demo.programme.beds import RowSink
from app.demo.programme.places import DemoDesk
from app.demo.programme.return_history import DeskContext
from app.demo.programme.returns import DeskReturns, References
from app.places.queries import DeskRow
from app.places.vocabulary import programme


class ReturnSimulation:
    """The return requests of every desk."""

    def __init__(self, accounts: DemoAccounts, sink: RowSink) -> None:
        self.accounts, self.sink = accounts, sink
        self.now, self.references = clock.now(), References()
        self.desks: dict[str, DeskReturns] = {}

    def open(self, plan: DemoDesk, desk: DeskRow) -> None:
        """Start a desk; a country's main desk gets some open requests."""
        author, supervisor = (
            self.accounts.at_desk[plan.code],
            self.accounts.supervisors[desk.country],
        )
        context = DeskContext(desk, author, supervisor, end_of(desk, self.now))
        desk_returns = self.desks[plan.code] = DeskReturns(context, self.references, self.sink)
        if plan.is_main and desk.closed_on is None:
            desk_returns.schedule_open_cases(programme()[desk.country].languages[0])
