"""Who goes on to another desk: later that season, in the same country or further along the way."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from random import Random

from app.demo.programme.distributions import Mix
from app.demo.programme.places import DemoDesk
from app.demo.programme.travel_groups import Party
from app.places.rules import is_open

WAY = ("SUR", "GRD", "DOM", "HTI", "PAN", "CRI", "NIC", "HND", "SLV", "GTM", "BLZ", "MEX")
"""The countries in the order in which they are told: people go on northwards."""
GOES_ON = {"in_transit": 0.14, "pendular": 0.08, "stranded": 0.06}
SETTLED = 0.03
NEARER = 4
WITHIN, ABROAD = (2, 40), (3, 75)
"""Days on the way."""
WAITING = 300
Journey = tuple[date, int, Party]


def along_the_way(plans: Iterable[DemoDesk]) -> list[DemoDesk]:
    """The desks in the order in which they are told."""
    return sorted(plans, key=lambda plan: (WAY.index(plan.country), plan.code))


class Roads:
    """Parties on their way to desks that are told later, at most WAITING for each; who is too many never arrives.

    Which ones wait is drawn evenly over the whole period, however many set out.
    """

    def __init__(self, plans: Sequence[DemoDesk], last: date) -> None:
        self.last = last
        self.plans = {plan.code: plan for plan in plans}
        self.ahead = {
            plan.code: _ahead(plan, plans[place:]) for place, plan in enumerate(plans, start=1)
        }
        self.waiting: dict[str, list[Journey]] = {plan.code: [] for plan in plans}
        self.set_out: Counter[str] = Counter()

    def take(self, party: Party, desk: str, day: date, chance: Random) -> bool:
        """Whether a party that was at a desk on a day leaves it for another one."""
        ahead = self.ahead[desk]
        if ahead is None or chance.random() >= GOES_ON.get(party.situation, SETTLED):
            return False
        to = self.plans[ahead.draw(chance)]
        span = WITHIN if to.country == party.country else ABROAD
        due = day + timedelta(days=chance.randint(*span))
        opened_on, closed_on = to.fields["opened_on"], to.fields["closed_on"]
        if due > self.last or not is_open(opened_on, closed_on, due):
            return False
        self._queue(to.code, due, party, chance)
        return True

    def _queue(self, desk: str, due: date, party: Party, chance: Random) -> None:
        self.set_out[desk] += 1
        journey, queue = (due, self.set_out[desk], party), self.waiting[desk]
        if len(queue) < WAITING:
            queue.append(journey)
            return
        slot = int(chance.random() * self.set_out[desk])
        if slot < WAITING:
            queue[slot] = journey

    def arriving(self, desk: str) -> list[Journey]:
        """Who is on the way to a desk, the first to arrive last; nobody else can set out for it."""
        return sorted(self.waiting.pop(desk), key=lambda journey: journey[:2], reverse=True)


def _ahead(plan: DemoDesk, later: Sequence[DemoDesk]) -> Mix | None:
    shares = {to.code: to.weight * (NEARER if to.country == plan.country else 1) for to in later}
    return Mix(shares) if shares else None
