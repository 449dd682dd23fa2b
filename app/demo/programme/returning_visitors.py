"""Who comes to one desk: somebody new, somebody known there, or somebody from another desk."""

from datetime import date
from random import Random

from app.demo.programme.onward_travel import Roads
from app.demo.programme.people import new_party
from app.demo.programme.travel_groups import Party
from app.places.queries import DeskRow

RETURNING = 0.3
ARRIVING = 0.4
GROWING = 0.06
KNOWN = 3000
TRIES = 4


class Pool:
    """The parties known at a desk, at most KNOWN; the latest are more likely to come again."""

    def __init__(self, desk: DeskRow, roads: Roads, chance: Random) -> None:
        self.desk, self.roads, self.chance = desk, roads, chance
        self.arriving = roads.arriving(desk.code)
        self.parties: list[Party] = []
        self.oldest = 0

    def next_party(self, day: date) -> Party:
        """Who comes now; nobody comes twice on one day."""
        chance = self.chance
        if self.arriving and self.arriving[-1][0] <= day and chance.random() < ARRIVING:
            party = self.arriving.pop()[-1]
            party.move_to(self.desk.country, chance)
        else:
            known = self._known(day) if chance.random() < RETURNING else None
            if known is None:
                return new_party(self.desk.country, chance)
            party = known
        if chance.random() < GROWING:
            party.grow(chance)
        return party

    def _known(self, day: date) -> Party | None:
        for _ in range(TRIES if self.parties else 0):
            back = int(len(self.parties) * self.chance.random() ** 3)
            party = self.parties[(self.oldest - 1 - back) % len(self.parties)]
            if party.desk == self.desk.code and party.last_day < day:
                return party
        return None

    def keep(self, party: Party, day: date) -> None:
        """Remembers a party that came, unless it goes on; the oldest known is forgotten where there are too many."""
        if self.roads.take(party, self.desk.code, day, self.chance):
            party.desk = ""
            return
        if party.desk:
            return
        party.desk = self.desk.code
        if len(self.parties) < KNOWN:
            self.parties.append(party)
        else:
            self.parties[self.oldest] = party
        self.oldest = (self.oldest + 1) % KNOWN
