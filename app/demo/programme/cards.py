"""The visitor cards of the demo: who is given one, shows it, leaves it at home, loses it; and what it knows."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol

from app.month import Month
from app.people.queries.cards import CardRow
from app.people.rules.card_codes import digest_card_code, generate_card_code
from app.people.rules.reach import NEVER, PreviousContact, later_of

LEFT_AT_HOME = 0.2
LOST = 0.02
"""At a later visit; about one card in a hundred comes to one."""


class Memory:
    """The last months of a card's people, anywhere and by country: as much as people.rules.reach.compute_previous_contacts needs."""

    __slots__ = ("months",)

    def __init__(self) -> None:
        self.months: dict[tuple[object, ...], int] = {}

    def link(self, line: dict[str, Any]) -> None:
        """Gives a line of the card its previous contact, where it counts; in the order of their days."""
        if not line["qualifying"]:
            return
        unit = (line["sex"], line["age_band"], line["nationality"], line["ordinal"])
        here = (*unit, line["country"])
        before = self.months.get(here, NEVER)
        card = PreviousContact(here in self.months, before, self.months.get(unit, NEVER))
        said = (line["known"], line["previous_in_country"], line["previous_in_programme"])
        previous = later_of(card, PreviousContact(*said))
        line["known"] = previous.is_known
        line["previous_in_country"] = previous.in_country
        line["previous_in_programme"] = previous.in_programme
        if not line["is_void"]:
            self.months[here] = self.months[unit] = line["month"]


@dataclass(frozen=True, slots=True)
class Held:
    """The card that a party carries, of which reporting year it is, and what it knows."""

    card: CardRow
    year: int
    memory: Memory


@dataclass(frozen=True, slots=True)
class Shown:
    """The card shown at a consultation; its row where it is new, and the id of the card that it replaces."""

    held: Held | None = None
    printed: dict[str, Any] | None = None
    lost: int | None = None

    @property
    def card(self) -> CardRow | None:
        return self.held.card if self.held else None


NOTHING = Shown()


class Bearer(Protocol):
    """Who may carry a card."""

    takes_card: bool
    held: Held | None


class Press:
    """Prints cards, numbered from 1 in the order of their first showing; a year without a key has none."""

    def __init__(self, keys: Mapping[int, bytes], reporting_year_start: int) -> None:
        self.keys, self.year_start = keys, reporting_year_start
        self.number = 0

    def show(self, bearer: Bearer, month: Month, chance: Random) -> Shown:
        """The card that somebody shows now: their first one, that of a new reporting year, the one they have, or none.

        The keys of a year are destroyed after it, so that its cards are given up for new ones.
        """
        year = month.reporting_year_start(self.year_start).year
        if not bearer.takes_card or year not in self.keys:
            return NOTHING
        held = bearer.held
        if held is None or held.year != year:
            return self._print(bearer, year, None, chance)
        luck = chance.random()
        if luck < LOST:
            return self._print(bearer, year, held, chance)
        return NOTHING if luck < LOST + LEFT_AT_HOME else Shown(held)

    def _print(self, bearer: Bearer, year: int, lost: Held | None, chance: Random) -> Shown:
        self.number += 1
        code = generate_card_code(year, lambda below: int(chance.random() * below))
        root = lost.card.root_id if lost else None
        row = {
            "id": self.number,
            "year": year,
            "digest": digest_card_code(code, self.keys[year]),
            "root_id": root,
            "is_replaced": False,
        }
        card = CardRow(self.number, root or self.number, is_replaced=False)
        held = bearer.held = Held(card, year, lost.memory if lost else Memory())
        return Shown(held, row, lost.card.id if lost else None)
