"""The next party at a desk: a new one, one that came before, or one from another desk."""

from datetime import date
from random import Random

from app.demo.programme.onward_travel import OnwardTravel
from app.demo.programme.people import new_party
from app.demo.programme.travel_groups import Party
from app.places.queries import DeskRow

RETURNING = 0.3
ARRIVING = 0.4
GROWING = 0.06
MAX_PARTIES = 3000
TRIES = 4


class VisitorPool:
    """The parties that came to a desk, at most MAX_PARTIES; the latest are more likely to come again."""

    def __init__(self, desk: DeskRow, onward_travel: OnwardTravel, rng: Random) -> None:
        self.desk, self.onward_travel, self.rng = desk, onward_travel, rng
        self.arriving = onward_travel.arriving(desk.code)
        self.parties: list[Party] = []
        self.oldest = 0

    def next_party(self, day: date) -> Party:
        """Return the party that comes now; none comes twice on one day."""
        rng = self.rng
        if self.arriving and self.arriving[-1][0] <= day and rng.random() < ARRIVING:
            party = self.arriving.pop()[-1]
            party.move_to(self.desk.country, rng)
        else:
            returning = self._returning_party(day) if rng.random() < RETURNING else None
            if returning is None:
                return new_party(self.desk.country, rng)
            party = returning
        if rng.random() < GROWING:
            party.grow(rng)
        return party

    def _returning_party(self, day: date) -> Party | None:
        for _ in range(TRIES if self.parties else 0):
            back = int(len(self.parties) * self.rng.random() ** 3)
            party = self.parties[(self.oldest - 1 - back) % len(self.parties)]
            if party.desk == self.desk.code and party.last_day < day:
                return party
        return None

    def keep(self, party: Party, day: date) -> None:
        """Remember a party that came, unless it travels on; it replaces the oldest one if there are too many."""
        if self.onward_travel.depart(party, self.desk.code, day, self.rng):
            party.desk = ""
            return
        if party.desk:
            return
        party.desk = self.desk.code
        if len(self.parties) < MAX_PARTIES:
            self.parties.append(party)
        else:
            self.parties[self.oldest] = party
        self.oldest = (self.oldest + 1) % MAX_PARTIES
