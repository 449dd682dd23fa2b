"""Parties that travel on to another desk: later that season, in the same country or further along the route."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from random import Random

from app.demo.programme.distributions import Distribution
from app.demo.programme.places import DemoDesk
from app.demo.programme.travel_groups import Party
from app.places.rules import is_open

ROUTE = ("SUR", "GRD", "DOM", "HTI", "PAN", "CRI", "NIC", "HND", "SLV", "GTM", "BLZ", "MEX")
"""The countries in the order of their simulation: people travel northwards."""
GOES_ON = {"in_transit": 0.14, "pendular": 0.08, "stranded": 0.06}
SETTLED = 0.03
NEARER = 4
WITHIN, ABROAD = (2, 40), (3, 75)
"""Days of travel."""
MAX_WAITING = 300
Journey = tuple[date, int, Party]


def in_route_order(plans: Iterable[DemoDesk]) -> list[DemoDesk]:
    """Return the desks in the order of their simulation."""
    return sorted(plans, key=lambda plan: (ROUTE.index(plan.country), plan.code))


class OnwardTravel:
    """Parties that travel to desks that are simulated later, at most MAX_WAITING for each; the others never arrive.

    The sample is uniform over all parties that set out in the period.
    """

    def __init__(self, plans: Sequence[DemoDesk], last: date) -> None:
        self.last = last
        self.plans = {plan.code: plan for plan in plans}
        self.ahead = {
            plan.code: _ahead(plan, plans[place:]) for place, plan in enumerate(plans, start=1)
        }
        self.waiting: dict[str, list[Journey]] = {plan.code: [] for plan in plans}
        self.set_out: Counter[str] = Counter()

    def depart(self, party: Party, desk: str, day: date, rng: Random) -> bool:
        """Whether a party that was at a desk on a day leaves it for another one."""
        ahead = self.ahead[desk]
        if ahead is None or rng.random() >= GOES_ON.get(party.situation, SETTLED):
            return False
        destination = self.plans[ahead.draw(rng)]
        span = WITHIN if destination.country == party.country else ABROAD
        due = day + timedelta(days=rng.randint(*span))
        opened_on, closed_on = destination.fields["opened_on"], destination.fields["closed_on"]
        if due > self.last or not is_open(opened_on, closed_on, due):
            return False
        self._queue(destination.code, due, party, rng)
        return True

    def _queue(self, desk: str, due: date, party: Party, rng: Random) -> None:
        self.set_out[desk] += 1
        journey, queue = (due, self.set_out[desk], party), self.waiting[desk]
        if len(queue) < MAX_WAITING:
            queue.append(journey)
            return
        slot = int(rng.random() * self.set_out[desk])
        if slot < MAX_WAITING:
            queue[slot] = journey

    def arriving(self, desk: str) -> list[Journey]:
        """Return the parties on their way to a desk, the first to arrive last; afterwards none can set out for it."""
        return sorted(self.waiting.pop(desk), key=lambda journey: journey[:2], reverse=True)


def _ahead(plan: DemoDesk, later: Sequence[DemoDesk]) -> Distribution | None:
    shares = {
        destination.code: destination.weight
        * (NEARER if destination.country == plan.country else 1)
        for destination in later
    }
    return Distribution(shares) if shares else None
